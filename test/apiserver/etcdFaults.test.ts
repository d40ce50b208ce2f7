// Two API servers on one etcd that is killed and compacted while clients count, list, page and watch through both: an error may be
// told, a wrong answer never. No acknowledged step is lost, none is made twice, no list is of a state that never was, no watch leaves one out.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEtcdStore } from '../../apiserver/storage/etcd.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo, type Reply, watchOf } from '../kit/http.ts';
import { type EtcdServer, etcdMissing, startEtcd } from './storage/etcdServer.ts';

const path = '/api/v1/namespaces/default/configmaps';
const query = 'labelSelector=counter';
const names = ['c0', 'c1', 'c2', 'c3', 'c4'];
const countOf = (o: any): number => Number(o.data.n);
const versionOf = (o: any): number => Number(o.metadata.resourceVersion);

describe.skipIf(etcdMissing)(etcdMissing ?? 'etcd fails under two API servers', () => {
  let etcd: EtcdServer;
  let servers: TestApiServer[];
  let clients: (Http & { close(): void })[];
  let stopped = false;
  /** Every version of each counter that anybody was shown. */
  const known = new Map(names.map((name) => [name, new Map<number, number>()]));
  const lists: { version: number; items: any[] }[] = [];
  const acknowledged = new Map(names.map((name) => [name, 0]));
  const uncertain = new Map(names.map((name) => [name, 0]));
  /** The newest version that a writer has been told of. */
  let newest = 0;
  /** Watchers end when they have come here. */
  let last = Number.POSITIVE_INFINITY;

  const steps = () => [...acknowledged.values()].reduce((sum, n) => sum + n, 0);

  beforeAll(async () => {
    etcd = await startEtcd();
    servers = await Promise.all([1, 2].map(() => startTestApiServer({ etcd: etcd.endpoint })));
    clients = servers.map((server) => httpTo(server));
    for (const name of names) {
      const made = await clients[0]!(path, { body: { metadata: { name, labels: { counter: '' } }, data: { n: '0' } } });
      see(made.json);
    }
  });
  afterAll(async () => {
    for (const client of clients ?? []) client.close();
    for (const server of servers ?? []) await server.stop();
    await etcd?.remove();
  });

  function see(object: any): void {
    const versions = known.get(object.metadata.name)!;
    const before = versions.get(versionOf(object));
    if (before !== undefined) expect(countOf(object)).toBe(before);
    versions.set(versionOf(object), countOf(object));
  }

  /** Undefined: no answer. */
  const ask = (client: Http, url: string, more?: Parameters<Http>[1]): Promise<Reply | undefined> =>
    client(url, more).catch(() => undefined);

  async function count(client: Http, first: number): Promise<void> {
    for (let i = first; !stopped; i++) {
      const name = names[i % names.length]!;
      const read = await ask(client, `${path}/${name}`);
      if (read?.code !== 200) {
        await pause(20);
        continue;
      }
      see(read.json);
      const body = { ...read.json, data: { n: String(countOf(read.json) + 1) } };
      const written = await ask(client, `${path}/${name}`, { method: 'PUT', body });
      if (written?.code === 200) {
        see(written.json);
        newest = Math.max(newest, versionOf(written.json));
        acknowledged.set(name, acknowledged.get(name)! + 1);
      } else if (written?.code !== 409) uncertain.set(name, uncertain.get(name)! + 1);
    }
  }

  async function list(client: Http): Promise<void> {
    while (!stopped) {
      const floor = newest;
      const found = await ask(client, `${path}?${query}`);
      if (found?.code === 200) {
        // Nothing that was acknowledged before it was asked is missing.
        expect(Number(found.json.metadata.resourceVersion)).toBeGreaterThanOrEqual(floor);
        lists.push({ version: Number(found.json.metadata.resourceVersion), items: found.json.items });
      }
      await pause(10);
    }
  }

  /** Each page through another server than the one before. */
  async function pages(): Promise<void> {
    for (let i = 0; !stopped; ) {
      const items: any[] = [];
      let version: string | undefined;
      for (let token: string | undefined = ''; token !== undefined && !stopped; i++) {
        const found = await ask(clients[i % 2]!, `${path}?${query}&limit=2${token && `&continue=${token}`}`);
        if (found?.code !== 200) break;
        version ??= found.json.metadata.resourceVersion;
        expect(found.json.metadata.resourceVersion).toBe(version);
        items.push(...found.json.items);
        token = found.json.metadata.continue;
        if (token === undefined) lists.push({ version: Number(version), items });
        await pause(15);
      }
    }
  }

  /** A client as informers are: lists, watches on from there, comes back where it was, lists anew when told that it is too late. */
  async function watch(server: TestApiServer, client: Http): Promise<Map<string, any>> {
    const view = new Map<string, any>();
    let version = 0;
    while (version < last) {
      if (version === 0) {
        const found = await ask(client, `${path}?${query}`);
        if (found?.code !== 200) {
          await pause(20);
          continue;
        }
        version = Number(found.json.metadata.resourceVersion);
        view.clear();
        for (const object of found.json.items) view.set(object.metadata.name, object);
      }
      const stream = watchOf(server, `${path}?watch=1&${query}&resourceVersion=${version}&timeoutSeconds=1`);
      await stream.done;
      for (const { type, object } of stream.events) {
        if (type === 'ERROR') {
          version = 0;
          break;
        }
        expect(type).toBe('MODIFIED');
        expect(versionOf(object)).toBeGreaterThan(version);
        // Each step is told, and once.
        expect(countOf(object)).toBe(countOf(view.get(object.metadata.name)) + 1);
        see(object);
        version = versionOf(object);
        view.set(object.metadata.name, object);
      }
    }
    return view;
  }

  test('nothing that is answered is wrong', async () => {
    const watches = servers.map((server, i) => watch(server, clients[i]!));
    const work = [...clients.flatMap((client, i) => [count(client, i), count(client, i + 2), list(client)]), pages()];
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/registry/' });
    const faults = async () => {
      for (let round = 0; round < 2; round++) {
        await pause(1000);
        await etcd.stop('SIGKILL');
        await pause(300);
        await etcd.start();
        const before = newest;
        await until(() => newest > before, 20_000, 'writes going on');
        await store.compact(await store.revision());
      }
      await pause(500);
      await until(() => steps() > 50 && lists.length > 20, 20_000, 'enough to look at');
      stopped = true;
    };
    await Promise.all([faults(), ...work]);
    await store.close();

    const final = await clients[0]!(`${path}?${query}`);
    last = Math.max(...final.json.items.map(versionOf));
    for (const object of final.json.items) {
      const { name } = object.metadata;
      expect(countOf(object)).toBeGreaterThanOrEqual(acknowledged.get(name)!);
      expect(countOf(object)).toBeLessThanOrEqual(acknowledged.get(name)! + uncertain.get(name)!);
    }
    const shown = (objects: Iterable<any>) => [...objects].map((o) => `${o.metadata.name} ${countOf(o)}`).sort();
    for (const view of await Promise.all(watches)) expect(shown(view.values())).toEqual(shown(final.json.items));
    for (const { version, items } of lists) {
      expect(items.map((o) => o.metadata.name)).toEqual(names);
      for (const object of items) {
        see(object);
        const later = [...known.get(object.metadata.name)!.keys()].find((v) => v > versionOf(object) && v <= version);
        expect(later, `${object.metadata.name} in a list at ${version}`).toBeUndefined();
      }
    }
  });
});
