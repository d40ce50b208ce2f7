// The memory of each process of a cluster with three nodes: idle half a minute after its start, and with 1,000 pods.
// Pss: what processes share counts in parts, so that the parts add up. Beside it: what others of this kind take, as published.
import { benchCluster, memoryOf, sum } from './benchCluster.ts';
import { createWeb, until } from './deploymentRows.ts';
import { pause } from './processes.ts';
import type { Row } from './table.ts';

const replicas = 1000;
const settle = 20_000;

export async function memoryRows(log: (text: string) => void): Promise<Row[]> {
  // 1,000 pods fit on ten nodes of 110 only; the idle figure is for three.
  log('memory: idle, three nodes');
  const idle = await withCluster(['--nodes', '3'], async (cluster) => {
    await pause(settle);
    return memoryOf(cluster);
  });
  log('memory: 1,000 pods, ten nodes');
  const loaded = await withCluster(['--nodes', '10'], async (cluster) => {
    await createWeb(cluster.client, replicas);
    await until(cluster.client, replicas, (p) => p.status?.phase === 'Running', log);
    await pause(settle);
    return memoryOf(cluster);
  });
  const names = Object.keys(idle);
  return [
    {
      what: 'memory: all processes, idle with 3 nodes / with 1,000 pods on 10',
      text: `${sum(idle).toFixed(0)} / ${sum(loaded).toFixed(0)} MB Pss`,
      reference: 'k3s 535 MB idle, KubeSolo under 200 (published)',
    },
    ...names.map((name) => ({
      what: `memory: ${name}`,
      text: `${idle[name]!.toFixed(0)} / ${loaded[name]!.toFixed(0)} MB Pss`,
    })),
  ];
}

type Cluster = Awaited<ReturnType<typeof benchCluster>>;

async function withCluster<T>(flags: string[], use: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await benchCluster(...flags);
  try {
    return await use(cluster);
  } finally {
    await cluster.remove();
  }
}
