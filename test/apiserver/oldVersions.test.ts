// Versions that the store no longer has: compacted ones, and those of a past that a restore has undone.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../kit/http.ts';
import { type EtcdServer, etcdMissing, startEtcd } from './storage/etcdServer.ts';

const cms = '/api/v1/namespaces/default/configmaps';
const label = 'labelSelector=mine';
const nameOf = (o: any): string => o.metadata.name;
const make = (http: Http, name: string) => http(cms, { body: { metadata: { name, labels: { mine: '' } } } });

const stores: [string, boolean][] = [
  ['the embedded store', false],
  ['etcd', true],
];
describe.each(stores)('compaction of %s', (_name, onEtcd) => {
  const skip = onEtcd && etcdMissing !== undefined;
  let etcd: EtcdServer | undefined;
  let server: TestApiServer;
  let http: Http & { close(): void };
  beforeAll(async () => {
    if (skip) return;
    if (onEtcd) etcd = await startEtcd();
    server = await startTestApiServer({ etcd: etcd?.endpoint, flags: ['--etcd-compaction-interval=300ms'] });
    http = httpTo(server);
  });
  afterAll(async () => {
    http?.close();
    await server?.stop();
    await etcd?.remove();
  });

  it.skipIf(skip)('a token that is too old comes with one that goes on with what is there now', async () => {
    for (let i = 0; i < 9; i++) await make(http, `c${i}`);
    const first = (await http(`${cms}?${label}&limit=3`)).json;
    const old = first.metadata.resourceVersion;
    const second = `${cms}?limit=2&continue=${first.metadata.continue}&${label}`;
    let expired: any;
    await until(async () => {
      // Changes let the snapshot leave the cache.
      await http(`${cms}/c0`, { method: 'DELETE' });
      await make(http, 'c0');
      expired = (await http(second)).json;
      return expired.code !== undefined;
    });
    expect(expired).toMatchObject({
      code: 410,
      reason: 'Expired',
      message: expect.stringContaining(
        'The provided continue parameter is too old to display a consistent list result.',
      ),
    });
    await http(`${cms}/c4`, { method: 'DELETE' });
    const rest: string[] = [];
    let token = expired.metadata.continue;
    const versions = new Set<string>();
    for (let page: any; token; token = page.metadata.continue) {
      page = (await http(`${cms}?limit=2&continue=${token}&${label}`)).json;
      rest.push(...page.items.map(nameOf));
      versions.add(page.metadata.resourceVersion);
    }
    expect(rest).toEqual(['c3', 'c5', 'c6', 'c7', 'c8']);
    expect(versions.size).toBe(1);
    expect([...versions][0]).not.toBe(old);

    const exact = await http(`${cms}?resourceVersion=${old}&resourceVersionMatch=Exact`);
    expect([exact.code, exact.json.reason, exact.json.message]).toEqual([
      410,
      'Expired',
      'The resourceVersion for the provided list is too old.',
    ]);
    // Reads that take anything newer are as good as ever.
    expect((await http(`${cms}?resourceVersion=${old}&resourceVersionMatch=NotOlderThan`)).code).toBe(200);
    expect((await http(`${cms}/c5?resourceVersion=${old}`)).code).toBe(200);
  });
  it.skipIf(skip)('a watch from long ago is told so', async () => {
    // A server that has just begun remembers nothing.
    await server.kill();
    await server.restart();
    const w = watchOf(server, `${cms}?watch=1&resourceVersion=1`);
    await w.done;
    expect(w.events).toMatchObject([
      {
        type: 'ERROR',
        object: {
          code: 410,
          reason: 'Expired',
          message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/),
        },
      },
    ]);
  });
});

describe('a data file put back from a backup', () => {
  it('leaves no watcher with what is no more', async () => {
    const server = await startTestApiServer({ process: true });
    const http = httpTo(server);
    try {
      const file = join(server.folder, 'state.db');
      await make(http, 'kept');
      await server.kill();
      for (const suffix of ['', '-wal']) copyFileSync(file + suffix, `${file}.backup${suffix}`);
      await server.restart();
      for (let i = 0; i < 5; i++) await make(http, `lost${i}`);
      const seen = (await http(`${cms}?${label}`)).json.metadata.resourceVersion;
      // As much time as the note of the revision may take.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await server.kill();
      rmSync(`${file}-shm`, { force: true });
      for (const suffix of ['', '-wal']) copyFileSync(`${file}.backup${suffix}`, file + suffix);
      await server.restart();
      // More is written than was lost: the versions would meet again.
      for (let i = 0; i < 9; i++) await make(http, `new${i}`);
      const w = watchOf(server, `${cms}?watch=1&${label}&resourceVersion=${seen}`);
      await w.done;
      expect(w.events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
      const now = (await http(`${cms}?${label}&resourceVersion=${seen}`)).json;
      expect(now.items.map(nameOf)).toEqual(['kept', ...Array.from({ length: 9 }, (_, i) => `new${i}`)]);
    } finally {
      http.close();
      await server.stop();
    }
  });
});
