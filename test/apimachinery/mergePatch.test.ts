import { expect, test } from 'vitest';
import { mergePatch } from '../../apimachinery/mergePatch.ts';

test.each<[object, unknown, object]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{ a: 'x' }, { a: { constructor: 'y' } }, { a: { constructor: 'y' } }],
])('%j with %j', (object, patch, result) => {
  const before = structuredClone(object);
  expect(mergePatch(object, patch)).toEqual(result);
  expect(object).toEqual(before);
});

test.each([
  [null, 'Invalid JSON Patch'],
  ['x', 'Invalid JSON Patch'],
  [[], 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
])('%j is no patch: 400', (patch, message) => {
  expect(() => mergePatch({}, patch)).toThrow(expect.objectContaining({ code: 400, message }));
});

test('the prototype is out of reach', () => {
  for (const text of ['{"__proto__":{"x":1}}', '{"a":{"__proto__":{"x":1}}}', '{"b":{"__proto__":{"x":1}}}']) {
    expect(() => mergePatch({ a: {} }, JSON.parse(text))).toThrow(expect.objectContaining({ code: 400 }));
  }
  expect(({} as any).x).toBeUndefined();
});
