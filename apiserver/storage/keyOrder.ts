// The order of keys, as bytes of UTF-8: what every store lists by and continue tokens rely on.
// JavaScript compares UTF-16 units, which differs once surrogates meet U+E000 and above.

const high = /[\ud800-\uffff]/;

/** Negative, 0 or positive, as `a` comes before, is, or comes after `b`. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (high.test(a) && high.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
