import { describe, expect, test } from 'vitest';
import type { Cached } from '../../../apiserver/storage/cached.ts';
import { createCacheHistory, RememberedEvent } from '../../../apiserver/storage/cacheHistory.ts';
import { Compacted } from '../../../apiserver/storage/store.ts';

const event = (revision: number, time: number, bytes = 100) =>
  new RememberedEvent('ADDED', { revision, bytes: Buffer.alloc(bytes) } as Cached, undefined, time);

/** The oldest revision that a watch may still begin behind. */
function oldest(history: ReturnType<typeof createCacheHistory>, newest: number): number {
  for (let from = 0; from <= newest; from++) {
    try {
      const events = history.after(from);
      expect(events.map((e) => e.revision)).toEqual(Array.from({ length: newest - from }, (_, i) => from + 1 + i));
      return from;
    } catch (error) {
      expect(error).toBeInstanceOf(Compacted);
    }
  }
  throw new Error('nothing is remembered');
}

describe('how much is remembered', () => {
  test.each<[string, { count: number; bytes?: number; age: number }, number]>([
    ['all of the last 75 s', { count: 5_000, age: 0 }, 5_000],
    ['but 20,000 at most', { count: 25_000, age: 0 }, 20_000],
    ['and 64 MB', { count: 200, bytes: 512 << 10, age: 0 }, 128],
    ['a thousand older ones', { count: 5_000, age: 80_000 }, 1_000],
    ['while they are within 1 MB', { count: 5_000, bytes: 4096, age: 80_000 }, 256],
    ['a hundred, however large', { count: 300, bytes: 64 << 10, age: 80_000 }, 100],
  ])('%s', (_what, { count, bytes, age }, left) => {
    const history = createCacheHistory(0);
    for (let i = 1; i <= count; i++) history.push(event(i, 1_000_000, bytes));
    history.forget(1_000_000 + age);
    expect(count - oldest(history, count)).toBe(left);
  });
});
