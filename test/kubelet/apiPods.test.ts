import { afterAll, beforeAll, expect, it } from 'vitest';
import { causeText } from '../../apimachinery/cause.ts';
import { realClock } from '../../apimachinery/clock.ts';
import { pods, type Resource, serviceAccounts } from '../../apimachinery/resources.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { watchApi } from '../../kubelet/sources/apiPods.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';

let server: TestApiServer;
let client: Client;
beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } }).catch(() => undefined);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

const create = (name: string) =>
  client.create(pods, {
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
  } as never);

it('a pod has the word start-up among its causes only if it was there at the start', async () => {
  const old = await create('old');
  const released = Promise.withResolvers<void>();
  // Services are listed late: what comes for the pods in between is told afterwards.
  const late = <T>(r: Resource, work: () => Promise<T>) =>
    r.plural === 'services' ? released.promise.then(work) : work();
  let podWatches = 0;
  const taken = new Set<string>();
  const slow: Client = {
    ...client,
    list: (r, o) => late(r as Resource, () => client.list(r, o)),
    async *watch(r, o, signal) {
      if (r.plural === 'pods') podWatches++;
      await late(r as Resource, async () => undefined);
      for await (const event of client.watch(r, o, signal)) {
        yield event;
        taken.add((event.object as KubeObject).metadata.name);
      }
    },
  };
  const told = new Map<string, string[]>();
  const ending = new AbortController();
  const deps = { client: slow, clock: realClock, random: Math.random, log: silentLogger };
  const source = watchApi(
    deps,
    'n1',
    {
      pod: (p, causes) => void told.set(p.metadata.name, causes.map(causeText)),
      podGone() {},
      node() {},
      synced() {},
    },
    ending.signal,
  );
  await until(() => podWatches > 0, 30_000, 'the watch of pods');
  const early = await create('early');
  await until(() => taken.has('early'), 30_000, 'its event');
  expect([...told.keys()]).toEqual([]);
  released.resolve();
  await until(() => source.synced);
  const after = await create('after');
  await until(() => told.has('after'));
  ending.abort();
  expect(Object.fromEntries(told)).toEqual({
    old: ['start-up', `pods/default/old@${old.metadata.resourceVersion}`],
    early: [`pods/default/early@${early.metadata.resourceVersion}`],
    after: [`pods/default/after@${after.metadata.resourceVersion}`],
  });
});
