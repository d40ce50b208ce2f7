// cel-go's list functions: slice, flatten, sort, sortBy, distinct, reverse, lists.range.
// Reads and writes: lists. Mirrors: cel-go's ext/lists.go (version 3). Next: lists.ts has Kubernetes' own; sortBy is a macro.

import { equal } from '../eval/equality.ts';
import { fail, work } from '../eval/meter.ts';
import { typeNameOf } from '../values.ts';
import { type Overload, overload } from './declare.ts';
import { compareValues } from './standard.ts';

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const typeNames: Record<string, string> = {
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
};

function slice(list: unknown[], start: number, end: number): unknown[] {
  const call = `cannot slice(${start}, ${end})`;
  if (start < 0 || end < 0) fail(`${call}, negative indexes not supported`);
  if (start > end) fail(`${call}, start index must be less than or equal to end index`);
  if (list.length < end) fail(`${call}, list is length ${list.length}`);
  work(end - start);
  return list.slice(start, end);
}

function flatten(list: unknown[], depth: number): unknown[] {
  if (depth < 0) fail('level must be non-negative');
  work(list.length + 1);
  return list.flatMap((v) => (Array.isArray(v) && depth > 0 ? flatten(v, depth - 1) : [v]));
}

/** `list` in the order of `keys`; equal ones stay in theirs. */
function sortBy(list: unknown[], keys: unknown[]): unknown[] {
  work(list.length * 4);
  if (keys.length > 0 && keys.some((k) => typeNameOf(k) !== typeNameOf(keys[0])))
    fail('list elements must have the same type');
  const order = keys.map((_, i) => i).sort((a, b) => compareValues(keys[a], keys[b]) || a - b);
  return order.map((i) => list[i]);
}

function distinct(list: unknown[]): unknown[] {
  const kept: unknown[] = [];
  for (const v of list) {
    work(kept.length + 1);
    if (!kept.some((k) => equal(k, v))) kept.push(v);
  }
  return kept;
}

function reverse(list: unknown[]): unknown[] {
  work(list.length);
  return list.toReversed();
}

function range(n: number): number[] {
  if (n < 0) fail(`lists.range: size must be non-negative, got ${n}`);
  work(n);
  return Array.from({ length: n }, (_, i) => i);
}

export const extendedListLibrary: Overload[] = [
  overload('slice', 'list_slice', 'list(T).(int, int) -> list(T)', slice),
  overload('flatten', 'list_flatten', 'list(list(T)).() -> list(T)', (l) => flatten(l, 1)),
  overload('flatten', 'list_flatten_int', 'list(dyn).(int) -> list(dyn)', flatten),
  ...comparable.flatMap((t) => {
    const name = typeNames[t] ?? t;
    return [
      overload('sort', `list_${name}_sort`, `list(${t}).() -> list(${t})`, (l) => sortBy(l, l)),
      overload('@sortByAssociatedKeys', `list_${name}_sortByAssociatedKeys`, `list(T).(list(${t})) -> list(T)`, sortBy),
    ];
  }),
  overload('lists.range', 'lists_range', '(int) -> list(int)', range),
  overload('reverse', 'list_reverse', 'list(T).() -> list(T)', reverse),
  overload('distinct', 'list_distinct', 'list(T).() -> list(T)', distinct),
];
