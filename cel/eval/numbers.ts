// Arithmetic of ints, uints and doubles with 64-bit bounds; order across the three.
// Reads and writes: values. Mirrors: cel-go's common/types (int.go, uint.go, double.go, compare.go, overflow.go).
// Next: libraries/standard.ts binds the operators to these.
import { Double, type Int, normalInt, Uint } from '../values.ts';
import { fail } from './meter.ts';

const overflow = 'integer overflow';
const unsignedOverflow = 'unsigned integer overflow';
const maxUint = 2n ** 64n - 1n;

export function checkedInt(value: bigint): Int {
  if (BigInt.asIntN(64, value) !== value) fail(overflow);
  return normalInt(value);
}
export function checkedUint(value: bigint): Uint {
  if (value < 0n || value > maxUint) fail(unsignedOverflow);
  return new Uint(value);
}

const exact = (n: number) => n <= 9007199254740991 && n >= -9007199254740991;

export function addInts(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number' && exact(a + b)) return a + b;
  return checkedInt(BigInt(a) + BigInt(b));
}
export function subtractInts(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number' && exact(a - b)) return a - b;
  return checkedInt(BigInt(a) - BigInt(b));
}
export function multiplyInts(a: Int, b: Int): Int {
  // `+ 0` makes a zero of either sign the one that ints have.
  if (typeof a === 'number' && typeof b === 'number' && exact(a * b)) return a * b + 0;
  return checkedInt(BigInt(a) * BigInt(b));
}
export function divideInts(a: Int, b: Int): Int {
  if (b === 0) fail('division by zero');
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0;
  return checkedInt(BigInt(a) / BigInt(b));
}
export function moduloInts(a: Int, b: Int): Int {
  if (b === 0) fail('modulus by zero');
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return checkedInt(BigInt(a) % BigInt(b));
}
export const negateInt = (a: Int): Int => (typeof a === 'number' ? 0 - a : checkedInt(-a));

/** The bigint, or the float, that a numeric value stands for; undefined for all else. */
export function numeric(v: unknown): number | bigint | undefined {
  if (typeof v === 'number' || typeof v === 'bigint') return v;
  if (v instanceof Double) return v.value;
  return v instanceof Uint ? v.value : undefined;
}

/** JavaScript compares numbers and bigints exactly. NaN is beside every order. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
}

/** The int that a float is, cut toward zero. */
export function doubleToInt(value: number): Int {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) fail(overflow);
  return normalInt(BigInt(Math.trunc(value)));
}
export function doubleToUint(value: number): Uint {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) fail(unsignedOverflow);
  return new Uint(BigInt(Math.trunc(value)));
}

/** A float as Go's %g prints it. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
