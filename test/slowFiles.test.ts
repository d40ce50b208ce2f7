import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { slow, slowEarly } from './kit/slowFiles.ts';

const path = (name: string) => new URL(`../test/${name}.test.ts`, import.meta.url).pathname;

test('small files that take long run early, one at a time; the others keep their order', () => {
  const names = Array.from({ length: 50 }, (_, i) => `n${i}`);
  const order = slowEarly([...names, 'e2e/faults', 'conformance/workloads'].map(path), (file) => file);
  expect(order[0]).toBe(path('conformance/workloads'));
  expect(order[20]).toBe(path('e2e/faults'));
  expect(order.filter((file) => /\/n\d+\.test/.test(file))).toEqual(names.map(path));
  expect(slow.filter((name) => !existsSync(path(name)))).toEqual([]);
});
