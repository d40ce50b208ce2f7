// When a daemon gives memory back: at rest, after work, and not where the collection itself would be felt.
import { expect, it } from 'vitest';
import { isTime } from '../../component-base/giveBack.ts';

const MB = 2 ** 20;

it.each([
  ['at rest after its start', { now: 500, before: 490, since: 0, heap: 20 * MB }, true],
  ['it works', { now: 500, before: 350, since: 0, heap: 20 * MB }, false],
  ['it has done nothing since the last time', { now: 560, before: 550, since: 480, heap: 20 * MB }, false],
  ['a burst is over', { now: 2000, before: 1990, since: 500, heap: 40 * MB }, true],
  ['a heap so large that the pause would be felt', { now: 9000, before: 8990, since: 500, heap: 300 * MB }, false],
])('%s', (_, { now, before, since, heap }, expected) => {
  expect(isTime(now, before, since, heap)).toBe(expected);
});
