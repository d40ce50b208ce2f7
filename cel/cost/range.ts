// Ranges of uint64 that saturate: how large a value may be, how much an expression may cost.
// Mirrors: cel-go's checker/cost.go (SizeEstimate, CostEstimate). Next: estimate.ts, estimateCall.ts.

export interface Range {
  min: bigint;
  max: bigint;
}
export const maxUint64 = 2n ** 64n - 1n;
export const range = (min: bigint | number, max: bigint | number = min): Range => ({
  min: BigInt(min),
  max: BigInt(max),
});
export const unknown = range(0n, maxUint64);
export const zero = range(0);
export const one = range(1);

const capped = (n: bigint) => (n > maxUint64 ? maxUint64 : n);
const scaled = (n: bigint, factor: number): bigint => {
  const product = Math.ceil(Number(n) * factor);
  return product >= 2 ** 64 ? maxUint64 : BigInt(product);
};

export const add = (...ranges: Range[]): Range =>
  ranges.reduce((a, b) => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) }), zero);
export const multiply = (a: Range, b: Range): Range => ({ min: capped(a.min * b.min), max: capped(a.max * b.max) });
/** Rounded up. */
export const scale = (a: Range, factor: number): Range => ({ min: scaled(a.min, factor), max: scaled(a.max, factor) });
export function least(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
export const union = (a: Range, b: Range): Range => ({
  min: least(a.min, b.min),
  max: a.max + b.max - least(a.max, b.max),
});
