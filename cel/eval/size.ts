// How large a value is, as size() and the cost model count: characters, bytes, items, entries; 1 for what has no size.
// Mirrors: cel-go's traits.Sizer. Next: runtimeCost.ts asks for every call whose cost goes by size.
import { isMap, Opaque } from '../values.ts';
import { mapSize } from './maps.ts';
import { work } from './meter.ts';

const surrogate = /[\ud800-\udbff][\udc00-\udfff]/g;
let lastLong = '';
let lastSize = 0;

/** Code points, not JavaScript's units. Loops ask for the size of one long string again and again: the last answer is kept. */
export function stringSize(s: string): number {
  if (s.length < 256) return count(s);
  if (s !== lastLong) {
    work(s.length >> 5);
    lastSize = count(s);
    lastLong = s;
  }
  return lastSize;
}
function count(s: string): number {
  for (let i = 0; i < s.length; i++) if (s.charCodeAt(i) >= 0xd800) return s.length - (s.match(surrogate)?.length ?? 0);
  return s.length;
}

export function sizeOf(v: unknown): number {
  if (typeof v === 'string') return stringSize(v);
  if (typeof v !== 'object' || v === null) return 1;
  if (Array.isArray(v) || v instanceof Uint8Array) return v.length;
  if (v instanceof Opaque) return v.size ?? 1;
  return isMap(v) ? mapSize(v) : 1;
}
