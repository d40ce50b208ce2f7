// Which JSON arrays are sets or maps by their schema (x-kubernetes-list-type): it changes what == and + mean on them.
// The mark is beside the array, so that the data stays plain. Mirrors: apiserver/pkg/cel/common/values.go (unstructuredSetList, unstructuredMapList).
// Next: adapt.ts marks, equality.ts and libraries/standard.ts ask.
import { keyOf } from '../values.ts';
import { work } from './meter.ts';

/** The keys of a list of type map, or `set`. */
export type ListKind = 'set' | readonly string[];
const kinds = new WeakMap<readonly unknown[], ListKind>();

export const markList = (list: readonly unknown[], kind: ListKind): void => void kinds.set(list, kind);
export const listKind = (list: readonly unknown[]): ListKind | undefined => kinds.get(list);

export const mapListKey = (item: any, keys: readonly string[]): string =>
  JSON.stringify(
    keys.map((k) => (item !== null && typeof item === 'object' && Object.hasOwn(item, k) ? item[k] : null)),
  );

/** `a + b`: a set gains what it lacks; in a map, items of `b` replace those of the same key where they stand. */
export function concatLists(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  work(a.length + b.length);
  const kind = listKind(a);
  if (kind === undefined) return a.concat(b);
  work((a.length + b.length) * 4);
  const keyFor = kind === 'set' ? keyOf : (item: unknown) => mapListKey(item, kind);
  const items = [...a];
  const places = new Map(items.map((item, i) => [keyFor(item), i]));
  for (const item of b) {
    const place = places.get(keyFor(item));
    if (place !== undefined && kind !== 'set') items[place] = item;
    if (place === undefined) places.set(keyFor(item), items.push(item) - 1);
  }
  markList(items, kind);
  return items;
}
