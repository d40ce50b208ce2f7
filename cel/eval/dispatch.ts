// Which overload a call means, when the checker could not tell or could not be sure: by the values' kinds.
// Reads: values. Writes: an Overload, or the failure "no such overload". Mirrors: cel-go's common/decls (Overload.matchesRuntimeSignature).
// Next: planCall.ts.
import type { Overload } from '../libraries/declare.ts';
import type { Call } from '../syntax/ast.ts';
import type { CelType } from '../types.ts';
import { isMap, Opaque, Optional, TypeValue, typeNameOf } from '../values.ts';
import { fail } from './meter.ts';

export type Dispatch = ((values: readonly unknown[]) => Overload) & {
  /** The overload, when no value can change it. */
  fixed?: Overload;
};

const vague = (t: CelType) => t.kind === 'dyn' || t.kind === 'param' || t.kind === 'error';

export function fits(value: unknown, type: CelType): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
    case 'error':
      return true;
    case 'list':
      return Array.isArray(value);
    case 'map':
    case 'object':
      return isMap(value);
    case 'opaque':
      if (type.name === 'optional_type') return value instanceof Optional;
      return value instanceof Opaque && value.typeName === type.name;
    case 'type':
      return value instanceof TypeValue;
    case 'null':
      return value === null;
    case 'timestamp':
      return typeNameOf(value) === 'google.protobuf.Timestamp';
    case 'duration':
      return typeNameOf(value) === 'google.protobuf.Duration';
    default:
      return typeNameOf(value) === type.kind;
  }
}

export function dispatcher(e: Call, overloads: readonly Overload[]): Dispatch {
  const given = (e.target ? [e.target, ...e.args] : e.args).map((a) => a.type!);
  const choose: Dispatch = (values) => {
    const found = overloads.find((o) => o.params.every((t, i) => fits(values[i], t)));
    if (found) return found;
    // Operators do not say of what.
    return fail(
      /^\w/.test(e.fn) && !e.fn.startsWith('_')
        ? `no such overload: ${e.fn}(${values.map(typeNameOf).join(', ')})`
        : 'no such overload',
    );
  };
  const [only] = overloads;
  const sure = overloads.length === 1 && only!.params.every((t, i) => vague(t) || !vague(given[i]!));
  if (sure) choose.fixed = only!;
  return choose;
}
