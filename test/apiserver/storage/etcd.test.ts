import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEtcdStore } from '../../../apiserver/storage/etcd.ts';
import { FutureRevision, type Store, StoreUnavailable } from '../../../apiserver/storage/store.ts';
import { follow, storeSuite, until } from '../../suites/store.ts';
import { type EtcdServer, etcdMissing, startEtcd, startProxy, type TcpProxy } from './etcdServer.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

describe.skipIf(etcdMissing)(etcdMissing ?? 'etcd store', () => {
  storeSuite('through a proxy', async () => {
    const etcd = await startEtcd();
    const proxy = await startProxy(etcd.port);
    const store = await openEtcdStore({ endpoints: [proxy.endpoint] });
    return {
      store,
      cut: () => proxy.cut(),
      async close() {
        await store.close();
        proxy.close();
        await etcd.remove();
      },
    };
  });

  describe('when things fail', () => {
    let etcd: EtcdServer;
    let proxy: TcpProxy;
    let store: Store;
    beforeAll(async () => {
      etcd = await startEtcd();
      proxy = await startProxy(etcd.port);
      store = await openEtcdStore({ endpoints: [proxy.endpoint], patienceMs: 6_000 });
    });
    afterAll(async () => {
      await store?.close();
      proxy?.close();
      await etcd?.remove();
    });

    /** Runs `write` with its answer swallowed and the connection cut after etcd has carried it out. */
    async function withoutAnswer<T>(write: () => Promise<T>, done: () => Promise<boolean>): Promise<T> {
      proxy.mute = true;
      const result = write();
      result.catch(() => {});
      await until(done);
      proxy.mute = false;
      proxy.cut();
      return result;
    }

    test('a write whose answer is lost is recognised', async () => {
      const direct = await openEtcdStore({ endpoints: [etcd.endpoint] });
      const there = (key: string) => async () => (await direct.get(key)) !== undefined;
      const key = '/registry/lost/a';
      const born = { key: '/registry/lost/born', value: bytes('born') };
      const created = await withoutAnswer(() => store.put(key, bytes('1'), { expect: 0, with: born }), there(key));
      expect(created).toEqual({ revision: (await direct.get(key))!.revision });

      const expectRevision = (created as { revision: number }).revision;
      const record = { key: '/registry/lost/record', value: bytes('record') };
      const removed = await withoutAnswer(
        () => store.delete(key, { expect: expectRevision, with: record }),
        there(record.key),
      );
      expect(removed).toEqual({ revision: (await direct.get(record.key))!.revision });
      expect(await direct.get(key)).toBeUndefined();
      await direct.close();
    });

    test('a write of unknown fate is never claimed to have worked, nor repeated', async () => {
      const direct = await openEtcdStore({ endpoints: [etcd.endpoint] });
      const key = '/registry/lost/b';
      const first = await direct.put(key, bytes('0'), { expect: 0 });
      const { revision } = first as { revision: number };
      proxy.mute = true;
      const mine = store.put(key, bytes('mine'), { expect: revision });
      mine.catch(() => {});
      await until(async () => (await direct.get(key))!.revision > revision);
      await direct.put(key, bytes('theirs'), { expect: (await direct.get(key))!.revision });
      proxy.mute = false;
      proxy.cut();
      const failure = await mine.catch((error) => error);
      expect(failure).toBeInstanceOf(StoreUnavailable);
      expect(failure.uncertain).toBe(true);
      expect((await direct.get(key))!.value.toString()).toBe('theirs');
      await direct.close();
    });

    test('the same bytes from another server are not taken for one’s own', async () => {
      const direct = await openEtcdStore({ endpoints: [etcd.endpoint] });
      for (const record of [undefined, { key: '/registry/lost/c-record', value: bytes('record') }]) {
        const key = `/registry/lost/${record ? 'c' : 'd'}`;
        const { revision } = (await direct.put(key, bytes('0'), { expect: 0 })) as { revision: number };
        await store.get(key);
        // It never arrives, and another writes what it would have written.
        proxy.deaf = true;
        const mine = store.put(key, bytes('1'), { expect: revision, with: record });
        mine.catch(() => {});
        await direct.put(key, bytes('1'), { expect: revision });
        proxy.deaf = false;
        proxy.cut();
        const failure = await mine.catch((error) => error);
        expect(failure).toBeInstanceOf(StoreUnavailable);
        expect(failure.uncertain).toBe(true);
      }
      await direct.close();
    });

    test('a second endpoint takes over, for reads, writes and watches', async () => {
      const dying = await startProxy(etcd.port);
      const two = await openEtcdStore({ endpoints: [dying.endpoint, proxy.endpoint] });
      const watch = follow(two, await two.revision());
      await two.put('/registry/two/a', bytes('1'), { expect: 0 });
      await until(() => watch.events('/registry/two/').length === 1);
      dying.close();
      await two.get('/registry/two/a');
      expect(await two.put('/registry/two/b', bytes('1'), { expect: 0 })).toHaveProperty('revision');
      await until(() => watch.events('/registry/two/').length === 2);
      await watch.stop();
      await two.close();
      const first = await openEtcdStore({ endpoints: ['http://127.0.0.1:1', proxy.endpoint] });
      expect(await first.put('/registry/two/c', bytes('1'), { expect: 0 })).toHaveProperty('revision');
      await first.close();
    });

    test('keys of nearly the same TTL share a lease', async () => {
      const prefix = '/registry/leased/';
      for (let i = 0; i < 5; i++) await store.put(`${prefix}${i}`, bytes('x'), { expect: 0, ttl: 100 });
      const response = await fetch(`${etcd.endpoint}/v3/lease/leases`, { method: 'POST', body: '{}' });
      const { leases } = (await response.json()) as { leases: unknown[] };
      expect(leases).toHaveLength(1);
    });

    test('etcd is killed and comes back: the watch goes on, writes work, nothing is lost', async () => {
      const prefix = '/registry/back/';
      const watch = follow(store, await store.revision());
      await store.put(`${prefix}a`, bytes('1'), { expect: 0 });
      await etcd.stop('SIGKILL');
      const refused = await store.put(`${prefix}b`, bytes('1'), { expect: 0 }).catch((error) => error);
      expect(refused).toBeInstanceOf(StoreUnavailable);
      // Long enough for a few back-offs; the rules that follow are the same after 20 seconds.
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await etcd.start();
      const began = Date.now();
      await store.revision();
      expect(Date.now() - began).toBeLessThan(10_000);
      expect(await store.put(`${prefix}c`, bytes('1'), { expect: 0 })).toHaveProperty('revision');
      await until(() => watch.events(prefix).some((e) => e.key === `${prefix}c`));
      await watch.stop();
      const keys = watch.events(prefix).map((e) => e.key);
      expect(keys).toEqual((await store.list(prefix)).items.map((i) => i.key));
    });

    test('a cluster restored to before what was seen is noticed', async () => {
      for (let i = 0; i < 20; i++) await store.put(`/registry/new/${i}`, bytes('x'), { expect: 0 });
      const watch = follow(store, await store.revision());
      await store.put('/registry/new/live', bytes('x'), { expect: 0 });
      await until(() => watch.events('/registry/new/').length === 1);
      await etcd.stop();
      await etcd.start(true);
      await watch.done;
      expect(watch.failure()).toBeInstanceOf(FutureRevision);
    });

    test('no member at all: one sentence', async () => {
      await expect(openEtcdStore({ endpoints: ['http://127.0.0.1:1'], patienceMs: 500 })).rejects.toThrow(
        /^etcd cannot be reached: /,
      );
    });
  });
});
