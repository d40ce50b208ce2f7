import { expect, test } from 'vitest';
import { deepEqual } from '../../apimachinery/deepEqual.ts';

test.each([
  [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: undefined }, { b: 1 }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [{}, [], false],
  [null, {}, false],
  [undefined, null, false],
  ['1', 1, false],
  [2n ** 60n, 2n ** 60n, true],
  [{ constructor: 1 }, {}, false],
  [{}, { constructor: 1 }, false],
])('%o and %o: %s', (a, b, equal) => {
  expect(deepEqual(a, b)).toBe(equal);
});
