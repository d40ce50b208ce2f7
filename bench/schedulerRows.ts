// What the scheduler alone does: 1,000 nodes that exist in the API only, pods that wait for it, then its process is started.
// Beside it: the floor that upstream asks of its own (test/integration/scheduler_perf, SchedulingBasic).
import { nodes, pods } from '../apimachinery/resources.ts';
import type { Client } from '../client/client.ts';
import { benchCluster } from './benchCluster.ts';
import { until } from './deploymentRows.ts';
import { freePort, start } from './processes.ts';
import type { Row } from './table.ts';

const nodeCount = 1000;
const podCount = 3000;

export async function schedulerRows(log: (text: string) => void): Promise<Row[]> {
  const cluster = await benchCluster('--only', 'apiserver', '--nodes', '0');
  try {
    log(`scheduler: making ${nodeCount} nodes and ${podCount} pods`);
    await createMany(nodeCount, (i) => createNode(cluster.client, i));
    await cluster.client.create({ ...account }, { metadata: { name: 'default', namespace: 'default' } } as any);
    await createMany(podCount, (i) => createPod(cluster.client, i));
    const main = new URL('../scheduler/main.ts', import.meta.url).pathname;
    const args = [main, `--kubeconfig=${cluster.kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1'];
    const bound = (p: any) => !!p.spec.nodeName;
    // The clock begins with the first binding: loading and reading the state is not scheduling.
    const scheduler = await start(process.execPath, [...args, `--secure-port=${await freePort()}`], async () => {});
    try {
      const first = await until(cluster.client, 1, bound, () => {});
      const { items } = await cluster.client.list(pods, { namespace: 'default', resourceVersion: '0' });
      const before = items.filter(bound).length;
      const last = await until(cluster.client, podCount, bound, log);
      const rate = (podCount - before) / ((last - first) / 1000);
      return [
        {
          what: 'scheduler: pods bound on 1,000 nodes',
          ours: rate,
          unit: '/s',
          reference: "upstream's floor (published, another machine)",
          theirs: 680,
        },
      ];
    } finally {
      await scheduler.stop();
    }
  } finally {
    await cluster.remove();
  }
}

const account = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };

async function createMany(count: number, create: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await create(next++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function createNode(client: Client, i: number): Promise<void> {
  const name = `n${i}`;
  const amounts = { cpu: '32', memory: '64Gi', pods: '110' };
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${i % 3}` };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }];
  const status = { capacity: amounts, allocatable: amounts, conditions };
  await client.create(nodes, { metadata: { name, labels }, status } as any);
  // Nobody is there to see that it is ready and to take off the taint of new nodes.
  await client.patch(nodes, name, undefined, 'merge', { spec: { taints: null } });
}

const createPod = (client: Client, i: number) =>
  client.create(pods, {
    metadata: { name: `p${i}`, namespace: 'default', labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'c', image: 'pause', resources: { requests: { cpu: '100m', memory: '500Mi' } } }],
    },
  } as any);
