// The operators and functions that every CEL has: logic, arithmetic, comparison, indexing, size, strings' own.
// Reads and writes: values. Mirrors: cel-go's common/stdlib/standard.go. Logic, ?: and folds are eval/plan.ts's.
// Next: conversions.ts and time.ts have the rest of the standard library.
import { equal } from '../eval/equality.ts';
import { concatLists } from '../eval/listKinds.ts';
import { mapEntries, mapGet, mapHas, mapSize } from '../eval/maps.ts';
import { fail, work } from '../eval/meter.ts';
import {
  addInts,
  checkedUint,
  compareNumbers,
  divideInts,
  moduloInts,
  multiplyInts,
  negateInt,
  numeric,
  subtractInts,
} from '../eval/numbers.ts';
import { regex } from '../eval/regex.ts';
import { stringSize } from '../eval/size.ts';
import { durationOf, timestampOf } from '../eval/time.ts';
import {
  Double,
  Duration,
  type Int,
  isMap,
  keyOf,
  type MapValue,
  none,
  Optional,
  Timestamp,
  typeNameOf,
} from '../values.ts';
import { type Implementation, type Overload, overload } from './declare.ts';

const nothing: Implementation = () => fail('no such overload');
const binary = (fn: string, id: string, types: string, result: string, run: Implementation) =>
  overload(fn, id, `(${types}) -> ${result}`, run);

/** Below, at or above 0 as `a` is to `b`; NaN where neither. */
export function compareValues(a: any, b: any): number {
  const left = numeric(a);
  if (left !== undefined) return compareNumbers(left, numeric(b)!);
  if (a instanceof Timestamp || a instanceof Duration) return compareNumbers(a.nanos, b.nanos);
  if (typeof a === 'string') return compareStrings(a, b);
  if (a instanceof Uint8Array) return Buffer.compare(a, b);
  return Number(a) - Number(b);
}
/** By code points, as bytes of UTF-8 would be; JavaScript's own order differs above U+FFFF. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const less = a < b ? -1 : 1;
  return /[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : less;
}

const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const idNames: Record<string, string> = { int: 'int64', uint: 'uint64' };
const idOf = (type: string) => idNames[type] ?? type;
const numbers = ['int', 'uint', 'double'];
const comparison = (fn: string, word: string, holds: (order: number) => boolean): Overload[] => {
  const run: Implementation = (a, b) => holds(compareValues(a, b));
  const mixed = numbers.flatMap((a) => numbers.filter((b) => b !== a).map((b) => [a, b] as const));
  return [
    ...ordered.map((t) => binary(fn, `${word}_${idOf(t)}`, `${t}, ${t}`, 'bool', run)),
    ...mixed.map(([a, b]) => binary(fn, `${word}_${idOf(a)}_${idOf(b)}`, `${a}, ${b}`, 'bool', run)),
  ];
};

/** Does the list hold a value equal to this? */
export function contains(list: readonly unknown[], value: unknown): boolean {
  work(list.length);
  return typeof value === 'string' ? list.includes(value) : list.some((item) => equal(item, value));
}

/** An index that a double or uint may be too, where it is whole. */
function itemAt(list: readonly unknown[], index: unknown): unknown {
  const i = numeric(index);
  if (i === undefined) return fail(`unsupported index type '${typeof index}' in list`);
  return Number.isInteger(Number(i)) ? list[Number(i)] : undefined;
}
const indexList: Implementation = (list, i) => itemAt(list, i) ?? outOfBounds(list, i);
function outOfBounds(list: readonly unknown[], i: unknown): unknown {
  const at = Number(numeric(i));
  // A null in the list is an item, an index past its end is not.
  return at >= 0 && at < list.length ? null : fail(`index out of bounds: ${at}`);
}
const indexMap: Implementation = (m, key) => {
  const value = mapGet(m, key);
  return value === undefined ? fail(`no such key: ${shown(key)}`) : value;
};
export const shown = (key: unknown): string =>
  typeof key === 'object' && numeric(key) === undefined ? typeNameOf(key) : String(numeric(key) ?? key);

const optionalIndex =
  (read: (container: any, key: unknown) => unknown): Implementation =>
  (container, key) => {
    const inner = container instanceof Optional ? container.value : container;
    const value = inner === undefined ? undefined : read(inner, key);
    return value === undefined ? none : new Optional(value);
  };

const arithmetic = (
  fn: string,
  word: string,
  ints: (a: Int, b: Int) => Int,
  // Uints' when they are bigints, doubles' when they are numbers.
  uints: (a: any, b: any) => any,
  doubles?: (a: any, b: any) => number,
): Overload[] => [
  binary(fn, `${word}_int64`, 'int, int', 'int', ints),
  binary(fn, `${word}_uint64`, 'uint, uint', 'uint', (a, b) => checkedUint(uints(a.value, b.value))),
  ...(doubles
    ? [binary(fn, `${word}_double`, 'double, double', 'double', (a, b) => new Double(doubles(a.value, b.value)))]
    : []),
];
type Time = Timestamp | Duration;
const later = (t: Timestamp, d: Duration) => timestampOf(t.nanos + d.nanos, t.offset);
const apart = (a: Time, b: Time): bigint => a.nanos - b.nanos;
const byZero = (word: string) => `${word} by zero`;

const additions: Overload[] = [
  ...arithmetic(
    '_+_',
    'add',
    addInts,
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  binary('_+_', 'add_string', 'string, string', 'string', (a, b) => a + b),
  binary('_+_', 'add_bytes', 'bytes, bytes', 'bytes', (a, b) => Buffer.concat([a, b])),
  binary('_+_', 'add_list', 'list(A), list(A)', 'list(A)', concatLists),
  binary('_+_', 'add_timestamp_duration', 'timestamp, duration', 'timestamp', later),
  binary('_+_', 'add_duration_timestamp', 'duration, timestamp', 'timestamp', (a, b) => later(b, a)),
  binary('_+_', 'add_duration_duration', 'duration, duration', 'duration', (a, b) => durationOf(a.nanos + b.nanos)),
  ...arithmetic(
    '_-_',
    'subtract',
    subtractInts,
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  binary('_-_', 'subtract_timestamp_timestamp', 'timestamp, timestamp', 'duration', (a, b) => durationOf(apart(a, b))),
  binary('_-_', 'subtract_timestamp_duration', 'timestamp, duration', 'timestamp', (a, b) => timestampOf(apart(a, b))),
  binary('_-_', 'subtract_duration_duration', 'duration, duration', 'duration', (a, b) => durationOf(apart(a, b))),
  ...arithmetic(
    '_*_',
    'multiply',
    multiplyInts,
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  ...arithmetic(
    '_/_',
    'divide',
    divideInts,
    (a, b) => (b === 0n ? fail(byZero('division')) : a / b),
    (a, b) => a / b,
  ),
  ...arithmetic('_%_', 'modulo', moduloInts, (a, b) => (b === 0n ? fail(byZero('modulus')) : a % b)),
  overload('-_', 'negate_int64', '(int) -> int', negateInt),
  overload('-_', 'negate_double', '(double) -> double', (a) => new Double(-a.value)),
];

const access: Overload[] = [
  binary('_[_]', 'index_list', 'list(A), int', 'A', indexList),
  binary('_[_]', 'index_map', 'map(A, B), A', 'B', indexMap),
  binary('_[_]', 'optional_list_index_int', 'optional(list(A)), int', 'optional(A)', optionalIndex(itemAt)),
  binary('_[_]', 'optional_map_index_value', 'optional(map(A, B)), A', 'optional(B)', optionalIndex(mapGet)),
  binary('_[?_]', 'list_optindex_optional_int', 'list(A), int', 'optional(A)', optionalIndex(itemAt)),
  binary(
    '_[?_]',
    'optional_list_optindex_optional_int',
    'optional(list(A)), int',
    'optional(A)',
    optionalIndex(itemAt),
  ),
  binary('_[?_]', 'map_optindex_optional_value', 'map(A, B), A', 'optional(B)', optionalIndex(mapGet)),
  binary(
    '_[?_]',
    'optional_map_optindex_optional_value',
    'optional(map(A, B)), A',
    'optional(B)',
    optionalIndex(mapGet),
  ),
  binary('@in', 'in_list', 'A, list(A)', 'bool', (value, list) => contains(list, value)),
  binary('@in', 'in_map', 'A, map(A, B)', 'bool', (key, m) => mapHas(m, key)),
];

const sizes = [
  ['string', 'size_string', 'string_size', stringSize],
  ['bytes', 'size_bytes', 'bytes_size', (b: Uint8Array) => b.length],
  ['list(A)', 'size_list', 'list_size', (l: unknown[]) => l.length],
  ['map(A, B)', 'size_map', 'map_size', (m: Record<string, unknown>) => mapSize(m)],
] as const;

const strings: Overload[] = [
  overload('contains', 'contains_string', 'string.(string) -> bool', (s, t) => s.includes(t)),
  overload('endsWith', 'ends_with_string', 'string.(string) -> bool', (s, t) => s.endsWith(t)),
  overload('startsWith', 'starts_with_string', 'string.(string) -> bool', (s, t) => s.startsWith(t)),
  overload('matches', 'matches', '(string, string) -> bool', (s, r) => regex(r).test(s)),
  overload('matches', 'matches_string', 'string.(string) -> bool', (s, r) => regex(r).test(s)),
];

/** `cel.@mapInsert`, which the map macros call: the accumulator is theirs alone, so it grows in place. */
function insert(m: MapValue, key: unknown, value: unknown): MapValue {
  if (m.entries.has(keyOf(key))) fail(`insert failed: key ${shown(key)} already exists`);
  m.entries.set(keyOf(key), [key, value]);
  return m;
}
const insertions: Overload[] = [
  overload('cel.@mapInsert', '@mapInsert_map_key_value', '(map(K, V), K, V) -> map(K, V)', insert),
  overload('cel.@mapInsert', '@mapInsert_map_map', '(map(K, V), map(K, V)) -> map(K, V)', (m, more) => {
    if (isMap(more)) for (const [key, value] of mapEntries(more)) insert(m, key, value);
    return m;
  }),
];

export const standardLibrary: Overload[] = [
  overload('_?_:_', 'conditional', '(bool, A, A) -> A', nothing),
  binary('_&&_', 'logical_and', 'bool, bool', 'bool', nothing),
  binary('_||_', 'logical_or', 'bool, bool', 'bool', nothing),
  overload('!_', 'logical_not', '(bool) -> bool', (a) => !a),
  overload('@not_strictly_false', 'not_strictly_false', '(bool) -> bool', nothing),
  binary('_==_', 'equals', 'A, A', 'bool', equal),
  binary('_!=_', 'not_equals', 'A, A', 'bool', (a, b) => !equal(a, b)),
  ...comparison('_<_', 'less', (o) => o < 0),
  ...comparison('_<=_', 'less_equals', (o) => o <= 0),
  ...comparison('_>_', 'greater', (o) => o > 0),
  ...comparison('_>=_', 'greater_equals', (o) => o >= 0),
  ...additions,
  ...access,
  ...sizes.flatMap(([type, global, member, run]) => [
    overload('size', global, `(${type}) -> int`, run),
    overload('size', member, `${type}.() -> int`, run),
  ]),
  ...strings,
  ...insertions,
];
