// Kubernetes' list functions: isSorted, sum, min, max, indexOf, lastIndexOf.
// Reads: lists of comparable values. Mirrors: apiserver/pkg/cel/library/lists.go. Next: extendedLists.ts has cel-go's own.
import { equal } from '../eval/equality.ts';
import { fail, work } from '../eval/meter.ts';
import { addInts, checkedUint } from '../eval/numbers.ts';
import { durationOf } from '../eval/time.ts';
import { Double, Uint } from '../values.ts';
import { type Implementation, type Overload, overload } from './declare.ts';
import { compareValues } from './standard.ts';

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

function isSorted(list: unknown[]): boolean {
  work(list.length);
  return list.every((v, i) => i === 0 || !(compareValues(list[i - 1], v) > 0));
}
const extreme =
  (name: 'min' | 'max'): Implementation =>
  (list: unknown[]) => {
    if (list.length === 0) return fail(`${name} called on empty list`);
    work(list.length);
    const sign = name === 'min' ? -1 : 1;
    return list.reduce((best, v) => (compareValues(v, best) * sign > 0 ? v : best));
  };
const sums: [type: string, empty: unknown, (a: any, b: any) => unknown][] = [
  ['int', 0, addInts],
  ['uint', new Uint(0n), (a, b) => checkedUint(a.value + b.value)],
  ['double', new Double(0), (a, b) => new Double(a.value + b.value)],
  ['duration', durationOf(0n), (a, b) => durationOf(a.nanos + b.nanos)],
];
const place = (find: (list: unknown[], test: (v: unknown) => boolean) => number): Implementation => {
  return (list: unknown[], value) => {
    work(list.length);
    return find(list, (v) => equal(v, value));
  };
};
const first = place((list, test) => list.findIndex(test));
const last = place((list, test) => list.findLastIndex(test));

export const listLibrary: Overload[] = [
  ...comparable.map((t) => overload('isSorted', `list_${t}_is_sorted_bool`, `list(${t}).() -> bool`, isSorted)),
  ...sums.map(([t, empty, add]) =>
    overload('sum', `list_${t}_sum_${t}`, `list(${t}).() -> ${t}`, (list: unknown[]) => list.reduce(add, empty)),
  ),
  ...comparable.map((t) => overload('max', `list_${t}_max_${t}`, `list(${t}).() -> ${t}`, extreme('max'))),
  ...comparable.map((t) => overload('min', `list_${t}_min_${t}`, `list(${t}).() -> ${t}`, extreme('min'))),
  overload('indexOf', 'list_a_index_of_int', 'list(T).(T) -> int', first),
  overload('lastIndexOf', 'list_a_last_index_of_int', 'list(T).(T) -> int', last),
];
