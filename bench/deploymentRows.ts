// A Deployment of 1,000 replicas on 50 simulated nodes, from its creation until all are Running.
// Every part takes its turn: two controllers, the scheduler, the kubelets, the runtime, and the API server between them.
import { deployments, pods } from '../apimachinery/resources.ts';
import type { Client } from '../client/client.ts';
import { benchCluster, memoryOf, sum } from './benchCluster.ts';
import { pause } from './processes.ts';
import type { Row } from './table.ts';

const replicas = 1000;

export async function deploymentRows(log: (text: string) => void): Promise<Row[]> {
  log('deployment: starting 50 nodes');
  const cluster = await benchCluster('--nodes', '50');
  try {
    const begun = performance.now();
    await createWeb(cluster.client, replicas);
    const bound = await until(cluster.client, replicas, (p) => !!p.spec.nodeName, log);
    const running = await until(cluster.client, replicas, (p) => p.status?.phase === 'Running', log);
    const seconds = (running - begun) / 1000;
    return [
      {
        what: 'deployment: 1,000 replicas on 50 nodes, all Running',
        text: `${seconds.toFixed(1)} s, ${Math.round(replicas / seconds)} pods/s (all bound after ${((bound - begun) / 1000).toFixed(1)} s)`,
        reference: "KWOK's own limit: 10,000 pods in 60 s, 167 pods/s (published)",
      },
      { what: 'deployment: memory of all processes then', text: `${sum(memoryOf(cluster)).toFixed(0)} MB Pss` },
    ];
  } finally {
    await cluster.remove();
  }
}

export async function createWeb(client: Client, count: number): Promise<void> {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } };
  const spec = { replicas: count, selector: { matchLabels: labels }, template };
  await client.create(deployments, { metadata: { name: 'web', namespace: 'default' }, spec } as any);
}

/** Counts a list from the cache every 200 ms, which costs the server little; resolves with the time when all hold. */
export async function until(
  client: Client,
  count: number,
  holds: (pod: any) => boolean,
  log: (text: string) => void,
): Promise<number> {
  const give = performance.now() + 300_000;
  for (let told = 0; ; ) {
    const { items } = await client.list(pods, { namespace: 'default', resourceVersion: '0' });
    const now = performance.now();
    const done = items.filter(holds).length;
    if (done >= count) return now;
    if (now > give) throw new Error(`only ${done} of ${count} pods after 300 s`);
    if (now - told > 2000) {
      log(`  ${done} of ${count}`);
      told = now;
    }
    await pause(200);
  }
}
