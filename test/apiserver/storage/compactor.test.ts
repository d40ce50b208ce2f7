import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultCompactionIntervalMs, startCompactor } from '../../../apiserver/storage/compactor.ts';
import { openEmbeddedStore } from '../../../apiserver/storage/embedded.ts';
import type { Revision, Store } from '../../../apiserver/storage/store.ts';
import { silentLogger } from '../../../component-base/logger.ts';
import { until } from '../../suites/store.ts';

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mini-k8s-compactor-'));
  store = await openEmbeddedStore(join(dir, 'store.db'));
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

/** Timers that fire when the test says so. */
function manualClock() {
  const timers: { callback(): void; ms: number }[] = [];
  return {
    timers,
    now: () => 0,
    setTimeout(callback: () => void, ms: number) {
      const timer = { callback, ms };
      timers.push(timer);
      return { cancel: () => void timers.splice(timers.indexOf(timer), 1) };
    },
  };
}

test('five minutes, as upstream', () => {
  expect(defaultCompactionIntervalMs).toBe(300_000);
});

test('of several servers one compacts in each round, to where the store was a round before', async () => {
  const compactions: { server: number; to: Revision }[] = [];
  const servers = [0, 1, 2].map((server) => {
    const clock = manualClock();
    const over: Store = {
      ...store,
      async compact(to) {
        compactions.push({ server, to });
        await store.compact(to);
      },
    };
    return { clock, compactor: startCompactor(over, { intervalMs: 1000, clock, log: silentLogger }) };
  });
  const armed = () => until(() => servers.every(({ clock }) => clock.timers.length === 1));
  const round = async () => {
    for (const { clock } of servers) clock.timers.shift()!.callback();
    await armed();
  };
  await armed();
  expect(compactions).toEqual([]);
  let before = await store.revision();
  for (let i = 1; i <= 4; i++) {
    await store.put(`/registry/a${i}`, Buffer.from('x'), { expect: 0 });
    const now = await store.revision();
    await round();
    expect(compactions).toHaveLength(i);
    expect(compactions.at(-1)!.to).toBeLessThan(now);
    expect(compactions.at(-1)!.to).toBeGreaterThanOrEqual(i === 1 ? 1 : before - 1);
    before = now;
  }
  for (const { compactor, clock } of servers) {
    compactor.stop();
    expect(clock.timers).toEqual([]);
  }
});

test('a failure is not the end; interval 0 never begins', async () => {
  const clock = manualClock();
  let fail = true;
  const over: Store = { ...store, put: (...args) => (fail ? Promise.reject(new Error('no')) : store.put(...args)) };
  const compactor = startCompactor(over, { intervalMs: 1000, clock, log: silentLogger });
  await until(() => clock.timers.length === 1);
  fail = false;
  clock.timers.shift()!.callback();
  await until(() => clock.timers.length === 1);
  expect(await store.get('compact_rev_key')).toBeDefined();
  compactor.stop();
  const never = manualClock();
  startCompactor(store, { intervalMs: 0, clock: never, log: silentLogger }).stop();
  expect(never.timers).toEqual([]);
});
