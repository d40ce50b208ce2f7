// EndpointSlices and their mirrors against a real API server, with nodes and pods whose status a test plays.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  endpointSlices,
  endpoints,
  events,
  namespaces,
  nodes,
  pods,
  services,
} from '../../../apimachinery/resources.ts';
import type { EndpointSlice } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type RunningManager, startManager } from '../manager.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  manager = startManager(server, [
    '--controllers=serviceaccount,endpoint,endpointslice,endpointslicemirroring,garbagecollector',
    '--max-endpoints-per-slice=3',
    '--mirroring-max-endpoints-per-subset=2',
  ]);
  await makeNode('node-a', 'a', '2');
  await makeNode('node-b', 'b', '2');
});
afterAll(async () => {
  await manager?.stop();
  client?.close();
  await server?.stop();
});

const status = (object: object) => ({ status: object });
const asStatus = { subresource: 'status' };

async function makeNode(name: string, zone: string, cpu: string): Promise<void> {
  await client.create(nodes, { metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } } } as never);
  const conditions = [{ type: 'Ready', status: 'True' }];
  const taken = { cpu, memory: '1Gi', pods: '110' };
  await client.patch(
    nodes,
    name,
    undefined,
    'merge',
    status({ allocatable: taken, capacity: taken, conditions }),
    asStatus,
  );
}

let made = 0;
async function makeNamespace(): Promise<string> {
  const name = `slices-${++made}`;
  await client.create(namespaces, { metadata: { name } } as never);
  // Pods take a ServiceAccount.
  await until(() =>
    client.raw('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`).then(
      () => true,
      () => false,
    ),
  );
  return name;
}

async function makePod(namespace: string, name: string, nodeName: string, ready = true): Promise<void> {
  const spec = { nodeName, containers: [{ name: 'c', image: 'i' }] };
  await client.create(pods, { metadata: { name, namespace, labels: { app: 'web' } }, spec } as never);
  await setReady(namespace, name, ready);
}
async function setReady(namespace: string, name: string, ready: boolean): Promise<void> {
  const ip = `10.2.${made}.${1 + Number(name.replace(/\D/g, ''))}`;
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }];
  const next = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions };
  await client.patch(pods, name, namespace, 'merge', status(next), asStatus);
}

const makeService = (namespace: string, spec: object = {}, annotations: object = {}) =>
  client.create(services, {
    metadata: { name: 'web', namespace, annotations },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
  } as never);

const slicesOf = async (namespace: string): Promise<EndpointSlice[]> =>
  (await client.list(endpointSlices, { namespace, labelSelector: 'kubernetes.io/service-name=web' })).items;
const endpointsOf = async (namespace: string) => (await slicesOf(namespace)).flatMap((s) => s.endpoints ?? []);
const hintsOf = async (namespace: string) =>
  (await endpointsOf(namespace))
    .map((e) => e.hints?.forZones?.[0]?.name ?? '-')
    .sort()
    .join('');
const told = async (namespace: string) =>
  (await client.list(events, { namespace })).items.map((e: any) => `${e.type} ${e.reason}: ${e.message}`);

describe('slices of pods', () => {
  it('are shared out by the CPUs of zones, again as nodes change, and no more when nobody asks', async () => {
    const ns = await makeNamespace();
    for (const [i, node] of ['node-a', 'node-a', 'node-a', 'node-b'].entries()) await makePod(ns, `p${i}`, node);
    await makeService(ns, {}, { 'service.kubernetes.io/topology-mode': 'Auto' });
    await until(async () => (await hintsOf(ns)) === 'aabb', 30_000, 'two and two');
    const enabled = 'Normal TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4';
    await until(async () => (await told(ns)).includes(enabled));
    const cpu = (value: string) =>
      client.patch(nodes, 'node-a', undefined, 'merge', status({ allocatable: { cpu: value } }), asStatus);
    await cpu('6');
    await until(async () => (await hintsOf(ns)) === 'aaab', 30_000, 'three and one');
    await cpu('2');
    const without = { metadata: { annotations: { 'service.kubernetes.io/topology-mode': null } } };
    await client.patch(services, 'web', ns, 'merge', without);
    await until(async () => (await hintsOf(ns)) === '----', 30_000, 'no hints');
    const disabled = 'Warning TopologyAwareHintsDisabled: Topology Aware Hints has been disabled, addressType: IPv4';
    await until(async () => (await told(ns)).includes(disabled));
    await client.patch(services, 'web', ns, 'merge', { spec: { trafficDistribution: 'PreferSameNode' } });
    await until(async () => (await hintsOf(ns)) === 'aaab', 30_000, 'their own zones');
    expect((await endpointsOf(ns)).map((e) => e.hints?.forNodes?.[0]?.name).sort()).toEqual([
      'node-a',
      'node-a',
      'node-a',
      'node-b',
    ]);
  });

  it('change no more than they must, and leave out pods of a node that is not there until it comes', async () => {
    const ns = await makeNamespace();
    for (let i = 0; i < 7; i++) await makePod(ns, `p${i}`, i < 6 ? 'node-a' : `late-${ns}`);
    await makeService(ns);
    await until(async () => (await endpointsOf(ns)).length === 6, 30_000, 'six endpoints');
    const before = await slicesOf(ns);
    expect(before.map((s) => s.endpoints!.length)).toEqual([3, 3]);
    await setReady(ns, 'p0', false);
    await until(async () => (await endpointsOf(ns)).some((e) => !e.conditions!.ready), 30_000, 'one not ready');
    const versions = (list: EndpointSlice[]) => list.map((s) => s.metadata.resourceVersion);
    const kept = versions(await slicesOf(ns)).filter((v) => versions(before).includes(v));
    expect(kept).toHaveLength(1);
    await makeNode(`late-${ns}`, 'b', '2');
    await until(async () => (await endpointsOf(ns)).length === 7, 30_000, 'the seventh');
    expect((await endpointsOf(ns)).find((e) => e.nodeName === `late-${ns}`)).toMatchObject({ zone: 'b' });
    await client.delete(nodes, `late-${ns}`);
  });

  it('of a Service that was made again are its own', async () => {
    const ns = await makeNamespace();
    await makePod(ns, 'p0', 'node-a');
    await makeService(ns);
    await until(async () => (await endpointsOf(ns)).length === 1, 30_000);
    const [old] = await slicesOf(ns);
    await client.delete(services, 'web', ns);
    const { metadata } = await makeService(ns);
    const owner = (s: EndpointSlice) => s.metadata.ownerReferences?.[0]?.uid;
    await until(
      async () => {
        const list = await slicesOf(ns);
        return list.length === 1 && owner(list[0]!) === metadata.uid && list[0]!.endpoints!.length === 1;
      },
      30_000,
      'a slice of the new Service alone',
    );
    expect((await slicesOf(ns))[0]!.metadata.uid).not.toBe(old!.metadata.uid);
  });
});

describe('slices of Endpoints that are kept by hand', () => {
  const subset = (...list: string[]) => ({
    addresses: list.map((ip) => ({ ip })),
    ports: [{ name: 'http', port: 80 }],
  });
  const shape = async (ns: string) =>
    (await slicesOf(ns)).map((s) => [s.addressType, ...s.endpoints!.map((e) => e.addresses[0])].join(' ')).sort();
  const becomes = (ns: string, ...wanted: string[]) =>
    until(async () => (await shape(ns)).join('|') === wanted.join('|'), 30_000, wanted.join('|') || 'no slice');

  it('follow them: families, the limit, the label that says no, and a selector', async () => {
    const ns = await makeNamespace();
    await makeService(ns, { selector: undefined });
    const metadata = { name: 'web', namespace: ns };
    await client.create(endpoints, { metadata, subsets: [subset('10.9.0.1', 'fd00::1')] } as never);
    await becomes(ns, 'IPv4 10.9.0.1', 'IPv6 fd00::1');
    expect((await slicesOf(ns))[0]!.metadata).toMatchObject({
      labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
      ownerReferences: [{ kind: 'Endpoints', name: 'web' }],
    });
    await client.patch(endpoints, 'web', ns, 'merge', { subsets: [subset('10.9.0.1', '10.9.0.2', '10.9.0.3')] });
    await becomes(ns, 'IPv4 10.9.0.1 10.9.0.2');
    const many =
      'A max of 2 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped';
    await until(async () => (await told(ns)).includes(`Warning TooManyAddressesToMirror: ${many}`));
    const skip = (value: string | null) =>
      client.patch(endpoints, 'web', ns, 'merge', {
        metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': value } },
      });
    await skip('true');
    await becomes(ns);
    await skip(null);
    await becomes(ns, 'IPv4 10.9.0.1 10.9.0.2');
    const [slice] = await slicesOf(ns);
    await client.delete(endpointSlices, slice!.metadata.name, ns);
    await until(
      async () => (await slicesOf(ns)).some((s) => s.metadata.uid !== slice!.metadata.uid),
      30_000,
      'it is made again',
    );
    await client.patch(services, 'web', ns, 'merge', { spec: { selector: { app: 'none' } } });
    await until(
      async () =>
        (await slicesOf(ns)).every(
          (s) => s.metadata.labels!['endpointslice.kubernetes.io/managed-by'] === 'endpointslice-controller.k8s.io',
        ),
      30_000,
      'the slices of a selector alone',
    );
  });

  it('go with them', async () => {
    const ns = await makeNamespace();
    await makeService(ns, { selector: undefined });
    await client.create(endpoints, {
      metadata: { name: 'web', namespace: ns },
      subsets: [subset('10.9.0.1')],
    } as never);
    await becomes(ns, 'IPv4 10.9.0.1');
    await client.delete(endpoints, 'web', ns);
    await becomes(ns);
  });
});
