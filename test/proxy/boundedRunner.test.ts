// The beat of syncs: shared, spaced, repeated, and tried again after a failure. On a clock that the test moves.
import { expect, test } from 'vitest';
import type { Clock } from '../../apimachinery/clock.ts';
import { boundedRunner } from '../../proxy/boundedRunner.ts';

/** Time stands still until `pass` moves it; timers fire on the way. */
function testClock() {
  let now = 1_000_000;
  const timers = new Set<{ at: number; callback: () => void }>();
  const clock: Clock = {
    now: () => now,
    setTimeout(callback, ms) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  async function pass(ms: number): Promise<void> {
    const end = now + ms;
    await settle();
    for (;;) {
      const next = [...timers].filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      timers.delete(next);
      now = Math.max(now, next.at);
      next.callback();
      await settle();
    }
    now = end;
    await settle();
  }
  return { clock, pass };
}

function start(job: (due: boolean) => Promise<void> | void = () => {}) {
  const { clock, pass } = testClock();
  const runs: { at: number; due: boolean }[] = [];
  const begin = clock.now();
  const stop = new AbortController();
  const runner = boundedRunner({
    async job(due) {
      runs.push({ at: clock.now() - begin, due });
      await job(due);
    },
    minInterval: 1000,
    maxInterval: 30_000,
    clock,
    random: () => 0.5,
    onError: () => {},
    signal: stop.signal,
  });
  return { runner, runs, pass, stop };
}

test('it runs at once, then when asked but not too often, and when nobody asks', async () => {
  const { runner, runs, pass } = start();
  await pass(0);
  expect(runs).toEqual([{ at: 0, due: true }]);
  for (let i = 0; i < 100; i++) {
    runner.ask();
    await pass(5);
  }
  expect(runs).toHaveLength(1);
  await pass(600);
  expect(runs[1]).toEqual({ at: 1000, due: false });
  expect(runs).toHaveLength(2);
  await pass(2000);
  runner.ask();
  await pass(0);
  expect(runs[2]).toEqual({ at: 3100, due: false });
  await pass(30_000);
  expect(runs[3]).toEqual({ at: 33_100, due: true });
});

test('what is asked during a run makes another', async () => {
  let runner: { ask(): void } | undefined;
  let asks = 1;
  const s = start(() => {
    if (asks-- > 0) runner?.ask();
  });
  runner = s.runner;
  await s.pass(0);
  s.runner.ask();
  await s.pass(10_000);
  expect(s.runs.length).toBe(2);
});

test('a failure is tried again with back-off, as a full run, and asking does not hurry it', async () => {
  let failing = 3;
  const { runner, runs, pass } = start(() => {
    if (failing-- > 0) throw new Error('no');
  });
  await pass(0);
  runner.ask();
  await pass(8000);
  expect(runs.map((r) => r.at)).toEqual([0, 1000, 3000, 7000]);
  expect(runs.every((r) => r.due)).toBe(true);
});

test('it ends with its signal', async () => {
  const { runner, stop } = start();
  stop.abort();
  await runner.done;
});
