// Many evictions at the same time, from all sides, while pods come and go and the controller is away now and then: at no moment,
// in the order in which the server made its changes, are fewer pods healthy than the budget says.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namespaces, nodes, podDisruptionBudgets, pods, replicaSets } from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, runPods, startManager } from './manager.ts';

const flags = ['--controllers=serviceaccount,replicaset,disruption'];
let server: TestApiServer;
let client: Client;
let manager: RunningManager;
let agents: { stop(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  manager = startManager(server, flags);
  agents = runPods(client);
  await client.create(nodes, { metadata: { name: 'node-1' } } as never);
});
afterAll(async () => {
  agents?.stop();
  await manager?.stop();
  client?.close();
  await server?.stop();
});

const isHealthy = (pod: Pod) =>
  !pod.metadata.deletionTimestamp &&
  Boolean(pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'));

/** Follows the pods in the server's order; `low` is the fewest that were healthy at any moment after `begin`. */
function watchHealth(namespace: string) {
  const ending = new AbortController();
  const healthy = new Set<string>();
  const state = {
    low: Number.POSITIVE_INFINITY,
    healthy,
    begin() {
      state.low = healthy.size;
    },
    stop: () => ending.abort(),
  };
  const follow = async () => {
    for await (const event of client.watch(pods, { namespace }, ending.signal)) {
      if (event.type === 'BOOKMARK' || event.type === 'ERROR') continue;
      const pod = event.object as Pod;
      if (event.type !== 'DELETED' && isHealthy(pod)) healthy.add(pod.metadata.uid!);
      else healthy.delete(pod.metadata.uid!);
      state.low = Math.min(state.low, healthy.size);
    }
  };
  void follow().catch(() => {});
  return state;
}

const body = (name: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });

it.each([
  ['minAvailable as a number', { minAvailable: 7 }, 7],
  ['minAvailable as a percentage', { minAvailable: '70%' }, 7],
  ['maxUnavailable', { maxUnavailable: 2 }, 8],
  ['unhealthy pods that may always go', { minAvailable: 7, unhealthyPodEvictionPolicy: 'AlwaysAllow' }, 7],
])(
  '%s',
  async (_, spec, least) => {
    const namespace = `race-${least}-${Math.random().toString(36).slice(2, 8)}`;
    await client.create(namespaces, { metadata: { name: namespace } } as never);
    await until(() =>
      client.raw('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`).then(
        () => true,
        () => false,
      ),
    );
    const labels = { app: 'web' };
    const metadata = { name: 'web', namespace };
    await client.create(podDisruptionBudgets, {
      metadata,
      spec: { selector: { matchLabels: labels }, ...spec },
    } as never);
    const template = {
      metadata: { labels },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'i' }] },
    };
    await client.create(replicaSets, {
      metadata,
      spec: { replicas: 10, selector: { matchLabels: labels }, template },
    } as never);
    const health = watchHealth(namespace);
    const allowed = async () =>
      (await client.get(podDisruptionBudgets, 'web', namespace)).status?.disruptionsAllowed ?? 0;
    await until(async () => health.healthy.size === 10 && (await allowed()) === 10 - least, 30_000, 'ten healthy pods');
    health.begin();
    let evicted = 0;
    const end = Date.now() + 1000;
    const patience = end + 30_000;
    // On a slow machine too, more than the first ones are evicted: each behind them waited for a new pod.
    const goesOn = () => Date.now() < end || (evicted <= 10 - least && Date.now() < patience);
    const evictor = async () => {
      while (goesOn()) {
        const { items } = await client.list(pods, { namespace });
        const answers = await Promise.allSettled(
          items.map((pod) => client.post(pods, pod.metadata.name, namespace, 'eviction', body(pod.metadata.name))),
        );
        evicted += answers.filter((a) => a.status === 'fulfilled').length;
      }
    };
    // A few times only: on a slow machine each one needs longer to begin than a pod to be replaced.
    const restarts = async () => {
      for (const pause of [200, 300, 400]) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        await manager.stop();
        manager = startManager(server, flags);
      }
    };
    await Promise.all([evictor(), evictor(), evictor(), restarts()]);
    expect(evicted).toBeGreaterThan(10 - least);
    expect(health.low).toBeGreaterThanOrEqual(least);
    expect(health.low).toBeLessThan(10);
    await until(
      async () => health.healthy.size === 10 && (await allowed()) === 10 - least,
      30_000,
      'all is well again',
    );
    health.stop();
  },
  120_000,
);
