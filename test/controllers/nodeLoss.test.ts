// Nodes that a test plays: one falls silent, its pods are moved on; one comes back before its pods had to go.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toMicroTime, toTime } from '../../apimachinery/clock.ts';
import { type CIDR, parseCIDR } from '../../apimachinery/ipFormat.ts';
import { events, leases, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Node, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, startManager } from './manager.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
const beating = new Set<string>();
let timer: NodeJS.Timeout;

beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  manager = startManager(server, [
    '--controllers=nodelifecycle,taint-eviction-controller,serviceaccount,node-ipam-controller',
    '--node-monitor-period=200ms',
    // A busy machine may keep a beat back for a second or two; a node that was unknown once stays so, as no kubelet speaks for it.
    '--node-monitor-grace-period=4s',
    '--node-eviction-rate=20',
    `--port-file=${server.folder}/manager-port`,
  ]);
  timer = setInterval(() => {
    for (const name of beating)
      client
        .patch(leases, name, 'kube-node-lease', 'merge', { spec: { renewTime: toMicroTime(Date.now()) } })
        .catch(() => {});
  }, 300);
  await until(() =>
    client.get(serviceAccounts, 'default', 'default').then(
      () => true,
      () => false,
    ),
  );
});
afterAll(async () => {
  clearInterval(timer);
  await manager?.stop();
  client?.close();
  await server?.stop();
});

async function makeNode(name: string, zone: string): Promise<void> {
  const labels = { 'kubernetes.io/os': 'linux', 'topology.kubernetes.io/zone': zone };
  await client.create(nodes, { metadata: { name, labels } });
  await client.create(leases, {
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: toMicroTime(Date.now()) },
  });
  beating.add(name);
  const now = toTime(Date.now());
  const ready = {
    type: 'Ready',
    status: 'True',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason: 'KubeletReady',
  };
  await client.patch(nodes, name, undefined, 'merge', { status: { conditions: [ready] } }, { subresource: 'status' });
}

async function runPod(name: string, node: string, tolerationSeconds?: number): Promise<void> {
  const tolerations = ['not-ready', 'unreachable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  }));
  const spec = { nodeName: node, tolerations, containers: [{ name: 'c', image: 'i' }] };
  await client.create(pods, { metadata: { name, namespace: 'default' }, spec } as never);
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: toTime(Date.now()) }],
  };
  await client.patch(pods, name, 'default', 'merge', { status }, { subresource: 'status' });
}

const getNode = (name: string) => client.get(nodes, name) as Promise<Node>;
const taintsOf = async (name: string) =>
  ((await getNode(name)).spec?.taints ?? []).map((t) => `${t.key.split('/')[1]}:${t.effect}`).sort();
const conditionOf = (o: { status?: any }, type: string) => o.status?.conditions?.find((c: any) => c.type === type);
const getPod = (name: string) => client.get(pods, name, 'default') as Promise<Pod>;

it('a silent node: unknown, tainted, its pods out of service, then deleted when their patience ends', async () => {
  await Promise.all([makeNode('well', 'a'), makeNode('silent', 'a'), makeNode('returns', 'b'), makeNode('other', 'b')]);
  await Promise.all([
    runPod('stays', 'well', 60),
    runPod('leaves', 'silent', 1),
    runPod('patient', 'silent'),
    runPod('saved', 'returns', 60),
  ]);
  await until(async () => (await getNode('silent')).metadata.labels?.['beta.kubernetes.io/os'] === 'linux');
  beating.delete('silent');
  beating.delete('returns');
  await until(async () => (await taintsOf('silent')).length === 2);
  expect(await taintsOf('silent')).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule']);
  expect(conditionOf(await getNode('silent'), 'Ready')).toMatchObject({
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
  });
  await until(async () => conditionOf(await getPod('patient'), 'Ready').status === 'False');
  await until(async () => Boolean((await getPod('leaves')).metadata.deletionTimestamp));
  expect(conditionOf(await getPod('leaves'), 'DisruptionTarget')).toMatchObject({
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
  });
  await runPod('late', 'silent');
  await client.patch(pods, 'late', 'default', 'strategic', { metadata: { labels: { a: 'b' } } });

  await until(async () => (await taintsOf('returns')).length === 2);
  beating.add('returns');
  const now = toTime(Date.now());
  const ready = {
    type: 'Ready',
    status: 'True',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason: 'KubeletReady',
  };
  await client.patch(
    nodes,
    'returns',
    undefined,
    'strategic',
    { status: { conditions: [ready] } },
    { subresource: 'status' },
  );
  await until(async () => (await taintsOf('returns')).length === 0);
  const list = async () =>
    (await client.list(events, { namespace: 'default' })).items.map(
      (e) => `${e.involvedObject.name} ${e.reason}: ${e.message}`,
    );
  const expected = [
    'well RegisteredNode: Node well event: Registered Node well in Controller',
    'silent NodeNotReady: Node silent status is now: NodeNotReady',
    'patient NodeNotReady: Node is not ready',
    'leaves TaintManagerEviction: Marking for deletion Pod default/leaves',
    'saved TaintManagerEviction: Cancelling deletion of Pod default/saved',
  ];
  await until(async () => {
    const told = await list();
    return expected.every((line) => told.includes(line));
  });
  const port = readFileSync(`${server.folder}/manager-port`, 'utf8');
  const numbers = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(numbers).toMatch(/^taint_eviction_controller_pod_deletions_total [1-9]/m);
  expect(numbers).toContain('node_collector_zone_size{zone=":\u0000:a"} 2');
  expect(numbers).toContain('node_collector_evictions_total{zone=":\u0000:a"} 1\n');
  for (const name of ['stays', 'patient', 'saved'])
    expect((await getPod(name)).metadata.deletionTimestamp).toBeUndefined();
});

it('when every node is silent, nothing is evicted: more likely it is the controllers that see nothing', async () => {
  beating.clear();
  await until(async () => conditionOf(await getNode('well'), 'Ready').status === 'Unknown');
  await until(async () => {
    const all = await Promise.all(['well', 'silent', 'returns', 'other'].map(taintsOf));
    return all.every((list) => list.join() === 'unreachable:NoSchedule');
  });
  expect((await getPod('stays')).metadata.deletionTimestamp).toBeUndefined();
});

it('each node has a range of its own, also after the controllers have started again', async () => {
  const ranges = async () => (await client.list(nodes)).items.map((n) => n.spec?.podCIDR);
  await until(async () => (await ranges()).every(Boolean));
  await manager.stop();
  manager = startManager(server, [
    '--controllers=node-ipam-controller',
    '--node-cidr-mask-size-ipv4=22',
    '--allocate-node-cidrs',
  ]);
  await Promise.all(['n5', 'n6'].map((name) => client.create(nodes, { metadata: { name } })));
  await until(async () => (await ranges()).every(Boolean));
  const all = (await ranges()).map((text) => parseCIDR(text!)!);
  expect(all.map((r) => r.prefix).sort()).toEqual([22, 22, 24, 24, 24, 24]);
  const size = (r: CIDR) => 1n << BigInt(32 - r.prefix);
  const overlap = (a: CIDR, b: CIDR) => a.base < b.base + size(b) && b.base < a.base + size(a);
  for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) expect(overlap(a, b)).toBe(false);
});
