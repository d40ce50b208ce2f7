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
