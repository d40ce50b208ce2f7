import { describe, expect, test } from 'vitest';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  integerValue,
  milliQuantityOf,
  milliValue,
  parseQuantity,
  QuantityError,
  quantityMilliValue,
  quantityOf,
  quantityText,
  quantityValue,
  subtractQuantities,
} from '../../apimachinery/quantity.ts';

describe('canonical text', () => {
  test.each([
    ['0', '0'],
    ['100m', '100m'],
    ['0.5', '500m'],
    ['1.5', '1500m'],
    ['1000m', '1'],
    ['1024Ki', '1Mi'],
    ['1536Mi', '1536Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['1000Ki', '1000Ki'],
    ['1000', '1k'],
    ['1000000', '1M'],
    ['1e3', '1e3'],
    ['1500e-3', '1500e-3'],
    ['1E', '1E'],
    ['1000E', '1000E'],
    ['12e6', '12e6'],
    ['.25', '250m'],
    ['1n', '1n'],
    ['0.0000000001', '1n'],
    ['-0.0000000001', '-1n'],
    ['0.1Ki', '102400m'],
    ['1025.5Ki', '1050112'],
    ['9999999999Ei', '9223372036854775807'],
    ['1.500', '1.500'],
    ['Mi', '0'],
    [' 5 ', '5'],
    [5, '5'],
    [0.25, '250m'],
  ])('%j → %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  test('is the same text when read again', () => {
    for (const text of ['1.5Gi', '0.1Ki', '3e-7', '1025.5Ki', '123456789123456789123M', '1e30']) {
      const once = canonicalQuantity(text);
      expect(canonicalQuantity(once)).toBe(once);
    }
  });
});

describe('refused', () => {
  const wrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  test.each([
    ['', wrong],
    ['abc', wrong],
    ['1 Gi', wrong],
    ['1.2.3', wrong],
    ['1Kii', "unable to parse quantity's suffix"],
    ['1ki', "unable to parse quantity's suffix"],
    ['1e', "unable to parse quantity's suffix"],
    ['1e99999999999', "unable to parse quantity's suffix"],
    ['Ei', 'unable to parse numeric part of quantity'],
  ])('%j', (text, message) => {
    expect(() => parseQuantity(text)).toThrow(new QuantityError(message));
  });
});

describe('values', () => {
  test.each([
    ['100m', 1, 100],
    ['1500m', 2, 1500],
    ['1Ki', 1024, 1024000],
    ['1n', 1, 1],
    ['-1500m', -2, -1500],
    [undefined, 0, 0],
  ])('%s is %d, %d thousandths, rounded away from zero', (text, whole, milli) => {
    expect(quantityValue(text)).toBe(whole);
    expect(quantityMilliValue(text)).toBe(milli);
    if (text) expect([integerValue(parseQuantity(text)), milliValue(parseQuantity(text))]).toEqual([whole, milli]);
  });
});

describe('arithmetic', () => {
  const sum = (a: string, b: string) => quantityText(addQuantities(parseQuantity(a), parseQuantity(b)));
  const difference = (a: string, b: string) => quantityText(subtractQuantities(parseQuantity(a), parseQuantity(b)));

  test('the first format stays, unless the first is zero', () => {
    expect(sum('1Gi', '1M')).toBe('1074741824');
    expect(sum('0', '1Mi')).toBe('1Mi');
    expect(sum('500m', '500m')).toBe('1');
    expect(sum('9223372036854775807', '1')).toBe('9223372036854775808');
    expect(difference('1Gi', '512Mi')).toBe('512Mi');
    expect(difference('1', '1n')).toBe('999999999n');
  });
  test('comparison is by amount', () => {
    const compare = (a: string, b: string) => Math.sign(compareQuantities(parseQuantity(a), parseQuantity(b)));
    expect(compare('1Gi', '1G')).toBe(1);
    expect(compare('1000m', '1')).toBe(0);
    expect(compare('-1', '1n')).toBe(-1);
    expect(compare('-2k', '-1k')).toBe(-1);
  });
  test('an enormous exponent costs nothing', () => {
    const huge = parseQuantity('1e2000000000');
    expect(compareQuantities(huge, parseQuantity('1Ei'))).toBeGreaterThan(0);
    expect(compareQuantities(parseQuantity('1e-2000000000'), parseQuantity('1n'))).toBe(0);
    expect(integerValue(huge)).toBe(Number.POSITIVE_INFINITY);
    expect(() => addQuantities(huge, quantityOf(1))).toThrow(RangeError);
  });
  test('numbers become quantities', () => {
    expect(quantityText(milliQuantityOf(1500))).toBe('1500m');
    expect(quantityText(quantityOf(2 ** 30, 'BinarySI'))).toBe('1Gi');
    expect(quantityText(quantityOf(1000, 'BinarySI'))).toBe('1k');
  });
});
