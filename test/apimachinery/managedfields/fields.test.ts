import { describe, expect, test } from 'vitest';
import { forEachPath, isFields, pathText, sorted } from '../../../apimachinery/managedfields/fieldPaths.ts';
import {
  difference,
  type Fields,
  intersection,
  recursiveDifference,
  union,
} from '../../../apimachinery/managedfields/fields.ts';

const leaf = {};
/** `a` and `a.b`: a member with a child. */
const withChild: Fields = { 'f:a': { '.': leaf, 'f:b': leaf } };
const child: Fields = { 'f:a': { 'f:b': leaf } };
const parent: Fields = { 'f:a': leaf };

const paths = (fields: Fields): string[] => {
  const found: string[] = [];
  forEachPath(fields, (p) => found.push(pathText(p)));
  return found;
};

describe('set algebra', () => {
  test.each<[string, Fields, Fields]>([
    ['parent ∪ child', union(parent, child), withChild],
    ['∅ ∪ child', union({}, child), child],
    ['child ∪ other child', union(child, { 'f:a': { 'f:c': leaf } }), { 'f:a': { 'f:b': leaf, 'f:c': leaf } }],
    ['parent ∩ child', intersection(parent, child), {}],
    ['both ∩ parent', intersection(withChild, parent), parent],
    ['both ∩ child', intersection(withChild, child), child],
    ['parent − child', difference(parent, child), parent],
    ['child − parent', difference(child, parent), child],
    ['both − parent', difference(withChild, parent), child],
    ['both − child', difference(withChild, child), parent],
    ['both − both', difference(withChild, withChild), {}],
    ['both − parent and below', recursiveDifference(withChild, parent), {}],
    ['both − child and below', recursiveDifference(withChild, child), parent],
  ])('%s', (_, result, expected) => {
    expect(result).toEqual(expected);
  });

  test('laws hold for random sets', () => {
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % n;
    };
    const make = (depth: number): Fields =>
      Object.fromEntries(
        ['f:a', 'f:b', 'k:{"x":1}'].flatMap((key) => {
          if (random(2)) return [];
          const below = depth && random(2) ? make(depth - 1) : {};
          return [[key, Object.keys(below).length && random(2) ? { '.': leaf, ...below } : below]];
        }),
      );
    const set = (f: Fields) => new Set(paths(f));
    for (let i = 0; i < 500; i++) {
      const [a, b] = [make(3), make(3)];
      const [pa, pb] = [set(a), set(b)];
      expect(set(union(a, b))).toEqual(pa.union(pb));
      expect(set(intersection(a, b))).toEqual(pa.intersection(pb));
      expect(set(difference(a, b))).toEqual(pa.difference(pb));
    }
  });

  test('parts that stay are shared, inputs are left alone', () => {
    const a: Fields = { 'f:x': { 'f:y': leaf }, 'f:z': leaf };
    expect(difference(a, { 'f:q': leaf })).toBe(a);
    expect(difference(a, { 'f:z': leaf })['f:x']).toBe(a['f:x']);
    expect(a).toEqual({ 'f:x': { 'f:y': {} }, 'f:z': {} });
  });
});

describe('paths', () => {
  test('members come before what lies below them, in upstream’s order', () => {
    const fields: Fields = {
      'k:{"port":80,"protocol":"TCP"}': leaf,
      'k:{"port":9,"protocol":"TCP"}': { '.': leaf, 'f:port': leaf },
      'f:b': { 'f:c': leaf },
      'v:"x"': leaf,
      'f:a': leaf,
      'i:0': leaf,
    };
    expect(paths(fields)).toEqual([
      '.a',
      '[port=9,protocol="TCP"]',
      '[port=80,protocol="TCP"]',
      '[="x"]',
      '[0]',
      '.b.c',
      '[port=9,protocol="TCP"].port',
    ]);
    expect(Object.keys(sorted(fields))).toEqual([
      'f:a',
      'f:b',
      'k:{"port":9,"protocol":"TCP"}',
      'k:{"port":80,"protocol":"TCP"}',
      'v:"x"',
      'i:0',
    ]);
  });
  test('what a client may send', () => {
    expect(isFields({ 'f:a': { '.': {}, 'k:{"a":1}': {} } })).toBe(true);
    for (const wrong of [
      null,
      [],
      'x',
      { a: {} },
      { 'f:a': 1 },
      { 'f:a': { x: {} } },
      JSON.parse('{"__proto__":{}}'),
    ]) {
      expect(isFields(wrong)).toBe(false);
    }
  });
});
