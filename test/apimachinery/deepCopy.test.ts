import { expect, it } from 'vitest';
import { deepCopy } from '../../apimachinery/deepCopy.ts';

it('copies values of every JSON type and shares nothing', () => {
  const value = { a: 1, b: 'x', c: null, d: [true, { e: [] }], f: {} };
  const copy = deepCopy(value);
  expect(copy).toEqual(value);
  (copy.d[1] as any).e.push(1);
  (copy.f as any).g = 1;
  expect(value).toEqual({ a: 1, b: 'x', c: null, d: [true, { e: [] }], f: {} });
});
