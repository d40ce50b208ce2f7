// When a value of one type may stand where another is asked for, and what that says about type parameters.
// Reads: two types and what is known of parameters. Writes: what is known after. Mirrors: cel-go's checker/types.go and mapping.go.
// Next: checker.ts resolves overloads with it.
import { type CelType, dynType, typeName } from '../types.ts';

/** What type parameters stand for. It only grows, but for attempts that fail: these leave it as it was. */
export type Bindings = Map<string, CelType>;

export const isDynOrError = (t: CelType) => t.kind === 'dyn' || t.kind === 'error';

const paramsOf = (t: CelType): readonly CelType[] => {
  if (t.kind === 'list') return [t.elem];
  if (t.kind === 'map') return [t.key, t.value];
  if (t.kind === 'type') return [t.of];
  return t.kind === 'opaque' ? t.params : [];
};
const headOf = (t: CelType): string => (t.kind === 'opaque' || t.kind === 'object' ? t.name : t.kind);

export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  return a.kind === b.kind && typeName(a) === typeName(b);
}

/** `type` with its parameters replaced by what they stand for; free ones stay, or become dyn. */
export function substitute(bindings: Bindings, type: CelType, freeToDyn = false): CelType {
  switch (type.kind) {
    case 'param': {
      const bound = bindings.get(type.name);
      if (bound) return substitute(bindings, bound, freeToDyn);
      return freeToDyn ? dynType : type;
    }
    case 'list': {
      const elem = substitute(bindings, type.elem, freeToDyn);
      return elem === type.elem ? type : { ...type, elem };
    }
    case 'map': {
      const key = substitute(bindings, type.key, freeToDyn);
      const value = substitute(bindings, type.value, freeToDyn);
      return key === type.key && value === type.value ? type : { ...type, key, value };
    }
    case 'type':
      return { ...type, of: substitute(bindings, type.of, freeToDyn) };
    case 'opaque':
      if (type.params.length === 0) return type;
      return { ...type, params: type.params.map((p) => substitute(bindings, p, freeToDyn)) };
    default:
      return type;
  }
}

/** The more general of two types that fit each other. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return isEqualOrLessSpecific(a, b) ? a : b;
}
function isEqualOrLessSpecific(a: CelType, b: CelType): boolean {
  if (isDynOrError(a) || a.kind === 'param') return true;
  if (isDynOrError(b) || b.kind === 'param') return false;
  if (headOf(a) !== headOf(b)) return false;
  const theirs = paramsOf(b);
  return paramsOf(a).every((p, i) => isEqualOrLessSpecific(p, theirs[i]!));
}

function occurs(bindings: Bindings, param: string, type: CelType): boolean {
  if (type.kind !== 'param') return paramsOf(type).some((p) => occurs(bindings, param, p));
  if (type.name === param) return true;
  const bound = bindings.get(type.name);
  return bound !== undefined && occurs(bindings, param, bound);
}

const nullable = (t: CelType) => ['null', 'opaque', 'object', 'timestamp', 'duration'].includes(t.kind);

class Attempt {
  private readonly bindings: Bindings;
  private readonly before: [name: string, type: CelType | undefined][] = [];
  constructor(bindings: Bindings) {
    this.bindings = bindings;
  }

  private set(name: string, type: CelType): void {
    this.before.push([name, this.bindings.get(name)]);
    this.bindings.set(name, type);
  }
  undo(): void {
    for (const [name, type] of this.before.reverse())
      if (type) this.bindings.set(name, type);
      else this.bindings.delete(name);
  }

  all(a: readonly CelType[], b: readonly CelType[]): boolean {
    return a.length === b.length && a.every((t, i) => this.fits(t, b[i]!));
  }

  fits(a: CelType, b: CelType): boolean {
    if (b.kind === 'param') {
      const { valid, bound } = this.bind(a, b);
      if (valid) return true;
      if (bound) return false;
    }
    if (a.kind === 'param') return this.bind(b, a).valid;
    if (isDynOrError(a) || isDynOrError(b)) return true;
    if (a.kind === 'null') return nullable(b);
    if (b.kind === 'null') return nullable(a);
    if (a.kind === 'type') return b.kind === 'type';
    return headOf(a) === headOf(b) && this.all(paramsOf(a), paramsOf(b));
  }

  /** Can `param` stand for `type`? */
  private bind(type: CelType, param: Extract<CelType, { kind: 'param' }>): { valid: boolean; bound: boolean } {
    if (sameType(type, param)) return { valid: true, bound: true };
    const bound = this.bindings.get(param.name);
    if (!bound) {
      const valid = !occurs(this.bindings, param.name, type);
      if (valid) this.set(param.name, type);
      return { valid, bound: false };
    }
    if (sameType(type, bound)) return { valid: true, bound: true };
    if (!this.fits(type, bound)) return { valid: false, bound: true };
    const general = mostGeneral(type, bound);
    if (!occurs(this.bindings, param.name, general)) this.set(param.name, general);
    return { valid: true, bound: true };
  }
}

/** Does each of `b` fit where `a` asks? What that says of parameters is in `bindings` then. */
export function assign(bindings: Bindings, a: readonly CelType[], b: readonly CelType[]): boolean {
  const attempt = new Attempt(bindings);
  const fits = attempt.all(a, b);
  if (!fits) attempt.undo();
  return fits;
}
