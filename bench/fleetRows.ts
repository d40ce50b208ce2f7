// Thousands of simulated nodes with all controllers and the scheduler: how fast they come, how fast pods run on them and go
// again, and how fast a large Deployment is rolled. Each figure beside what it is aimed at, with the CPU time it took.
// Next: components.ts.
import { deployments, nodes, pods } from '../apimachinery/resources.ts';
import {
  account,
  type Component,
  type Components,
  createMany,
  startComponents,
  waitFor,
  watchCpu,
} from './components.ts';
import { pause, pssOf } from './processes.ts';
import { isNodeReady } from './ready.ts';
import type { Row } from './table.ts';

const nodeCount = 5000;
const podCount = 10_000;
const replicas = 5000;
const namespace = 'default';

export async function fleetRows(log: (text: string) => void): Promise<Row[]> {
  const c = await startComponents();
  try {
    const controllers = await c.startControllers();
    const scheduler = await c.startScheduler();
    const begun = performance.now();
    const fleet = await c.startFleet(`--nodes=${nodeCount}`);
    const all = [c.apiserver, controllers, scheduler, fleet];
    const take = measurer(all, log);
    const rows: Row[] = [];
    rows.push(await take(`${nodeCount} nodes registered, Ready, without taints`, 60, () => nodesReady(c), begun));
    // Heartbeats, and what follows from new nodes, come to rest.
    await pause(15_000);
    rows.push({ what: `fleet: CPU of ${nodeCount} nodes at rest`, text: await atRest(all) });
    rows.push(await take(`${podCount} pods Running`, 60, () => podsRunning(c)));
    await pause(5000);
    rows.push({ what: `fleet: memory with ${podCount} pods`, text: memory(all), reference: 'aim: controllers 300 MB' });
    rows.push(await take(`${podCount} pods deleted`, 90, () => podsDeleted(c)));
    rows.push(await take(`Deployment of ${replicas} replicas, all Running`, 120, () => deployed(c)));
    rows.push(await take(`Deployment of ${replicas} replicas, rolled`, 120, () => rolled(c)));
    return rows;
  } finally {
    await c.remove();
  }
}

const memory = (all: readonly Component[]) =>
  `${all.map((p) => `${p.name} ${pssOf(p.pid).toFixed(0)}`).join(', ')} MB Pss`;

async function atRest(all: readonly Component[]): Promise<string> {
  const spent = watchCpu(all);
  await pause(10_000);
  return `${shares(spent(), 10)} of a core`;
}

const shares = (cpu: Record<string, number>, seconds: number): string =>
  Object.entries(cpu)
    .map(([name, s]) => `${name} ${((100 * s) / seconds).toFixed(0)} %`)
    .join(', ');

/** Does something and tells how long it took, and what CPU time. */
function measurer(all: readonly Component[], log: (text: string) => void) {
  return async (what: string, aim: number, act: () => Promise<void>, begun = performance.now()): Promise<Row> => {
    log(`fleet: ${what}`);
    const spent = watchCpu(all);
    await act();
    const seconds = (performance.now() - begun) / 1000;
    const cpu = Object.entries(spent()).map(([name, s]) => `${name} ${s.toFixed(1)}`);
    const text = `${seconds.toFixed(1)} s`;
    log(`  ${text}; CPU: ${cpu.join(', ')} s`);
    return { what: `fleet: ${what}`, text, reference: `aim ${aim} s; CPU: ${cpu.join(', ')} s` };
  };
}

async function nodesReady({ client }: Components): Promise<void> {
  const ready = async () => {
    const { items } = await client.list(nodes, { resourceVersion: '0' });
    await pause(750);
    return items.filter((n) => isNodeReady(n) && !n.spec?.taints?.length).length;
  };
  await waitFor('nodes', 300, ready, (n) => n >= nodeCount);
}

/** Is there a pod that is not so? One is enough to know, and costs the server little. */
async function someOther({ client }: Components, fieldSelector?: string): Promise<boolean> {
  const some = { namespace, resourceVersion: '0', limit: 1, metadataOnly: true };
  return (await client.list(pods, { ...some, ...(fieldSelector && { fieldSelector }) })).items.length > 0;
}

const isNo = (some: boolean) => !some;

async function podsRunning(c: Components): Promise<void> {
  const spec = { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] };
  // The controller manager makes the account soon after its start.
  await account(c.client, namespace).catch(() => {});
  await createMany(podCount, (i) =>
    c.client.create(pods, { metadata: { name: `p${i}`, namespace, labels: { app: 'bench' } }, spec } as never),
  );
  await waitFor('pods Running', 300, () => someOther(c, 'status.phase!=Running'), isNo);
}

async function podsDeleted(c: Components): Promise<void> {
  await createMany(podCount, (i) => c.client.delete(pods, `p${i}`, namespace));
  await waitFor('pods deleted', 300, () => someOther(c), isNo);
}

async function deployed(c: Components): Promise<void> {
  await c.client.create(deployments, deployment('one'));
  await settled(c);
}

async function rolled(c: Components): Promise<void> {
  const containers = [{ name: 'c', image: 'two' }];
  await c.client.patch(deployments, 'web', namespace, 'strategic', { spec: { template: { spec: { containers } } } });
  await settled(c);
}

const deployment = (image: string): never => {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } };
  return {
    metadata: { name: 'web', namespace },
    spec: { replicas, selector: { matchLabels: labels }, template },
  } as never;
};

async function settled({ client }: Components): Promise<void> {
  const look = async () => {
    const { metadata, status } = await client.get(deployments, 'web', namespace);
    return {
      ...status,
      isSeen: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1),
      conditions: undefined,
    };
  };
  await waitFor('Deployment', 600, look, (s) => {
    return s.isSeen && s.updatedReplicas === replicas && s.readyReplicas === replicas && s.replicas === replicas;
  });
}
