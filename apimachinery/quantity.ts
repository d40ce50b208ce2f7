// Amounts of resources: `100m`, `1.5Gi`, `2e3`. Exact decimal arithmetic; text in upstream's canonical form.
// Reads: the text of a quantity. Writes: text, numbers. Mirrors: apimachinery/pkg/api/resource (quantity.go, amount.go, suffix.go).
// Next: resourceHelpers.ts adds up pods; validation compares; codecs write the canonical text.

/** Which family of suffixes a quantity was written with, kept through arithmetic. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** The value is `digits * 10^scale`. `text` is the source when that is already canonical. Never changed once made. */
export interface Quantity {
  readonly digits: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  readonly text?: string;
}

/** The text is no quantity. `message` is upstream's. */
export class QuantityError extends Error {}

const decimalSuffix: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binarySuffix: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalNames = new Map(Object.entries(decimalSuffix).map(([name, exponent]) => [exponent, name]));
const binaryNames = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const maxInt64 = 2n ** 63n - 1n;

const formatError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const grammar = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

interface Suffix {
  base: 2 | 10;
  exponent: number;
  format: QuantityFormat;
}

function suffixOf(text: string): Suffix {
  if (Object.hasOwn(decimalSuffix, text)) return { base: 10, exponent: decimalSuffix[text]!, format: 'DecimalSI' };
  if (Object.hasOwn(binarySuffix, text)) return { base: 2, exponent: binarySuffix[text]!, format: 'BinarySI' };
  const m = /^[eE]([-+]?[0-9]+)$/.exec(text);
  const exponent = m ? Number(m[1]) : Number.NaN;
  // Upstream keeps the exponent in 32 bits; what does not fit would come out as another number.
  if (!(Math.abs(exponent) < 2 ** 31)) throw new QuantityError("unable to parse quantity's suffix");
  return { base: 10, exponent, format: 'DecimalExponent' };
}

const cache = new Map<string, Quantity>();

/**
 * The quantity that `text` (or a JSON number) says, rounded up to whole nanos. Throws QuantityError.
 * Texts repeat across objects, so parsed ones are kept.
 */
export function parseQuantity(text: string | number): Quantity {
  const source = typeof text === 'number' ? String(text) : text;
  const known = cache.get(source);
  if (known) return known;
  const parsed = parse(source.trim());
  if (cache.size > 8192) cache.clear();
  if (source.length < 64) cache.set(source, parsed);
  return parsed;
}

function parse(text: string): Quantity {
  const m = grammar.exec(text);
  if (!m || text === '') throw new QuantityError(formatError);
  const [, sign, whole = '', fraction = '', suffixText = ''] = m;
  const suffix = suffixOf(suffixText);
  const number = (whole || '0') + fraction;
  const magnitude = BigInt(number);
  let quantity = fastForm(text, number, fraction.length, magnitude, suffix);
  if (!quantity) {
    // A missing number is 0, as in `Mi`; only upstream's slow path refuses it.
    if (!/^[+-]?\.?[0-9]/.test(text)) throw new QuantityError('unable to parse numeric part of quantity');
    quantity = slowForm(magnitude, fraction.length, suffix);
  }
  return sign === '-' ? { ...quantity, digits: -quantity.digits } : quantity;
}

/** Short numbers, as upstream's int64 path reads them: nothing is rounded and canonical text is kept as it came. */
function fastForm(
  text: string,
  number: string,
  places: number,
  magnitude: bigint,
  suffix: Suffix,
): Quantity | undefined {
  const { format, exponent } = suffix;
  if (format === 'BinarySI') {
    if (places > 0 || 15 - number.length - Math.trunc((exponent * 3) / 10) - 1 < 0) return undefined;
    const reuse = (magnitude & 7n) !== 0n;
    return { digits: magnitude << BigInt(exponent), scale: 0, format, ...(reuse && { text }) };
  }
  const scale = exponent - places;
  if (number.length > 18 || scale < -9) return undefined;
  const reuse = scale % 3 === 0 && !number.endsWith('000') && number[0] !== '0';
  return { digits: magnitude, scale, format, ...(reuse && { text }) };
}

/** Everything else: rounded up to nanos; binary ones are capped at the largest int64. */
function slowForm(magnitude: bigint, places: number, suffix: Suffix): Quantity {
  const digits = suffix.base === 2 ? magnitude << BigInt(suffix.exponent) : magnitude;
  const scale = (suffix.base === 2 ? 0 : suffix.exponent) - places;
  const rounded = scale < -9 ? { digits: shifted(digits, scale + 9), scale: -9 } : { digits, scale };
  if (suffix.format !== 'BinarySI') return { ...rounded, format: suffix.format };
  const capped = { ...rounded, format: suffix.format };
  if (compareQuantities(capped, quantityOf(maxInt64)) > 0) return quantityOf(maxInt64, 'BinarySI');
  return capped.digits > 0n && compareQuantities(capped, one) < 0 ? { ...capped, format: 'DecimalSI' } : capped;
}

const pow10 = (n: number): bigint => 10n ** BigInt(n);
const digitCount = (n: bigint): number => (n < 0n ? -n : n).toString().length;

/** `digits * 10^by`; when that drops digits, away from zero. Huge negative shifts cost nothing. */
function shifted(digits: bigint, by: number): bigint {
  if (by >= 0) return digits * pow10(by);
  if (digits === 0n) return 0n;
  const up = digits > 0n ? 1n : -1n;
  if (-by > digitCount(digits)) return up;
  const divisor = pow10(-by);
  const quotient = digits / divisor;
  return quotient * divisor === digits ? quotient : quotient + up;
}

/** A whole number as a quantity. */
export const quantityOf = (value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  digits: BigInt(value),
  scale: 0,
  format,
});
/** Thousandths: `milliQuantityOf(1500)` is 1500m. */
export const milliQuantityOf = (value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  digits: BigInt(value),
  scale: -3,
  format,
});
const one = quantityOf(1);
export const zeroQuantity = quantityOf(0);

export const isZero = (q: Quantity): boolean => q.digits === 0n;
export const signOf = (q: Quantity): -1 | 0 | 1 => (q.digits > 0n ? 1 : q.digits < 0n ? -1 : 0);

/** Below 0 when `a` is less than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  if (signOf(a) !== signOf(b) || isZero(a)) return signOf(a) - signOf(b);
  if (a.scale === b.scale) return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
  // Far apart: the number of digits decides, and no power of ten as large as the exponent is ever made.
  const size = digitCount(a.digits) + a.scale - (digitCount(b.digits) + b.scale);
  if (size !== 0) return size * signOf(a);
  const scale = Math.min(a.scale, b.scale);
  const left = a.digits * pow10(a.scale - scale);
  const right = b.digits * pow10(b.scale - scale);
  return left < right ? -1 : left > right ? 1 : 0;
}
export const equalQuantities = (a: Quantity, b: Quantity): boolean => compareQuantities(a, b) === 0;

/** The format is that of `a`, unless `a` is zero. Amounts over 10^1000 times apart are refused (RangeError). */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const format = isZero(a) ? b.format : a.format;
  if (isZero(a) || isZero(b)) {
    const { digits, scale } = isZero(a) ? b : a;
    return { digits, scale, format };
  }
  if (Math.abs(a.scale - b.scale) > 1000) throw new RangeError('quantities too far apart to add');
  const scale = Math.min(a.scale, b.scale);
  return { digits: a.digits * pow10(a.scale - scale) + b.digits * pow10(b.scale - scale), scale, format };
}
export const negateQuantity = (q: Quantity): Quantity => ({ digits: -q.digits, scale: q.scale, format: q.format });
export const subtractQuantities = (a: Quantity, b: Quantity): Quantity => addQuantities(a, negateQuantity(b));
export const multiplyQuantity = (q: Quantity, by: number | bigint): Quantity => ({
  digits: q.digits * BigInt(by),
  scale: q.scale,
  format: q.format,
});

/** The value in units of 10^scale, rounded away from zero; past 2^53 as near as a number can be. */
export function scaledValue(q: Quantity, scale: number): number {
  const by = q.scale - scale;
  if (by > 330) return isZero(q) ? 0 : signOf(q) * Number.POSITIVE_INFINITY;
  return Number(by === 0 ? q.digits : shifted(q.digits, by));
}
export const integerValue = (q: Quantity): number => scaledValue(q, 0);
export const milliValue = (q: Quantity): number => scaledValue(q, -3);
/** Thousandths, exact, rounded away from zero, and held to what an int64 can hold. */
export function milliInt64(q: Quantity): bigint {
  const by = q.scale + 3;
  const most = signOf(q) < 0 ? -maxInt64 - 1n : maxInt64;
  if (isZero(q) || digitCount(q.digits) + by > 40) return isZero(q) ? 0n : most;
  const value = shifted(q.digits, by);
  return value > maxInt64 || value < -maxInt64 - 1n ? most : value;
}

const numbers = [new Map<string, number>(), new Map<string, number>()] as const;
function rememberedValue(text: string | number | undefined, places: 0 | 1): number {
  if (text === undefined) return 0;
  const source = String(text);
  let value = numbers[places].get(source);
  if (value === undefined) {
    value = scaledValue(parseQuantity(source), places === 0 ? 0 : -3);
    if (numbers[places].size > 8192) numbers[places].clear();
    numbers[places].set(source, value);
  }
  return value;
}
/** Straight from text to a whole number (bytes, counts), rounded up; undefined is 0. What schedulers call in loops. */
export const quantityValue = (text: string | number | undefined): number => rememberedValue(text, 0);
/** Straight from text to thousandths (CPU), rounded up; undefined is 0. */
export const quantityMilliValue = (text: string | number | undefined): number => rememberedValue(text, 1);

/** Takes factors of `base` out of `value`: how often, and what remains. */
function withoutFactors(value: bigint, base: bigint): [rest: bigint, times: number] {
  let rest = value;
  let times = 0;
  while (rest !== 0n && rest % base === 0n) {
    rest /= base;
    times++;
  }
  return [rest, times];
}

function decimalText(q: Quantity, format: QuantityFormat): string {
  const [rest, times] = withoutFactors(q.digits, 10n);
  const exponent = q.scale + times;
  const over = ((exponent % 3) + 3) % 3;
  let digits = rest * pow10(over);
  let power = exponent - over;
  if (format === 'DecimalExponent') return `${digits}${power === 0 ? '' : `e${power}`}`;
  // Past the largest suffix the digits carry what is left of the power.
  if (power > 18 && power < 1000) {
    digits *= pow10(power - 18);
    power = 18;
  }
  return `${digits}${decimalNames.get(power) ?? `e${power}`}`;
}

function binaryText(q: Quantity): string {
  const inner = compareQuantities(q, quantityOf(-1024)) > 0 && compareQuantities(q, quantityOf(1024)) < 0;
  const value = shifted(q.digits, q.scale);
  // Small or fractional amounts would lose precision in powers of 1024.
  if (inner || (q.scale < 0 && value * pow10(-q.scale) !== q.digits)) return decimalText(q, 'DecimalSI');
  const [rest, times] = withoutFactors(value, 1024n);
  const power = Math.min(times, 6);
  return `${rest * 1024n ** BigInt(times - power)}${binaryNames[power]}`;
}

/** The canonical text: no fraction, the largest suffix that keeps the number whole. */
export function quantityText(q: Quantity): string {
  if (q.text !== undefined) return q.text;
  if (isZero(q)) return '0';
  return q.format === 'BinarySI' ? binaryText(q) : decimalText(q, q.format);
}

/** `0.5` becomes `500m`; what JSON output carries. Throws QuantityError. */
export const canonicalQuantity = (text: string | number): string => quantityText(parseQuantity(text));
