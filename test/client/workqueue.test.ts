import { describe, expect, it } from 'vitest';
import type { Cause } from '../../apimachinery/cause.ts';
import { createBucket, createWorkQueue } from '../../client/workqueue.ts';
import { fakeClock } from './fakeClock.ts';

const cause = (n: number): Cause => ({ resource: 'pods', namespace: 'd', name: 'p', resourceVersion: String(n) });

describe('work queue', () => {
  it('holds a key once and collects the causes of all its events', async () => {
    const q = createWorkQueue(fakeClock());
    q.add('a', [cause(1)]);
    q.add('a', [cause(2)]);
    q.add('a', [cause(1)]);
    expect(q.length).toBe(1);
    expect(await q.get()).toEqual({ key: 'a', causes: [cause(1), cause(2)] });
  });

  it('gives a key that is worked on to nobody else, and again once it is done', async () => {
    const q = createWorkQueue(fakeClock());
    q.add('a', [cause(1)]);
    await q.get();
    q.add('a', [cause(2)]);
    expect(q.length).toBe(0);
    q.done('a');
    expect(await q.get()).toEqual({ key: 'a', causes: [cause(2)] });
  });

  it('hands a key to a worker that waits', async () => {
    const q = createWorkQueue(fakeClock());
    const got = q.get();
    q.add('a', []);
    expect((await got)?.key).toBe('a');
  });

  it('keeps the order of adding over thousands of keys', async () => {
    const q = createWorkQueue(fakeClock());
    for (let i = 0; i < 5000; i++) q.add(`k${i}`, []);
    for (let i = 0; i < 5000; i++) {
      const item = await q.get();
      expect(item?.key).toBe(`k${i}`);
      q.done(item!.key);
    }
    expect(q.length).toBe(0);
  });

  it('delays: the earliest wish counts, the causes of all are kept, and a bare one is the timer', async () => {
    const clock = fakeClock();
    const q = createWorkQueue(clock);
    q.addAfter('a', 1000);
    q.addAfter('a', 100, [cause(7)]);
    q.addAfter('a', 5000, [cause(8)]);
    await clock.advance(99);
    expect(q.length).toBe(0);
    await clock.advance(1);
    expect(q.length).toBe(1);
    expect((await q.get())?.causes).toEqual([{ word: 'timer' }, cause(7), cause(8)]);
    q.done('a');
    await clock.advance(10_000);
    expect(q.length).toBe(0);
  });

  it('waits 5 ms, 10 ms, 20 ms … 1,000 s after failures, from the start after forget', async () => {
    const clock = fakeClock();
    const q = createWorkQueue(clock);
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const before = clock.now();
      q.addRateLimited('a', []);
      let waited = 0;
      while (!q.length) {
        await clock.advance(5);
        waited = clock.now() - before;
      }
      waits.push(waited);
      await q.get();
      q.done('a');
      if (waited > 20_000) break;
    }
    expect(waits.slice(0, 6)).toEqual([5, 10, 20, 40, 80, 160]);
    expect(q.failures('a')).toBe(waits.length);
    q.forget('a');
    expect(q.failures('a')).toBe(0);
  });

  it('takes postponed work up with the next event, for the causes of both and once', async () => {
    const clock = fakeClock();
    const q = createWorkQueue(clock);
    q.postpone('a', 1000, [cause(1)]);
    q.add('a', [cause(2)]);
    expect(await q.get()).toEqual({ key: 'a', causes: [cause(1), cause(2)] });
    q.done('a');
    await clock.advance(2000);
    expect(q.length).toBe(0);
    q.postpone('a', 1000, [cause(3)]);
    await clock.advance(1000);
    expect(await q.get()).toEqual({ key: 'a', causes: [cause(3)] });
  });

  it('stops: waiting workers get undefined, nothing is taken in', async () => {
    const q = createWorkQueue(fakeClock());
    const got = q.get();
    q.shutDown();
    expect(await got).toBeUndefined();
    q.add('a', []);
    expect(await q.get()).toBeUndefined();
  });
});

describe('token bucket', () => {
  it('lets a burst through, then delays by the rate', () => {
    const take = createBucket(fakeClock(), 10, 2);
    expect([take(), take(), take(), take()]).toEqual([0, 0, 100, 200]);
  });

  it('refuses without taking', async () => {
    const clock = fakeClock();
    const take = createBucket(clock, 1, 1, true);
    expect(take()).toBe(0);
    expect(take()).toBeGreaterThan(0);
    expect(take()).toBeGreaterThan(0);
    await clock.advance(1000);
    expect(take()).toBe(0);
  });
});
