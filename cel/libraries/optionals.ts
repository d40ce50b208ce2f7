// optional.of(), optional.none(), hasValue(), value(), and lists of optionals. or() and orValue() are eval/planCall.ts's, for they look at their argument late.
// Reads and writes: Optionals. Mirrors: cel-go's cel/library.go (OptionalTypes). Next: macros optMap and optFlatMap are in syntax/macros.ts.
import { mapSize } from '../eval/maps.ts';
import { fail } from '../eval/meter.ts';
import { Double, Duration, isMap, none, Optional, Uint } from '../values.ts';
import { type Overload, overload } from './declare.ts';

/** Zero, empty or null. */
function isZero(v: unknown): boolean {
  if (v === null || v === 0 || v === '' || v === false) return true;
  if (Array.isArray(v) || v instanceof Uint8Array) return v.length === 0;
  if (v instanceof Double) return v.value === 0;
  if (v instanceof Uint) return v.value === 0n;
  if (v instanceof Duration) return v.nanos === 0n;
  return isMap(v) && mapSize(v) === 0;
}
const item = (list: unknown[], i: number) => (list.length === 0 ? none : new Optional(list.at(i)));
const present = (list: Optional[]) => list.flatMap((o) => (o.value === undefined ? [] : [o.value]));
const late = () => fail('no such overload');

export const optionalLibrary: Overload[] = [
  overload('optional.of', 'optional_of', '(V) -> optional(V)', (v) => new Optional(v)),
  overload('optional.ofNonZeroValue', 'optional_ofNonZeroValue', '(V) -> optional(V)', (v) =>
    isZero(v) ? none : new Optional(v),
  ),
  overload('optional.none', 'optional_none', '() -> optional(V)', () => none),
  overload('hasValue', 'optional_hasValue', 'optional(V).() -> bool', (o) => o.value !== undefined),
  overload('value', 'optional_value', 'optional(V).() -> V', (o) => o.value ?? absent(o)),
  overload('or', 'optional_or_optional', 'optional(V).(optional(V)) -> optional(V)', late),
  overload('orValue', 'optional_orValue_value', 'optional(V).(V) -> V', late),
  overload('optional.unwrap', 'optional_unwrap', '(list(optional(V))) -> list(V)', present),
  overload('unwrapOpt', 'optional_unwrapOpt', 'list(optional(V)).() -> list(V)', present),
  overload('first', 'list_first', 'list(V).() -> optional(V)', (l) => item(l, 0)),
  overload('last', 'list_last', 'list(V).() -> optional(V)', (l) => item(l, -1)),
];
function absent(o: Optional): null {
  return o.value === null ? null : fail('optional.none() dereference');
}
