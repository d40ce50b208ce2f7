// What one change of a pod's status costs each component, in a small cluster and in a large one: it must not grow with what is there.
// The pods belong to Deployments of 100 behind a Service each, so that everybody who cares for pods hears of them.
// The fleet stands still while it is measured; what the others spend at rest is taken off. Next: components.ts.
import { deployments, nodes, pods, services } from '../apimachinery/resources.ts';
import type { Pod } from '../apimachinery/types.ts';
import { type Component, type Components, createMany, startComponents, waitFor, watchCpu } from './components.ts';
import { pause } from './processes.ts';
import { isNodeReady } from './ready.ts';
import type { Row } from './table.ts';

const namespace = 'default';
const perDeployment = 100;
const changes = 2000;
const mostGrowth = 1.5;
const sizes = [
  { pods: 1000, nodes: 100 },
  { pods: 10_000, nodes: 5000 },
];

type Costs = Record<string, number>;

export async function eventCostRows(log: (text: string) => void): Promise<Row[]> {
  const costs: Costs[] = [];
  for (const size of sizes) costs.push(await costsAt(size, log));
  const [small, large] = costs as [Costs, Costs];
  return Object.keys(small).map((name) => ({
    what: `events: CPU of a pod's status change in the ${name}, ${sizes[0]!.pods} pods on ${sizes[0]!.nodes} nodes / ${sizes[1]!.pods} on ${sizes[1]!.nodes}`,
    text: `${small[name]!.toFixed(2)} / ${large[name]!.toFixed(2)} ms: ${(large[name]! / small[name]!).toFixed(2)} times`,
    reference: `aim ${mostGrowth} times`,
  }));
}

async function costsAt(size: { pods: number; nodes: number }, log: (text: string) => void): Promise<Costs> {
  const c = await startComponents();
  try {
    const controllers = await c.startControllers();
    const scheduler = await c.startScheduler();
    const fleet = await c.startFleet(`--nodes=${size.nodes}`);
    log(`events: ${size.nodes} nodes`);
    const ready = async () => {
      await pause(2000);
      return (await c.client.list(nodes, { resourceVersion: '0' })).items.filter(isNodeReady).length;
    };
    await waitFor('nodes', 300, ready, (n) => n >= size.nodes);
    log(`events: ${size.pods} pods`);
    await fill(c, size.pods);
    const all = await settled(c, size.pods);
    await pause(10_000);
    return await measure(c, [c.apiserver, controllers, scheduler], fleet, all, log);
  } finally {
    await c.remove();
  }
}

async function fill({ client }: Components, count: number): Promise<void> {
  for (let i = 0; i < count / perDeployment; i++) {
    const labels = { app: `web-${i}` };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } };
    const metadata = { name: `web-${i}`, namespace };
    await client.create(services, { metadata, spec: { selector: labels, ports: [{ port: 80 }] } } as never);
    const spec = { replicas: perDeployment, selector: { matchLabels: labels }, template };
    await client.create(deployments, { metadata, spec } as never);
  }
}

async function settled({ client }: Components, count: number): Promise<Pod[]> {
  const running = { namespace, fieldSelector: 'status.phase=Running', resourceVersion: '0' };
  const list = async () => {
    await pause(2000);
    return (await client.list(pods, { ...running, metadataOnly: true })).items;
  };
  return waitFor('pods Running', 600, list, (items) => items.length >= count);
}

/** Milliseconds of CPU a change, by component. */
async function measure(
  { client }: Components,
  parts: readonly Component[],
  fleet: Component,
  all: readonly Pod[],
  log: (text: string) => void,
): Promise<Costs> {
  process.kill(fleet.pid, 'SIGSTOP');
  try {
    // Once before it counts, so that both sizes are measured with code that has run for a while.
    await createMany(changes, (i) => change(client, all[(i * 7) % all.length]!, -i));
    await pause(3000);
    const rest = watchCpu(parts);
    await pause(5000);
    const atRest = rest();
    const begun = performance.now();
    const spent = watchCpu(parts);
    await createMany(changes, (i) => change(client, all[(i * 7) % all.length]!, i));
    await pause(2000);
    const cpu = spent();
    const seconds = (performance.now() - begun) / 1000;
    log(
      `events: ${changes} changes in ${seconds.toFixed(1)} s; at rest ${JSON.stringify(atRest)}, then ${JSON.stringify(cpu)}`,
    );
    const cost = (name: string) => (1000 * (cpu[name]! - (atRest[name]! * seconds) / 5)) / changes;
    return Object.fromEntries(parts.map(({ name }) => [name, cost(name)]));
  } finally {
    process.kill(fleet.pid, 'SIGCONT');
  }
}

/** As a kubelet reports something that is not the pod's readiness. */
async function change(client: Components['client'], { metadata }: Pod, i: number): Promise<void> {
  const conditions = [{ type: 'example.com/Looked', status: 'True', message: `look ${i}` }];
  const patch = { metadata: { uid: metadata.uid }, status: { conditions } };
  await client.patch(pods, metadata.name, namespace, 'strategic', patch, { subresource: 'status' });
}
