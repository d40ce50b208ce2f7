// Gives every node of an expression its type and every call its overloads; what has none is an error.
// Reads: a parsed tree and an environment. Writes: `type`, `overloads`, `reference` on the nodes; errors. Mirrors: cel-go's checker/checker.go.
// Next: literals.ts looks at constants once more; cost/ and eval/ read the types.
import type { Overload } from '../libraries/declare.ts';
import type { Call, Expr, Fold, Select, StructLiteral } from '../syntax/ast.ts';
import { qualifiedName } from '../syntax/ast.ts';
import type { SourceErrors } from '../syntax/source.ts';
import {
  boolType,
  type CelType,
  dynType,
  errorType,
  intType,
  listType,
  mapType,
  optionalType,
  typeName,
} from '../types.ts';
import { assign, type Bindings, isDynOrError, mostGeneral, sameType, substitute } from './assignable.ts';
import type { Names } from './names.ts';

/** The tree is annotated in place. `used` gets the declared variables that it names. */
export function check(tree: Expr, names: Names, errors: SourceErrors, used: Set<string>): void {
  const checker = new Checker(names, errors, used);
  checker.check(tree);
  checker.settle();
}

const isOptional = (t: CelType) => t.kind === 'opaque' && t.name === 'optional_type';
const unwrapped = (t: CelType): CelType => (t.kind === 'opaque' && isOptional(t) ? t.params[0]! : t);

class Checker {
  private readonly bindings: Bindings = new Map();
  private fresh = 0;
  private readonly scopes: Map<string, CelType>[] = [];
  private readonly seen: Expr[] = [];
  private readonly names: Names;
  private readonly errors: SourceErrors;
  private readonly used: Set<string>;

  constructor(names: Names, errors: SourceErrors, used: Set<string>) {
    this.names = names;
    this.errors = errors;
    this.used = used;
  }

  /** Free type parameters become what they turned out to be, or dyn. */
  settle(): void {
    for (const e of this.seen) e.type = substitute(this.bindings, e.type!, true);
  }

  check(e: Expr): CelType {
    // Macros may use one tree in two places; it means the same in both.
    if (e.type && e.kind !== 'const') return e.type;
    const type = this.typeOf(e);
    e.type = type;
    this.seen.push(e);
    return type;
  }

  private typeOf(e: Expr): CelType {
    switch (e.kind) {
      case 'const':
        return e.type;
      case 'ident':
        return this.ident(e.name, e) ?? this.refuse(e.at, undeclared(e.name));
      case 'select':
        return this.select(e);
      case 'call':
        return this.call(e);
      case 'list':
        return listType(this.joined(e.elems.map((v, i) => ({ e: v, optional: e.optional.has(i) }))));
      case 'map': {
        const key = this.joined(e.entries.map((x) => ({ e: x.key, optional: false })));
        return mapType(key, this.joined(e.entries.map((x) => ({ e: x.value, optional: x.optional }))));
      }
      case 'struct':
        return this.struct(e);
      case 'fold':
        return this.fold(e);
    }
  }

  private refuse(at: number, message: string): CelType {
    this.errors.report(at, message);
    return errorType;
  }
  private resolved = (t: CelType) => substitute(this.bindings, t);
  private newParam = (): CelType => ({ kind: 'param', name: `_var${this.fresh++}` });
  private fits = (a: CelType, b: CelType): boolean => assign(this.bindings, [a], [b]);

  private ident(name: string, node: { names?: CelType }): CelType | undefined {
    const local = this.scopes.findLast((s) => s.has(name))?.get(name);
    if (local) return local;
    const plain = name.replace(/^\./, '');
    const variable = this.names.variable(plain);
    if (variable) {
      this.used.add(plain);
      return variable;
    }
    const type = this.names.type(plain);
    if (type) node.names = type;
    return type && { kind: 'type', of: type };
  }

  private select(e: Select): CelType {
    const name = qualifiedName(e);
    const found = name === undefined || this.isLocal(name) ? undefined : this.ident(name, e);
    if (found) {
      e.reference = name;
      return found;
    }
    const type = this.field(e.at, this.check(e.operand), e.field, false);
    return e.testOnly ? boolType : type;
  }
  private isLocal(name: string): boolean {
    const root = name.split('.')[0]!;
    return this.scopes.some((s) => s.has(root));
  }

  private field(at: number, operand: CelType, name: string, optional: boolean): CelType {
    const whole = this.resolved(operand);
    const type = this.fieldOf(at, unwrapped(whole), name, isOptional(whole));
    return optional || isOptional(whole) ? optionalType(type) : type;
  }
  private fieldOf(at: number, type: CelType, name: string, lenient: boolean): CelType {
    if (type.kind === 'map') return type.value;
    if (type.kind === 'object') return type.fields.get(name)?.type ?? this.refuse(at, `undefined field '${name}'`);
    if (type.kind === 'param') this.fits(dynType, type);
    else if (!isDynOrError(type) && !lenient)
      this.errors.report(at, `type '${typeName(type)}' does not support field selection`);
    return dynType;
  }

  private call(e: Call): CelType {
    if (e.fn === '_?._') return this.optionalSelect(e);
    const found = this.qualifiedCall(e) ?? this.overloads(e);
    if (!found) return errorType;
    e.overloads = found.overloads;
    return found.result;
  }

  private optionalSelect(e: Call): CelType {
    const [operand, field] = e.args as [Expr, Expr];
    this.check(field);
    if (field.kind !== 'const') return this.refuse(field.at, 'unsupported optional field selection');
    return this.field(e.at, this.check(operand), field.value as string, true);
  }

  /** `ip.isCanonical(x)`: what looks like a receiver is the first part of the function's name. */
  private qualifiedCall(e: Call): Resolution | undefined {
    const prefix = e.target && qualifiedName(e.target);
    if (prefix === undefined || this.isLocal(prefix)) return undefined;
    const fn = `${prefix.replace(/^\./, '')}.${e.fn}`;
    const declared = this.names.functions.get(fn);
    if (!declared) return undefined;
    e.fn = fn;
    delete e.target;
    return this.resolve(e, fn, declared, e.args);
  }

  private overloads(e: Call): Resolution | undefined {
    const args = e.target ? [e.target, ...e.args] : e.args;
    const declared = this.names.functions.get(e.fn.replace(/^\./, ''));
    for (const arg of e.args) this.check(arg);
    if (e.target) this.check(e.target);
    if (declared) return this.resolve(e, e.fn, declared, args);
    this.refuse(e.at, undeclared(e.fn));
    return undefined;
  }

  private resolve(e: Call, fn: string, declared: readonly Overload[], args: readonly Expr[]): Resolution | undefined {
    const given = args.map((a) => this.check(a));
    const overloads: Overload[] = [];
    let result: CelType | undefined;
    for (const o of declared) {
      if (o.member !== (e.target !== undefined)) continue;
      const rename = new Map(o.typeParams.map((p) => [p, this.newParam()]));
      const params = o.params.map((p) => substitute(rename, p));
      if (!assign(this.bindings, given, params)) continue;
      overloads.push(o);
      const type = substitute(this.bindings, substitute(rename, o.result));
      if (!result) result = type;
      else if (result.kind !== 'dyn' && !sameType(result, type)) result = dynType;
    }
    if (result) return { overloads, result };
    const types = given.map((t) => typeName(substitute(this.bindings, t, true)));
    const applied = e.target ? `${types[0]}.(${types.slice(1).join(', ')})` : `(${types.join(', ')})`;
    this.errors.report(e.at, `found no matching overload for '${fn}' applied to '${applied}'`);
    return undefined;
  }

  /** The one type of all elements: literals do not mix types. */
  private joined(elems: { e: Expr; optional: boolean }[]): CelType {
    let joined: CelType | undefined;
    for (const { e, optional } of elems) {
      const type = optional ? this.element(e) : this.check(e);
      if (!joined) joined = type;
      else if (this.fits(joined, type)) joined = mostGeneral(joined, type);
      else joined = this.refuse(e.at, `expected type '${typeName(joined)}' but found '${typeName(type)}'`);
    }
    return joined ?? this.newParam();
  }
  /** What an entry written `?e` holds. */
  private element(e: Expr): CelType {
    const type = this.resolved(this.check(e));
    if (isOptional(type)) return unwrapped(type);
    if (isDynOrError(type)) return dynType;
    return this.refuse(e.at, `expected type '${typeName(optionalType(type))}' but found '${typeName(type)}'`);
  }

  private struct(e: StructLiteral): CelType {
    const type = this.names.type(e.name.replace(/^\./, ''));
    if (!type) this.errors.report(e.at, undeclared(e.name));
    else if (type.kind !== 'object') this.errors.report(e.at, `'${typeName(type)}' is not a message type`);
    for (const { at, name, value, optional } of e.fields) {
      const given = optional ? this.element(value) : this.check(value);
      if (type?.kind !== 'object') continue;
      const declared = type.fields.get(name)?.type;
      if (!declared) this.errors.report(at, `undefined field '${name}'`);
      else if (!this.fits(declared, given)) {
        const [a, b] = [typeName(declared), typeName(given)];
        this.errors.report(at, `expected type of field '${name}' is '${a}' but provided type is '${b}'`);
      }
    }
    return type?.kind === 'object' ? type : errorType;
  }

  private fold(e: Fold): CelType {
    const range = this.resolved(this.check(e.range));
    const accu = this.check(e.init);
    const { one, key, value } = this.iterated(e, range);
    const inner = new Map(e.iterVar2 === undefined ? [[e.iterVar, one]] : [[e.iterVar, key]]);
    if (e.iterVar2 !== undefined) inner.set(e.iterVar2, value);
    this.scopes.push(new Map([[e.accuVar, accu]]), inner);
    this.expectType(e.condition, boolType);
    this.expectType(e.step, accu);
    this.scopes.pop();
    const result = this.check(e.result);
    this.scopes.pop();
    return this.resolved(result);
  }

  /** What one variable ranges over, and what two do. */
  private iterated(e: Fold, range: CelType): { one: CelType; key: CelType; value: CelType } {
    if (range.kind === 'list') return { one: range.elem, key: intType, value: range.elem };
    if (range.kind === 'map') return { one: range.key, key: range.key, value: range.value };
    if (range.kind === 'param') this.fits(dynType, range);
    else if (!isDynOrError(range)) {
      const message = `expression of type '${typeName(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
      this.errors.report(e.range.at, message);
    }
    return { one: dynType, key: dynType, value: dynType };
  }

  private expectType(e: Expr, type: CelType): void {
    const found = this.check(e);
    if (!this.fits(type, found))
      this.errors.report(e.at, `expected type '${typeName(type)}' but found '${typeName(found)}'`);
  }
}

interface Resolution {
  overloads: Overload[];
  result: CelType;
}
const undeclared = (name: string) => `undeclared reference to '${name}' (in container '')`;
