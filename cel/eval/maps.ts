// Maps: those that an expression made, and JSON objects. Only own properties of an object are its entries.
// Reads: values. Mirrors: cel-go's traits.Mapper. Next: equality.ts, planFold.ts and libraries/standard.ts look into maps.
import { keyOf, MapValue } from '../values.ts';
import { meter, work } from './meter.ts';

export type AnyMap = Record<string, unknown> | MapValue;

/** Listing a large object is slow in JavaScript, and loops ask again and again: within one evaluation it is done once. */
const listed = new WeakMap<object, { run: number; entries: [unknown, unknown][] }>();
const large = 32;

function entriesOf(m: Record<string, unknown>): [unknown, unknown][] {
  const known = listed.get(m);
  if (known?.run === meter.run) return known.entries;
  const entries = Object.entries(m);
  work(entries.length * 4);
  if (entries.length > large) listed.set(m, { run: meter.run, entries });
  return entries;
}

export const mapEntries = (m: AnyMap): Iterable<[unknown, unknown]> =>
  m instanceof MapValue ? m.entries.values() : entriesOf(m);
export const mapSize = (m: AnyMap): number => (m instanceof MapValue ? m.entries.size : entriesOf(m).length);

export const mapHas = (m: AnyMap, key: unknown): boolean =>
  m instanceof MapValue ? m.entries.has(keyOf(key)) : typeof key === 'string' && Object.hasOwn(m, key);

/** Undefined where the key is absent, unless the map says what to read then. */
export function mapGet(m: AnyMap, key: unknown): unknown {
  if (m instanceof MapValue) {
    const entry = m.entries.get(keyOf(key));
    return entry ? entry[1] : m.absent;
  }
  return typeof key === 'string' && Object.hasOwn(m, key) ? m[key] : undefined;
}
