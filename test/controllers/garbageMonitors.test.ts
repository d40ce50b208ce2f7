// The garbage collector's first lists: a resource that cannot be listed (its conversion webhook is gone) delays the rest for a while, no more.
import { expect, it } from 'vitest';
import type { ControllerContext } from '../../client/controller.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { createGraph } from '../../controllers/garbageCollector/graph.ts';
import { createMonitors } from '../../controllers/garbageCollector/monitors.ts';
import { fakeClock } from '../client/fakeClock.ts';

const resource = (plural: string) => ({
  resource: plural,
  responseKind: { kind: plural },
  scope: 'Namespaced',
  verbs: ['delete', 'list', 'watch'],
});
const groups = {
  kind: 'APIGroupDiscoveryList',
  items: [
    { metadata: { name: 'g.example.com' }, versions: [{ version: 'v1', resources: ['good', 'broken'].map(resource) }] },
  ],
};

/** Lists what is not broken; a watch stays silent. */
const client = {
  raw: async (_method: string, path: string) => (path === '/apis' ? groups : { kind: 'APIGroupDiscoveryList' }),
  list: async ({ plural }: { plural: string }) => {
    if (plural === 'broken') throw new Error('conversion webhook failed');
    return { items: [], metadata: { resourceVersion: '1' } };
  },
  watch: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
};

it('goes on without a resource that is not listed within 30 s', async () => {
  const clock = fakeClock();
  const monitors = createMonitors(createGraph(), [], () => {});
  const ending = new AbortController();
  const context = { client, clock, log: silentLogger, random: () => 0.5 } as unknown as ControllerContext;
  let synced = false;
  void monitors.whenSynced().then(() => {
    synced = true;
  });
  void monitors.run(context, ending.signal);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(monitors.resourceOf('g.example.com/v1', 'good')).toBeDefined();
  await clock.advance(29_000);
  await turn();
  expect(synced).toBe(false);
  await clock.advance(1_500);
  await turn();
  expect(synced).toBe(true);
  ending.abort();
});

it('follows a resource to the version that is served now, and forgets one that is gone', async () => {
  const clock = fakeClock();
  const graph = createGraph();
  const attempts: string[] = [];
  const monitors = createMonitors(graph, [], (list) => void attempts.push(...list.map((a) => `${a.what} ${a.uid}`)));
  let version = 'v1beta1';
  let plurals = ['good'];
  const lists: string[] = [];
  const changing = {
    ...client,
    raw: async (_method: string, path: string) =>
      path === '/apis'
        ? {
            kind: 'APIGroupDiscoveryList',
            items: [
              { metadata: { name: 'g' }, versions: [{ version, resources: [...plurals, 'other'].map(resource) }] },
            ],
          }
        : { kind: 'APIGroupDiscoveryList' },
    // The first watch brings what there is, and says when that was all.
    async *watch(r: { plural: string; version: string }) {
      lists.push(`${r.plural}/${r.version}`);
      const metadata = { name: 'a', namespace: 'd', uid: 'a', resourceVersion: '1' };
      if (r.plural === 'good') yield { type: 'ADDED', object: { metadata } };
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      yield { type: 'BOOKMARK', object: { metadata: { resourceVersion: '1', annotations } } };
      await new Promise(() => {});
    },
  };
  const ending = new AbortController();
  const context = { client: changing, clock, log: silentLogger, random: () => 0.5 } as unknown as ControllerContext;
  void monitors.run(context, ending.signal);
  const seen = (wanted: string | undefined) =>
    expect.poll(() => graph.get('a')?.resource?.version, { interval: 5 }).toBe(wanted);
  await seen('v1beta1');
  version = 'v1';
  await clock.advance(30_000);
  await seen('v1');
  expect(lists.filter((l) => l.startsWith('good'))).toEqual(['good/v1beta1', 'good/v1']);
  plurals = [];
  await clock.advance(30_000);
  await seen(undefined);
  ending.abort();
});
