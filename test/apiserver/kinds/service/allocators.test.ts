import { expect, test } from 'vitest';
import { candidates, rangeOf } from '../../../../apiserver/kinds/service/ipAllocator.ts';
import { portData, portSet, staticPorts, takeAnyPort } from '../../../../apiserver/kinds/service/nodePorts.ts';

test.each<[string, number, number, number]>([
  // range, usable addresses, kept for explicit requests, first octet of the dynamic part
  ['10.96.0.0/12', 2 ** 20 - 2, 256, 1],
  ['10.0.0.0/24', 254, 16, 17],
  ['10.0.0.0/27', 30, 16, 17],
  ['10.0.0.0/28', 14, 0, 1],
  ['10.0.0.0/22', 1022, 63, 64],
  ['fd00::/108', 2 ** 20 - 1, 256, 1],
])('%s has %i addresses, %i of them kept', (text, size, kept, lastOctet) => {
  const range = rangeOf(text);
  expect(Number(range.last - range.first + 1n)).toBe(size);
  expect(Number(range.dynamic - range.first)).toBe(kept);
  expect(Number(range.dynamic & 255n)).toBe(lastOctet);
});

test.each([0, 0.5, 0.999999])('from %d on every address comes once, the dynamic ones first', (random) => {
  const range = rangeOf('10.0.0.0/27');
  const all = [...candidates(range, () => random)];
  expect(new Set(all).size).toBe(30);
  expect(all.slice(0, 14).every((value) => value >= range.dynamic)).toBe(true);
});

test('the bitmap is a big-endian number without leading zeros, as etcd holds it upstream', () => {
  const set = portSet('30000-32767');
  for (const port of [30000, 30009]) set.add(port);
  expect(Buffer.from(portData(set), 'base64')).toEqual(Buffer.from([0b10, 0b1]));
  expect(portSet('30000-32767', portData(set)).ports()).toEqual([30000, 30009]);
  set.remove(30009);
  expect(Buffer.from(portData(set), 'base64')).toEqual(Buffer.from([1]));
  set.remove(30000);
  expect(portData(set)).toBe('');
});

test.each([
  [2768, 86],
  [10, 0],
  [16, 16],
  [10_000, 128],
])('of %i ports %i are given out last', (size, kept) => {
  expect(staticPorts(size)).toBe(kept);
});

test('every port is given out once, then the range is full', () => {
  const set = portSet('30000-30039');
  const given = Array.from({ length: 40 }, () => takeAnyPort(set, () => 0.9));
  expect(new Set(given).size).toBe(40);
  expect(given.slice(0, 24).every((port) => port >= 30016)).toBe(true);
  expect(() => takeAnyPort(set)).toThrow('range is full');
});
