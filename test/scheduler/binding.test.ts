// What becomes of a pod when binding does not go as planned: a client that answers as told, everything else as it runs.
import { afterEach, describe, expect, it } from 'vitest';
import { realClock } from '../../apimachinery/clock.ts';
import { nodes, pods, type Resource } from '../../apimachinery/resources.ts';
import { conflict, forbidden, internalError, notFound } from '../../apimachinery/status.ts';
import type { KubeObject, Pod } from '../../apimachinery/types.ts';
import { type Client, ConnectionError } from '../../client/client.ts';
import { createInformerCache, type InformerCache } from '../../client/informerCache.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { assemble } from '../../scheduler/assemble.ts';
import { defaultConfig } from '../../scheduler/config.ts';
import { runScheduler } from '../../scheduler/scheduler.ts';
import { node, pod } from './objects.ts';

const stored = (p: Pod, nodeName?: string): Pod => ({ ...p, spec: { ...p.spec!, ...(nodeName && { nodeName }) } });

/** A scheduler of one node with room for one pod of 1 CPU. `bind` is asked at each try, counted from 1. */
function setUp(bind: (tries: number, name: string) => Promise<void> | void, get: () => Pod = () => pod('p')) {
  const informers = new Map<string, InformerCache<any>>();
  const informer = <T extends KubeObject>(r: Resource<T>): InformerCache<T> => {
    if (!informers.has(r.plural)) informers.set(r.plural, createInformerCache(r, silentLogger));
    return informers.get(r.plural)!;
  };
  const binds: string[] = [];
  const patches: any[] = [];
  const told: any[] = [];
  const client = {
    async post(_r: unknown, name: string) {
      binds.push(name);
      await bind(binds.length, name);
    },
    get: async () => get(),
    async patch(_r: unknown, _name: string, _ns: string, _type: string, body: any) {
      patches.push(body.status);
    },
    async create(_r: unknown, event: any) {
      told.push([event.reason, event.message]);
      return event;
    },
  } as unknown as Client;
  const ending = new AbortController();
  const scheduler = assemble(
    { ...defaultConfig, initialBackoff: 20, maxBackoff: 40 },
    {
      client,
      informers: { informer, start: async () => {} },
      clock: realClock,
      random: () => 0.5,
      log: silentLogger,
      signal: ending.signal,
    },
  );
  const see = (p: Pod, type: 'ADDED' | 'MODIFIED' | 'DELETED' = 'ADDED') =>
    informer(pods).apply(type, { ...p, spec: { ...p.spec, schedulerName: 'default-scheduler' } } as any);
  informer(nodes).apply('ADDED', node('a', { cpu: '1' }) as any);
  const ended = runScheduler(scheduler, ending.signal);
  return { scheduler, see, binds, patches, told, ending, ended };
}

let running: { ending: AbortController; ended: Promise<void> } | undefined;
afterEach(async () => {
  running?.ending.abort();
  await running?.ended;
});

function start(...args: Parameters<typeof setUp>) {
  const s = setUp(...args);
  running = s;
  return s;
}

const one = () => pod('p', { cpu: '1' });
const poll = expect.poll;

describe('a binding', () => {
  it('that is refused is tried again, and said so', async () => {
    const s = start((tries) => {
      if (tries === 1) throw forbidden(pods, 'p', 'not today');
    });
    s.see(one());
    await poll(() => s.binds.length).toBe(2);
    await poll(() => s.told).toContainEqual(['FailedScheduling', expect.stringContaining('binding rejected: ')]);
    expect(s.patches[0].conditions[0]).toMatchObject({ status: 'False', reason: 'SchedulerError' });
    await poll(() => s.told.at(-1)).toEqual(['Scheduled', 'Successfully assigned default/p to a']);
  });

  it.each([
    ['went to another scheduler', () => conflict({ group: '', plural: 'pods/binding' }, 'p', 'is already assigned')],
    ['is of a pod that is gone', () => notFound(pods, 'p')],
  ])('that %s is nobody’s failure', async (_what, error) => {
    const s = start(() => {
      throw error();
    });
    s.see(one());
    await poll(() => s.binds.length).toBe(1);
    await poll(() => s.scheduler.cache.counts().assumedPods).toBe(0);
    s.see(stored(one(), 'elsewhere'), 'MODIFIED');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(s.binds).toHaveLength(1);
    expect(s.told).toEqual([]);
    expect(s.patches).toEqual([]);
  });

  it.each([
    ['an unanswered one', () => new ConnectionError('cut')],
    ['a 500', () => internalError('etcd went away')],
  ])('%s that was stored is done', async (_what, error) => {
    const s = start(
      () => {
        throw error();
      },
      () => stored(one(), 'a'),
    );
    s.see(one());
    await poll(() => s.told).toEqual([['Scheduled', 'Successfully assigned default/p to a']]);
    expect(s.scheduler.cache.isAssumed('uid-p')).toBe(true);
    expect(s.binds).toHaveLength(1);
  });

  it('without an answer keeps its place until the API server says that nothing was stored', async () => {
    let away = true;
    const s = start(
      (tries) => {
        if (tries === 1) throw new ConnectionError('cut');
      },
      () => {
        if (away) throw new ConnectionError('refused');
        return one();
      },
    );
    s.see(one());
    await poll(() => s.binds.length).toBe(1);
    s.see(pod('q', { cpu: '1' }));
    await poll(() => s.told.map(([reason]) => reason)).toContain('FailedScheduling');
    expect(s.binds).toEqual(['p']);
    away = false;
    await poll(() => s.binds.length).toBe(2);
    expect(s.scheduler.cache.counts().assumedPods).toBe(1);
  });

  it('is not begun once the lead has ended', async () => {
    const s = start(() => {});
    s.ending.abort();
    s.see(one());
    await s.ended;
    expect(s.binds).toEqual([]);
  });

  it('of a pod that is deleted meanwhile gives its place to the next', async () => {
    const answer = Promise.withResolvers<void>();
    const s = start(async (tries) => {
      if (tries > 1) return;
      await answer.promise;
      throw notFound(pods, 'p');
    });
    s.see(one());
    await poll(() => s.binds).toEqual(['p']);
    s.see(pod('q', { cpu: '1' }));
    await poll(() => s.told.length).toBe(1);
    s.see(one(), 'DELETED');
    await poll(() => s.binds).toEqual(['p', 'q']);
    answer.resolve();
  });
});

it('binds no more than 32 at the same time', async () => {
  const answer = Promise.withResolvers<void>();
  const s = start(() => answer.promise);
  for (let i = 0; i < 50; i++) s.see(pod(`p${i}`, { cpu: '1m' }));
  await poll(() => s.binds.length).toBe(32);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(s.binds).toHaveLength(32);
  answer.resolve();
  await poll(() => s.binds.length).toBe(50);
});
