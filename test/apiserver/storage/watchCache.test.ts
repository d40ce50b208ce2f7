import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realClock } from '../../../apimachinery/clock.ts';
import { encodeStored } from '../../../apiserver/storage/bytes.ts';
import type { CacheEvent, CacheSpec, ResourceCache, WatchCache } from '../../../apiserver/storage/cached.ts';
import { openEmbeddedStore } from '../../../apiserver/storage/embedded.ts';
import { openEtcdStore } from '../../../apiserver/storage/etcd.ts';
import { Compacted, FutureRevision, type Revision, type Store } from '../../../apiserver/storage/store.ts';
import { createWatchCache } from '../../../apiserver/storage/watchCache.ts';
import { silentLogger } from '../../../component-base/logger.ts';
import { until } from '../../suites/store.ts';
import { etcdMissing, startEtcd } from './etcdServer.ts';

const pods: CacheSpec = {
  prefix: '/registry/pods/',
  namespaced: true,
  fields: (pod) => ({
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace ?? '',
    'spec.nodeName': pod['spec']?.nodeName ?? '',
  }),
};
const services: CacheSpec = { ...pods, prefix: '/registry/services/specs/' };
const nodes: CacheSpec = { ...pods, prefix: '/registry/minions/', namespaced: false };

const keyOf = (namespace: string, name: string): string => `/registry/pods/${namespace}/${name}`;
const pod = (namespace: string, name: string, more: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid: `uid-${name}`, labels: { app: name } },
  spec: { nodeName: 'node-1' },
  ...more,
});

let dir: string;
let store: Store;
let cache: WatchCache;
const opened: WatchCache[] = [];

const cacheOver = (over: Store, clock = realClock, historySize?: number): WatchCache => {
  const made = createWatchCache(over, { log: silentLogger, clock, historySize });
  opened.push(made);
  return made;
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mini-k8s-cache-'));
  store = await openEmbeddedStore(join(dir, 'store.db'));
  cache = cacheOver(store);
});
afterEach(async () => {
  for (const made of opened.splice(0)) await made.close();
  await store.close();
  rmSync(dir, { recursive: true });
});

async function put(key: string, object: object, into = store): Promise<Revision> {
  const held = await into.get(key);
  const written = await into.put(key, encodeStored(object as any), { expect: held?.revision ?? 0 });
  if ('conflict' in written) throw new Error('conflict');
  return written.revision;
}

async function remove(key: string, from = store): Promise<Revision> {
  const written = await from.delete(key, { expect: (await from.get(key))!.revision });
  if ('conflict' in written) throw new Error('conflict');
  return written.revision;
}

const names = (resource: ResourceCache, options = {}): string[] =>
  resource.list(options).map((c) => (c.namespace ? `${c.namespace}/${c.name}` : c.name));

const collect = (resource: ResourceCache, from: Revision): CacheEvent[] => {
  const events: CacheEvent[] = [];
  resource.subscribe(from, (event) => events.push(event));
  return events;
};

/** What a watcher holds after these events. */
function replay(events: readonly CacheEvent[], start: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const state = new Map(start);
  for (const { type, current } of events) {
    if (type === 'DELETED') state.delete(current.key);
    else state.set(current.key, current.bytes.toString());
  }
  return state;
}
const stateOf = (resource: ResourceCache): Map<string, string> =>
  new Map(resource.list().map((c) => [c.key, c.bytes.toString()]));
const sorted = (state: Map<string, string>) => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

describe('reading', () => {
  test('an object has its bytes, its labels, its fields, and is parsed on demand', async () => {
    const revision = await put(keyOf('default', 'web'), pod('default', 'web'));
    const resource = await cache.resource(pods);
    const held = resource.get(keyOf('default', 'web'))!;
    expect(held.bytes.toString()).toBe(
      `{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"${revision}","name":"web","namespace":"default","uid":"uid-web","labels":{"app":"web"}},"spec":{"nodeName":"node-1"}}`,
    );
    expect([held.namespace, held.name, held.revision]).toEqual(['default', 'web', revision]);
    expect(held.labels).toEqual({ app: 'web' });
    expect(held.fields).toEqual({ 'metadata.name': 'web', 'metadata.namespace': 'default', 'spec.nodeName': 'node-1' });
    expect(held.object()).toEqual(JSON.parse(held.bytes.toString()));
    expect(held.object()).toBe(held.object());
  });

  test('lists in key order, by namespace, in pages', async () => {
    for (const [namespace, name] of [
      ['b', 'x'],
      ['a', 'y'],
      ['ab', 'z'],
      ['a', 'x'],
    ] as const) {
      await put(keyOf(namespace, name), pod(namespace, name));
    }
    await put('/registry/services/specs/a/x', pod('a', 'x'));
    await put('/registry/minions/n', pod('', 'n'));
    const resource = await cache.resource(pods);
    expect(names(resource)).toEqual(['a/x', 'a/y', 'ab/z', 'b/x']);
    expect(names(resource, { namespace: 'a' })).toEqual(['a/x', 'a/y']);
    expect(names(resource, { after: keyOf('a', 'x'), limit: 2 })).toEqual(['a/y', 'ab/z']);
    expect(resource.size).toBe(4);
    expect(names(await cache.resource(services))).toEqual(['a/x']);
    expect(names(await cache.resource(nodes))).toEqual(['n']);
  });

  test('a read after an acknowledged write sees it', async () => {
    const resource = await cache.resource(pods);
    for (let i = 0; i < 50; i++) {
      const revision = await put(keyOf('default', 'web'), pod('default', 'web', { n: i }));
      expect(await cache.fresh()).toBeGreaterThanOrEqual(revision);
      expect(resource.get(keyOf('default', 'web'))!.revision).toBe(revision);
      expect(resource.revision).toBe(cache.revision);
      expect(resource.lastChange).toBe(revision);
    }
  });

  test('what is no object is passed over, and its key counts as absent', async () => {
    const resource = await cache.resource(pods);
    await put(keyOf('default', 'a'), pod('default', 'a'));
    const events = collect(resource, await cache.fresh());
    for (const [name, value] of Object.entries({ a: 'no json', b: '[]', c: 'null', d: '{"kind":"Pod"}' })) {
      const held = await store.get(keyOf('default', name));
      await store.put(keyOf('default', name), Buffer.from(value), { expect: held?.revision ?? 0 });
    }
    await put(keyOf('default', 'e'), pod('default', 'e'));
    await cache.fresh();
    expect(names(resource)).toEqual(['default/e']);
    expect(events.map((e) => [e.type, e.current.name])).toEqual([
      ['DELETED', 'a'],
      ['ADDED', 'e'],
    ]);
    expect(names(await cacheOver(store).resource(pods))).toEqual(['default/e']);
  });

  test('reached waits, and gives up', async () => {
    await cache.resource(pods);
    const later = (await store.revision()) + 1;
    const waiting = cache.reached(later, 10_000);
    await put(keyOf('default', 'a'), pod('default', 'a'));
    await waiting;
    await expect(cache.reached(later + 1000, 20)).rejects.toBeInstanceOf(FutureRevision);
  });

  test('a resource first asked for in the middle of writes has them all', async () => {
    await Promise.all(Array.from({ length: 1500 }, (_, i) => put(keyOf('default', `p${i}`), pod('default', `p${i}`))));
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        if (i % 3 === 2) await remove(keyOf('default', `p${i}`));
        else await put(keyOf('default', `p${i}`), pod('default', `p${i}`, { i }));
      }
    })();
    const resource = await cacheOver(store).resource(pods);
    writing = false;
    await writer;
    await until(async () => resource.revision === (await store.revision()));
    const stored = (await store.list(pods.prefix)).items.map((i) => [i.key, i.revision]);
    expect(resource.list().map((c) => [c.key, c.revision])).toEqual(stored);
  });
});

describe('events', () => {
  test('carry what was before; a deletion its own revision', async () => {
    const resource = await cache.resource(pods);
    const start = resource.revision;
    const one = await put(keyOf('default', 'a'), pod('default', 'a', { n: 1 }));
    const two = await put(keyOf('default', 'a'), pod('default', 'a', { n: 2 }));
    const three = await remove(keyOf('default', 'a'));
    await cache.fresh();
    const events = collect(resource, start);
    expect(events.map((e) => [e.type, e.revision, e.current.revision, e.previous?.revision])).toEqual([
      ['ADDED', one, one, undefined],
      ['MODIFIED', two, two, one],
      ['DELETED', three, three, two],
    ]);
    const last = events[2]!.current;
    expect(last.object()).toEqual({
      ...pod('default', 'a', { n: 2 }),
      metadata: { ...pod('default', 'a').metadata, resourceVersion: String(three) },
    });
    expect([last.labels, last.fields['spec.nodeName']]).toEqual([{ app: 'a' }, 'node-1']);
  });

  test('whoever comes at any moment misses none and sees none twice', async () => {
    const resource = await cache.resource(pods);
    const watchers: { start: Map<string, string>; events: CacheEvent[] }[] = [];
    for (let i = 0; i < 400; i++) {
      const key = keyOf('default', `p${(i * 7) % 13}`);
      if (i % 5 === 4 && (await store.get(key))) await remove(key);
      else await put(key, pod('default', `p${(i * 7) % 13}`, { i }));
      if (i % 20 === 0) watchers.push({ start: stateOf(resource), events: collect(resource, resource.revision) });
    }
    // One that comes while an event is being told.
    let nested: CacheEvent[] | undefined;
    const before = stateOf(resource);
    resource.subscribe(resource.revision, (event) => {
      nested ??= collect(resource, event.revision - 1);
    });
    await put(keyOf('default', 'p1'), pod('default', 'p1', { last: true }));
    await cache.fresh();
    watchers.push({ start: before, events: nested! });
    for (const { start, events } of watchers) {
      const revisions = events.map((e) => e.revision);
      expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
      expect(sorted(replay(events, start))).toEqual(sorted(stateOf(resource)));
    }
  });

  test('are remembered for a while; who is older must list anew', async () => {
    let now = 0;
    const clock = { ...realClock, now: () => now };
    const resource = await cacheOver(store, clock, 5).resource(pods);
    const revisions: Revision[] = [];
    for (let i = 0; i < 20; i++) revisions.push(await put(keyOf('default', `p${i}`), pod('default', `p${i}`)));
    await until(() => resource.revision === revisions[19]);
    expect(collect(resource, revisions[0]!)).toHaveLength(19);
    now = 76_000;
    revisions.push(await put(keyOf('default', 'x'), pod('default', 'x')));
    await until(() => resource.revision === revisions[20]);
    expect(collect(resource, revisions[15]!)).toHaveLength(5);
    expect(() => collect(resource, revisions[14]!)).toThrow(Compacted);
  });

  test('forms are shared by those who keep up, and not kept for ever', async () => {
    const resource = await cache.resource(pods);
    const start = resource.revision;
    const [one, two] = [collect(resource, start), collect(resource, start)];
    await put(keyOf('default', 'a'), pod('default', 'a'));
    await cache.fresh();
    one[0]!.forms.set('json', Buffer.from('x'));
    expect(two[0]!.forms.get('json')?.toString()).toBe('x');
    for (let i = 0; i < 150; i++) await put(keyOf('default', 'b'), pod('default', 'b', { i }));
    await cache.fresh();
    expect(collect(resource, start)[0]!.forms.size).toBe(0);
  });

  test('progress comes when others change; a failing watcher is ended alone', async () => {
    const resource = await cache.resource(pods);
    const progress: Revision[] = [];
    let ended = 0;
    const seen: Revision[] = [];
    resource.subscribe(
      resource.revision,
      () => {
        throw new Error('broken watcher');
      },
      undefined,
      () => ended++,
    );
    const leave = resource.subscribe(
      resource.revision,
      (e) => seen.push(e.revision),
      (r) => progress.push(r),
    );
    const one = await put('/registry/minions/n', pod('', 'n'));
    await cache.fresh();
    const two = await put(keyOf('default', 'a'), pod('default', 'a'));
    await cache.fresh();
    expect([progress, seen, ended]).toEqual([[one], [two], 1]);
    leave();
    await put(keyOf('default', 'b'), pod('default', 'b'));
    await cache.fresh();
    expect(seen).toEqual([two]);
  });

  test('a dropped resource ends its watchers', async () => {
    const resource = await cache.resource(pods);
    let ended = 0;
    resource.subscribe(
      resource.revision,
      () => {},
      undefined,
      () => ended++,
    );
    cache.drop(pods.prefix);
    expect(ended).toBe(1);
    expect(await cache.resource(pods)).not.toBe(resource);
    const filling = cache.resource(nodes);
    cache.drop(nodes.prefix);
    await expect(filling).rejects.toThrow(/was dropped/);
    expect((await cache.resource(nodes)).size).toBe(0);
  });
});

describe('hints', () => {
  test('spare the parsing of what was just encoded, and of nothing else', async () => {
    const resource = await cache.resource(pods);
    const object = pod('default', 'a');
    const value = encodeStored(object as any);
    cache.hint(keyOf('default', 'a'), value, object as any);
    const written = await store.put(keyOf('default', 'a'), value, { expect: 0 });
    await cache.fresh();
    const held = resource.get(keyOf('default', 'a'))!;
    expect(held.object()).toBe(object);
    expect(held.object().metadata.resourceVersion).toBe(String((written as { revision: number }).revision));
    expect(held.object()).toEqual(JSON.parse(held.bytes.toString()));

    const other = pod('default', 'a', { mine: true });
    cache.hint(keyOf('default', 'a'), encodeStored(other as any), other as any);
    await put(keyOf('default', 'a'), pod('default', 'a', { theirs: true }));
    await cache.fresh();
    expect(resource.get(keyOf('default', 'a'))!.object()['theirs']).toBe(true);
  });
});

describe('consistent reads of a store elsewhere', () => {
  test('one look serves those who came before it was sent; later ones start the next', async () => {
    const looks: PromiseWithResolvers<void>[] = [];
    let watching = false;
    const remote: Store = {
      ...store,
      known: undefined,
      async revision() {
        if (!watching) return store.revision();
        const look = Promise.withResolvers<void>();
        looks.push(look);
        const revision = await store.revision();
        await look.promise;
        return revision;
      },
    };
    const over = cacheOver(remote);
    await over.resource(pods);
    watching = true;
    const first = [over.fresh(), over.fresh()];
    await until(() => looks.length === 1);
    const written = await put(keyOf('default', 'a'), pod('default', 'a'));
    const second = [over.fresh(), over.fresh(), over.fresh()];
    looks[0]!.resolve();
    await Promise.all(first);
    await until(() => looks.length === 2);
    looks[1]!.resolve();
    for (const revision of await Promise.all(second)) expect(revision).toBeGreaterThanOrEqual(written);
    expect(looks).toHaveLength(2);
  });
});

describe('a broken feed', () => {
  /** The store, with a feed that a test can break. */
  function breakable() {
    let failure: PromiseWithResolvers<never> = Promise.withResolvers();
    let over = store;
    let open = Promise.resolve();
    const remote: Store = {
      get: (key) => over.get(key),
      list: (prefix, options) => over.list(prefix, options),
      put: (key, value, options) => over.put(key, value, options),
      delete: (key, options) => over.delete(key, options),
      trim: (prefix, limit) => over.trim(prefix, limit),
      revision: () => over.revision(),
      compact: (revision) => over.compact(revision),
      close: () => over.close(),
      async *watch(from, signal) {
        await open;
        const events = over.watch(from, signal)[Symbol.asyncIterator]();
        for (;;) {
          const next = await Promise.race([events.next(), failure.promise]);
          if (next.done) return;
          yield next.value;
        }
      },
    };
    return {
      remote,
      /** Breaks the feed with `error`; the result lets it go on. */
      fail(error: Error): () => void {
        const gate = Promise.withResolvers<void>();
        open = gate.promise;
        failure.promise.catch(() => {});
        failure.reject(error);
        failure = Promise.withResolvers();
        return () => gate.resolve();
      },
      turnTo(other: Store) {
        over = other;
      },
    };
  }

  test('is taken up again where it broke', async () => {
    const { remote, fail } = breakable();
    const resource = await cacheOver(remote).resource(pods);
    const events = collect(resource, resource.revision);
    await put(keyOf('default', 'a'), pod('default', 'a'));
    await until(() => events.length === 1);
    const mend = fail(new Error('connection lost'));
    await put(keyOf('default', 'b'), pod('default', 'b'));
    await remove(keyOf('default', 'a'));
    mend();
    await until(() => events.length === 3);
    expect(events.map((e) => [e.type, e.current.name])).toEqual([
      ['ADDED', 'a'],
      ['ADDED', 'b'],
      ['DELETED', 'a'],
    ]);
  });

  test('with its gap compacted away: watchers are ended, since they could not be told all of it, and the gap is refused to newcomers', async () => {
    const { remote, fail } = breakable();
    const over = cacheOver(remote);
    const resource = await over.resource(pods);
    for (const name of ['changed', 'gone', 'same']) await put(keyOf('default', name), pod('default', name));
    await until(() => resource.size === 3);
    const events: CacheEvent[] = [];
    let ended = 0;
    resource.subscribe(
      resource.revision,
      (event) => events.push(event),
      undefined,
      () => ended++,
    );
    const mend = fail(new Error('connection lost'));
    await put(keyOf('default', 'new'), pod('default', 'new'));
    const inside = await put(keyOf('default', 'changed'), pod('default', 'changed', { n: 1 }));
    await put(keyOf('default', 'changed'), pod('default', 'changed', { n: 2 }));
    await remove(keyOf('default', 'gone'));
    await store.compact(await store.revision());
    mend();
    await until(async () => resource.revision === (await store.revision()));
    expect([ended, events]).toEqual([1, []]);
    expect(stateOf(resource)).toEqual(stateOf(await cacheOver(store).resource(pods)));
    expect(() => resource.subscribe(inside, () => {})).toThrow(Compacted);
    const again = collect(resource, resource.revision);
    await put(keyOf('default', 'after'), pod('default', 'after'));
    await until(() => again.length === 1);
    expect(over.healthy).toBe(true);
  });

  test('onto an older state (a restored backup): all watchers are ended, reads give the older state', async () => {
    const { remote, fail, turnTo } = breakable();
    const over = cacheOver(remote);
    const resource = await over.resource(pods);
    const older = await openEmbeddedStore(join(dir, 'older.db'));
    await put(keyOf('default', 'a'), pod('default', 'a', { from: 'backup' }), older);
    for (let i = 0; i < 10; i++) await put(keyOf('default', `p${i}`), pod('default', `p${i}`));
    await until(() => resource.size === 10);
    let ended = 0;
    const seen: CacheEvent[] = [];
    resource.subscribe(
      resource.revision,
      (e) => seen.push(e),
      undefined,
      () => ended++,
    );
    const mend = fail(new Error('connection lost'));
    turnTo(older);
    mend();
    await until(() => ended === 1);
    expect(seen).toEqual([]);
    expect(names(resource)).toEqual(['default/a']);
    expect(resource.revision).toBe(await older.revision());
    const events = collect(resource, resource.revision);
    await put(keyOf('default', 'b'), pod('default', 'b'), older);
    await until(() => events.length === 1);
    await older.close();
  });
});

describe.skipIf(etcdMissing)(etcdMissing ?? 'over etcd', () => {
  test('reads are consistent, foreign keys included, and events complete', async () => {
    const etcd = await startEtcd();
    const remote = await openEtcdStore({ endpoints: [etcd.endpoint] });
    const over = cacheOver(remote);
    const resource = await over.resource(pods);
    const events = collect(resource, resource.revision);
    for (let i = 0; i < 30; i++) {
      const revision = await put(keyOf('default', `p${i % 7}`), pod('default', `p${i % 7}`, { i }), remote);
      if (i % 10 === 9) await remote.put(`foreign-${i}`, Buffer.from('x'), { expect: 0 });
      expect(await over.fresh()).toBeGreaterThanOrEqual(revision);
      expect(resource.get(keyOf('default', `p${i % 7}`))!.revision).toBe(revision);
      expect(over.revision).toBe(await remote.revision());
    }
    expect(events).toHaveLength(30);
    expect(sorted(replay(events))).toEqual(sorted(stateOf(resource)));
    await over.close();
    await remote.close();
    await etcd.remove();
  });
});
