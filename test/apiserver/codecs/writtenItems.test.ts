import { expect, test } from 'vitest';
import { maxBytes, writtenItems, writtenOnce } from '../../../apiserver/codecs/writtenItems.ts';

test('an object is written once for many lists, in each version', () => {
  const object = {};
  let writes = 0;
  const write = () => Buffer.from(`written ${++writes}`);
  for (let list = 0; list < 3; list++)
    for (const version of ['v1', 'v2']) {
      const items = writtenItems(version);
      expect(items.bytes(object, write).toString()).toBe(version === 'v1' ? 'written 1' : 'written 2');
      expect(items.size(object)).toBe(9);
    }
});

const each = Math.floor(maxBytes / 20);

test('bytes beyond the limit are written anew, and a minute later the newer ones are kept', () => {
  const large = Array.from({ length: 40 }, () => ({}));
  let writes = 0;
  const list = (now: number) => {
    const items = writtenItems('v3', now);
    writes = 0;
    for (const of of large)
      items.bytes(of, () => {
        writes++;
        return Buffer.alloc(each);
      });
    return writes;
  };
  expect(list(0)).toBe(40);
  const again = list(1);
  expect(again).toBeGreaterThan(15);
  expect(again).toBeLessThan(40);
  expect(writtenItems('v3').size(large[39]!)).toBe(each);
  // What was kept may belong to objects that are gone.
  expect(list(100_000)).toBe(40);
  const renewed = list(100_001);
  expect(renewed).toBeGreaterThan(15);
  expect(renewed).toBeLessThan(40);
});

test('what is made for one list is not kept', () => {
  const row = {};
  let writes = 0;
  const items = writtenOnce();
  for (let i = 0; i < 2; i++) items.bytes(row, () => Buffer.from(`${++writes}`));
  expect(writes).toBe(2);
  expect(items.size(row)).toBe(1);
});
