// Short stable names for things: FNV-1a over a text, written in the alphabet of random names.
// Reads: any JSON value; the order of keys does not matter. Mirrors: pkg/util/hash, SafeEncodeString in apimachinery/pkg/util/rand.
// Values differ from upstream's, which hashes Go's dump of a struct; that they are stable is all that matters.
import { safeAlphabet } from './randomSuffix.ts';

/** 32-bit FNV-1a over the UTF-8 bytes of `text`. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** 32-bit FNV-1: as fnv32a, with multiplying before mixing. */
export function fnv32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash, 0x01000193) ^ byte;
  return hash >>> 0;
}

/** Each character as one of the safe alphabet: `5d8f7c9b6` looks like this. */
export const safeEncode = (text: string): string =>
  Array.from(text, (c) => safeAlphabet[c.codePointAt(0)! % safeAlphabet.length]).join('');

/** Keys sorted, absent ones left out: equal values give equal text. */
export function canonicalJSON(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJSON).join(',')}]`;
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'null');
  }
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJSON(v)}`).join(',')}}`;
}

/** A value's hash for use in names; another `collisionCount` gives another hash. */
export const hashOf = (value: unknown, collisionCount?: number): string =>
  safeEncode(String(fnv32a(canonicalJSON(value) + (collisionCount === undefined ? '' : `#${collisionCount}`))));
