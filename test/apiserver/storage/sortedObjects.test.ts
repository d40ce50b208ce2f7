import { expect, test } from 'vitest';
import { compareKeys } from '../../../apiserver/storage/keyOrder.ts';
import { createSortedObjects } from '../../../apiserver/storage/sortedObjects.ts';

test('keys compare as their bytes do', () => {
  const keys = [
    '',
    'a',
    'ab',
    'a/b',
    'é',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{1F600}',
    'a\u{1F600}',
    'a\uffff',
    '~',
  ];
  for (const a of keys) {
    for (const b of keys) {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }
  }
});

test('behaves as a sorted list does, over thousands of random changes', () => {
  const objects = createSortedObjects<{ key: string; n: number }>();
  const model = new Map<string, { key: string; n: number }>();
  let seed = 1;
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  const keyOf = (i: number): string => `/${i % 3}/${String(i).padStart(5, '0')}`;
  for (let step = 0; step < 30_000; step++) {
    const key = keyOf(random(step < 15_000 ? 6_000 : 3_000));
    // Grows first, then shrinks, so that chunks split and vanish.
    if (random(10) < (step < 15_000 ? 2 : 7)) {
      expect(objects.delete(key)).toBe(model.get(key));
      model.delete(key);
    } else {
      const item = { key, n: step };
      expect(objects.set(item)).toBe(model.get(key));
      model.set(key, item);
    }
    if (step % 1_000 !== 0) continue;
    const all = [...model.values()].sort((a, b) => compareKeys(a.key, b.key));
    expect(objects.size).toBe(all.length);
    expect(objects.range('')).toEqual(all);
    const middle = keyOf(random(6_000));
    expect(objects.get(middle)).toBe(model.get(middle));
    for (const prefix of ['/0/', '/1/', '/2/', '/3/', '/1/000']) {
      const within = all.filter((i) => i.key.startsWith(prefix));
      expect(objects.range(prefix)).toEqual(within);
      expect(objects.range(prefix, middle, 7)).toEqual(
        within.filter((i) => compareKeys(i.key, middle) > 0).slice(0, 7),
      );
    }
  }
  for (const key of model.keys()) objects.delete(key);
  expect([objects.size, objects.range('')]).toEqual([0, []]);
});

test('keys that come in order', () => {
  const objects = createSortedObjects<{ key: string }>();
  const keys = Array.from({ length: 5_000 }, (_, i) => String(i).padStart(5, '0'));
  for (const key of keys) objects.set({ key });
  expect(objects.range('').map((i) => i.key)).toEqual(keys);
  for (const key of keys) expect(objects.get(key)?.key).toBe(key);
});
