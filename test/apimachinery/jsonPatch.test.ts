import { describe, expect, test } from 'vitest';
import { jsonPatch } from '../../apimachinery/jsonPatch.ts';
import type { StatusError } from '../../apimachinery/status.ts';

const document = () => ({ a: { b: [1, 2, 3], 'c/d': 'x' }, n: null });

describe('operations', () => {
  test.each<[string, object[], object]>([
    ['add a key', [{ op: 'add', path: '/a/e', value: 1 }], { a: { b: [1, 2, 3], 'c/d': 'x', e: 1 }, n: null }],
    ['add into a list', [{ op: 'add', path: '/a/b/1', value: 9 }], { a: { b: [1, 9, 2, 3], 'c/d': 'x' }, n: null }],
    ['append', [{ op: 'add', path: '/a/b/-', value: 9 }], { a: { b: [1, 2, 3, 9], 'c/d': 'x' }, n: null }],
    ['a negative index', [{ op: 'remove', path: '/a/b/-1' }], { a: { b: [1, 2], 'c/d': 'x' }, n: null }],
    ['an escaped key', [{ op: 'replace', path: '/a/c~1d', value: 'y' }], { a: { b: [1, 2, 3], 'c/d': 'y' }, n: null }],
    ['replace what is missing', [{ op: 'replace', path: '/z', value: 1 }], { ...document(), z: 1 }],
    ['move', [{ op: 'move', from: '/a/b', path: '/b' }], { a: { 'c/d': 'x' }, n: null, b: [1, 2, 3] }],
    ['copy', [{ op: 'copy', from: '/a/b', path: '/b' }], { ...document(), b: [1, 2, 3] }],
    ['a test that holds', [{ op: 'test', path: '/a/b', value: [1, 2, 3] }], document()],
    ['a test for null of what is missing', [{ op: 'test', path: '/zz', value: null }], document()],
    ['replace the document', [{ op: 'replace', path: '', value: { q: 1 } }], { q: 1 }],
  ])('%s', (_, patch, result) => {
    const object = document();
    expect(jsonPatch(object, patch)).toEqual(result);
    expect(object).toEqual(document());
  });

  test('a copied value is its own', () => {
    const patch = [
      { op: 'copy', from: '/a/b', path: '/b' },
      { op: 'add', path: '/b/-', value: 4 },
    ];
    expect(jsonPatch(document(), patch)).toEqual({ ...document(), b: [1, 2, 3, 4] });
  });
});

const refused = (patch: unknown): StatusError => {
  try {
    jsonPatch(document(), patch);
  } catch (error) {
    return error as StatusError;
  }
  throw new Error('was not refused');
};

describe('refused', () => {
  test.each([
    [{ op: 'remove', path: '/zz' }],
    [{ op: 'remove', path: '' }],
    [{ op: 'add', path: '/a/b/4', value: 1 }],
    [{ op: 'add', path: '/a/b/x', value: 1 }],
    [{ op: 'add', path: '/zz/y', value: 1 }],
    [{ op: 'add', path: '/a/c~1d/y', value: 1 }],
    [{ op: 'test', path: '/a/b', value: [1] }],
    [{ op: 'move', from: '/a', path: '/a/b' }],
    [{ op: 'add' }],
    [{ op: 'toString', path: '/a' }],
    [{ path: '/a' }],
  ])('%o does not apply: 422', (operation) => {
    const { status } = refused([operation]);
    expect([status.code, status.reason, status.message]).toEqual([
      422,
      'Invalid',
      'the server rejected our request due to an error in our request',
    ]);
  });
  test('what is no patch: 400', () => {
    expect(refused({}).code).toBe(400);
    expect(refused([1]).code).toBe(400);
  });
  test.each(['__proto__', 'constructor', 'prototype'])('a path through %s: 400', (name) => {
    expect(refused([{ op: 'add', path: `/${name}/x`, value: 1 }]).code).toBe(400);
    expect(refused([{ op: 'copy', from: `/a/${name}`, path: '/b' }]).code).toBe(400);
    expect(({} as any).x).toBeUndefined();
  });
  test('more than 10,000 operations: 413', () => {
    const { status } = refused(Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/n', value: null })));
    expect(status.code).toBe(413);
    expect(status.message).toContain('The allowed maximum operations in a JSON patch is 10000, got 10001');
  });
  test('copies that grow without end', () => {
    const patch: object[] = [{ op: 'add', path: '/x', value: ['x'.repeat(1000)] }];
    for (let i = 0; i < 40; i++) patch.push({ op: 'copy', from: '/x', path: '/x/-' });
    expect(refused(patch).code).toBe(422);
  });
});
