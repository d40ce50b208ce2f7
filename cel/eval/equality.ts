// When two values are equal: numbers across their kinds, lists and maps by what is in them, lists declared as sets or maps in any order.
// Reads: values. Writes: booleans. Mirrors: cel-go's types.Equal and apiserver/pkg/cel/common/values.go.
// Next: libraries use it for ==, `in`, indexOf, sets.
import { Duration, isMap, keyOf, type MapValue, Opaque, Optional, Timestamp, TypeValue } from '../values.ts';
import { listKind, mapListKey } from './listKinds.ts';
import { mapEntries, mapGet, mapSize } from './maps.ts';
import { work } from './meter.ts';
import { compareNumbers, numeric } from './numbers.ts';

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const left = numeric(a);
  if (left !== undefined) {
    const right = numeric(b);
    return right !== undefined && compareNumbers(left, right) === 0;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return equalObjects(a, b);
}

function equalObjects(a: object, b: object): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  if (isMap(a)) return isMap(b) && equalMaps(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && bytesEqual(a, b);
  if (a instanceof Opaque) return b instanceof Opaque && a.typeName === b.typeName && a.equals(b.value);
  if (a instanceof Optional)
    return b instanceof Optional && (a.value === undefined ? b.value === undefined : equal(a.value, b.value));
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  return a instanceof TypeValue && b instanceof TypeValue && a.name === b.name;
}

function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  work(Math.min(a.length, b.length) >> 4);
  return Buffer.compare(a, b) === 0;
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  work(a.length);
  const kind = listKind(a);
  if (kind === undefined) return a.every((v, i) => equal(v, b[i]));
  if (kind === 'set') {
    const members = new Set(a.map(keyOf));
    return b.every((v) => members.has(keyOf(v)));
  }
  const byKey = new Map(a.map((v) => [mapListKey(v, kind), v]));
  return b.every((v) => {
    const mine = byKey.get(mapListKey(v, kind));
    return mine !== undefined && equal(mine, v);
  });
}

function equalMaps(a: Record<string, unknown> | MapValue, b: Record<string, unknown> | MapValue): boolean {
  if (mapSize(a) !== mapSize(b)) return false;
  work(mapSize(a) * 2);
  for (const [key, value] of mapEntries(a)) {
    const other = mapGet(b, key);
    if (other === undefined || !equal(value, other)) return false;
  }
  return true;
}
