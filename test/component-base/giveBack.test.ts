// When a daemon gives memory back: at rest, after work, and not where the collection itself would be felt.
import { expect, it } from 'vitest';
import { isSmall, isTime } from '../../component-base/giveBack.ts';

const MB = 2 ** 20;

it.each([
  ['at rest after its start', { now: 500, before: 490, since: 0 }, true],
  ['it works', { now: 500, before: 350, since: 0 }, false],
  ['it has done nothing since the last time', { now: 560, before: 550, since: 480 }, false],
  ['a burst is over', { now: 2000, before: 1990, since: 500 }, true],
])('%s', (_, { now, before, since }, expected) => {
  expect(isTime(now, before, since)).toBe(expected);
});

it.each([
  ['a small heap is collected', 40, 40, true, 0],
  ['a heap that was large with what died young is collected, too', 100, 40, true, 1],
  ['a heap so large that the pause would be felt is not', 300, 250, false, 1],
])('%s', (_, before, behind, expected, young) => {
  let used = before * MB;
  let collections = 0;
  const collectYoung = () => {
    collections++;
    used = behind * MB;
  };
  expect(isSmall(() => used, collectYoung)).toBe(expected);
  expect(collections).toBe(young);
});
