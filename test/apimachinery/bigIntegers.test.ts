import { describe, expect, it } from 'vitest';
import { parseWithBigIntegers, smallIntegers } from '../../apimachinery/bigIntegers.ts';

describe('integers past 2^53', () => {
  it.each([
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9007199254740993', 9007199254740993n],
    ['9007199254740991', 9007199254740991],
    ['9223372036854775808', 2 ** 63],
    ['1234567890123456.5', 1234567890123456.5],
    ['1e20', 1e20],
    ['"9223372036854775807"', '9223372036854775807'],
  ])('%s', (text, value) => {
    expect(parseWithBigIntegers(`{"a":[${text}]}`)).toEqual({ a: [value] });
  });
  it('are written as they came', () => {
    const text = '{"a":9223372036854775807,"b":[-9007199254740993,1]}';
    expect(JSON.stringify(parseWithBigIntegers(text))).toBe(text);
  });
  it('of YAML are told apart from small ones', () => {
    expect([1n, 2n ** 60n, 2n ** 70n].map(smallIntegers)).toEqual([1, 2n ** 60n, 2 ** 70]);
  });
});
