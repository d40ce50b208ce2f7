import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, realClock } from '../../../apimachinery/clock.ts';
import { advertisedAddress } from '../../../apiserver/bootstrap/advertisedAddress.ts';
import { hooksOf, runSteps, steps } from '../../../apiserver/bootstrap/bootstrap.ts';
import { clusterAuthentication } from '../../../apiserver/bootstrap/clusterAuthentication.ts';
import { defaultServiceCIDR } from '../../../apiserver/bootstrap/defaultServiceCIDR.ts';
import { identityLease, identityLeaseCleanup } from '../../../apiserver/bootstrap/identityLease.ts';
import { kubernetesEndpoints } from '../../../apiserver/bootstrap/kubernetesEndpoints.ts';
import { firstServiceIP, kubernetesService } from '../../../apiserver/bootstrap/kubernetesService.ts';
import { legacyTokenTracking } from '../../../apiserver/bootstrap/legacyTokenTracking.ts';
import { nodePortRange } from '../../../apiserver/bootstrap/nodePortRange.ts';
import { repairServiceIPs } from '../../../apiserver/bootstrap/repairServiceIPs.ts';
import type { Step, StepEnv } from '../../../apiserver/bootstrap/step.ts';
import { systemNamespaces } from '../../../apiserver/bootstrap/systemNamespaces.ts';
import { systemPriorityClasses } from '../../../apiserver/bootstrap/systemPriorityClasses.ts';
import { ipAddresses, serviceCIDRs } from '../../../apiserver/kinds/service/ipAllocator.ts';
import { changePorts, takenPorts } from '../../../apiserver/kinds/service/nodePorts.ts';
import { openEmbeddedStore } from '../../../apiserver/storage/embedded.ts';
import type { Store } from '../../../apiserver/storage/store.ts';
import { issuePki } from '../../../cli/pki/issuePki.ts';
import { silentLogger } from '../../../component-base/logger.ts';
import { memoryCluster } from '../memoryCluster.ts';

const core = (plural: string) => ({ group: '', plural });
let dir: string;
let store: Store;
let cluster: ReturnType<typeof memoryCluster>;
let now: number;
// Time is told by the test; timers fire soon and find it changed, or not.
const clock: Clock = {
  now: () => now,
  setTimeout: (callback, ms) => realClock.setTimeout(callback, Math.min(ms, 20)),
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bootstrap-'));
  now = Date.parse('2026-01-01T00:00:00Z');
  store = await openEmbeddedStore(join(dir, 'store.db'));
  cluster = memoryCluster();
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

const env = (more: Partial<StepEnv> = {}): StepEnv => ({
  cluster,
  store,
  keyPrefix: '/registry',
  clock,
  log: silentLogger,
  port: 6443,
  address: '192.0.2.1',
  serviceCIDRs: ['10.96.0.0/12'],
  nodePortRange: '30000-32767',
  clientCA: '',
  requestHeaderCA: '',
  requestHeaders: {
    allowedNames: [],
    username: ['X-Remote-User'],
    uid: [],
    group: ['X-Remote-Group'],
    extraPrefix: ['X-Remote-Extra-'],
  },
  ...more,
});

test('the namespaces of a fresh cluster, once and again when one is gone', async () => {
  await systemNamespaces.run(env());
  const names = () => cluster.cachedList(core('namespaces')).map((o) => o.metadata.name);
  expect(names()).toEqual(['default', 'kube-system', 'kube-public', 'kube-node-lease']);
  const writes = cluster.writes;
  await systemNamespaces.run(env());
  expect(cluster.writes).toBe(writes);
  await cluster.delete(core('namespaces'), 'kube-node-lease');
  await systemNamespaces.run(env());
  expect(names()).toContain('kube-node-lease');
});

test('the ServiceCIDR kubernetes: ready, quiet when nothing changes, dual-stack when the flag is', async () => {
  const cidr = () => cluster.cached(serviceCIDRs, 'kubernetes');
  await defaultServiceCIDR.run(env());
  expect(cidr()).toMatchObject({
    spec: { cidrs: ['10.96.0.0/12'] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const writes = cluster.writes;
  await defaultServiceCIDR.run(env());
  await defaultServiceCIDR.run(env({ serviceCIDRs: ['10.0.0.0/24'] }));
  expect(cluster.writes).toBe(writes);
  await defaultServiceCIDR.run(env({ serviceCIDRs: ['10.96.0.0/12', 'fd00::/108'] }));
  expect(cidr()!['spec'].cidrs).toEqual(['10.96.0.0/12', 'fd00::/108']);
});

test('the Service kubernetes: at the first address, and its ports are put right', async () => {
  await kubernetesService.run(env());
  const service = () => cluster.cached(core('services'), 'kubernetes', 'default')!['spec'];
  const ports = [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }];
  expect(service()).toMatchObject({ clusterIP: '10.96.0.1', type: 'ClusterIP', ports });
  const writes = cluster.writes;
  await kubernetesService.run(env());
  expect(cluster.writes).toBe(writes);
  service().ports = [{ name: 'other', port: 1 }];
  await kubernetesService.run(env());
  expect(service().ports).toEqual(ports);
});

test.each([
  ['10.96.0.0/12', '10.96.0.1'],
  ['10.0.0.0/24', '10.0.0.1'],
  ['fd00:10:96::/112', 'fd00:10:96::1'],
])('the first address of %s is %s', (range, ip) => {
  expect(firstServiceIP(range)).toBe(ip);
});

const ips = () => ({
  endpoints: cluster.cached(core('endpoints'), 'kubernetes', 'default')?.['subsets'][0].addresses.map((a: any) => a.ip),
  slice: cluster
    .cached({ group: 'discovery.k8s.io', plural: 'endpointslices' }, 'kubernetes', 'default')
    ?.['endpoints'].map((e: any) => e.addresses[0]),
});

test('every server that lives is an endpoint; one that stops or dies is not', async () => {
  await store.close();
  store = await openEmbeddedStore(join(dir, 'ttl.db'), { clock });
  const [one, two, three] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => env({ address }));
  await kubernetesEndpoints.run(one!);
  const writes = cluster.writes;
  await kubernetesEndpoints.run(one!);
  expect(cluster.writes).toBe(writes);
  await kubernetesEndpoints.run(three!);
  await kubernetesEndpoints.run(two!);
  expect(ips()).toEqual({
    endpoints: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    slice: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  });
  await kubernetesEndpoints.stop!(two!);
  expect(ips().slice).toEqual(['192.0.2.1', '192.0.2.3']);
  now += 10_000;
  await kubernetesEndpoints.run(one!);
  now += 10_000;
  // The third has not renewed for twenty seconds; the store takes its lease away by its own timer.
  await expect.poll(async () => (await store.list('/registry/masterleases/')).items.length).toBe(1);
  await kubernetesEndpoints.run(one!);
  expect(ips()).toEqual({ endpoints: ['192.0.2.1'], slice: ['192.0.2.1'] });
  await kubernetesEndpoints.stop!(one!);
  expect(ips().endpoints).toEqual(['192.0.2.1']);
});

test('a machine without an address leaves the Service without endpoints', async () => {
  await kubernetesEndpoints.run(env({ address: '' }));
  await kubernetesEndpoints.stop!(env({ address: '' }));
  expect(ips()).toEqual({ endpoints: undefined, slice: undefined });
  expect(advertisedAddress('192.0.2.9', '127.0.0.1')).toBe('192.0.2.9');
  expect(advertisedAddress('', '192.0.2.8')).toBe('192.0.2.8');
  expect(advertisedAddress('', '127.0.0.1')).not.toMatch(/^127\./);
});

const nodePortService = (port: number) => ({
  metadata: { name: `s${port}`, namespace: 'default' },
  spec: { type: 'NodePort', clusterIPs: ['None'], ports: [{ port: 80, nodePort: port }] },
});

test('node ports: what Services hold is taken, what nobody holds three times in a row is freed', async () => {
  const at = { store, keyPrefix: '/registry' };
  await changePorts(at, (ports) => ports.add(30001));
  cluster.put(core('services'), nodePortService(30002));
  const step = nodePortRange();
  for (const expected of [[30001, 30002], [30001, 30002], [30002]]) {
    await step.run(env());
    expect((await takenPorts(at)).ports()).toEqual(expected);
  }
});

test('another range starts over with what Services hold in it', async () => {
  const at = { store, keyPrefix: '/registry' };
  cluster.put(core('services'), nodePortService(30002));
  cluster.put(core('services'), nodePortService(31000));
  await nodePortRange().run(env());
  await nodePortRange().run(env({ nodePortRange: '30500-31500' }));
  const taken = await takenPorts(at);
  expect([taken.range, taken.ports()]).toEqual(['30500-31500', [31000]]);
});

test('claims of addresses are repaired both ways', async () => {
  const claim = (name: string, parent: string, age: number) => ({
    metadata: {
      name,
      labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
      creationTimestamp: new Date(now - age).toISOString(),
    },
    spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: parent } },
  });
  cluster.put(core('services'), {
    metadata: { name: 'a', namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIPs: ['10.96.0.5'] },
  });
  cluster.put(ipAddresses, claim('10.96.0.6', 'gone', 120_000));
  cluster.put(ipAddresses, claim('10.96.0.7', 'being-made', 5000));
  cluster.put(ipAddresses, { ...claim('10.96.0.8', 'x', 120_000), metadata: { name: '10.96.0.8' } });
  await repairServiceIPs.run(env());
  expect(
    cluster
      .cachedList(ipAddresses)
      .map((o) => o.metadata.name)
      .sort(),
  ).toEqual(['10.96.0.5', '10.96.0.7', '10.96.0.8']);
  expect(cluster.cached(ipAddresses, '10.96.0.5')!['spec'].parentRef).toEqual({
    group: '',
    resource: 'services',
    namespace: 'default',
    name: 'a',
  });
});

test('the CAs that extension servers may trust', async () => {
  await clusterAuthentication.run(env({ clientCA: 'one' }));
  const data = () => cluster.cached(core('configmaps'), 'extension-apiserver-authentication', 'kube-system')!['data'];
  expect(data()).toEqual({ 'client-ca-file': 'one' });
  await clusterAuthentication.run(env({ clientCA: 'two', requestHeaderCA: 'front' }));
  expect(data()).toMatchObject({
    'client-ca-file': 'two',
    'requestheader-client-ca-file': 'front',
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-uid-headers': '[]',
  });
});

test('servers with different CAs publish all of them, and drop what has expired', async () => {
  const authority = async (name: string) => {
    await issuePki({ folder: join(dir, name), nodes: [], now: now - 60_000 });
    return readFile(join(dir, name, 'ca.crt'), 'utf8');
  };
  const [one, two] = [await authority('one'), await authority('two')];
  const requestHeaders = { ...env().requestHeaders, allowedNames: ['a'] };
  const first = env({ clientCA: one, requestHeaderCA: one, requestHeaders });
  const second = env({
    clientCA: two,
    requestHeaderCA: two,
    requestHeaders: { ...requestHeaders, allowedNames: ['b'] },
  });
  const data = () => cluster.cached(core('configmaps'), 'extension-apiserver-authentication', 'kube-system')!['data'];
  await clusterAuthentication.run(first);
  await clusterAuthentication.run(second);
  expect(data()).toMatchObject({ 'client-ca-file': one + two, 'requestheader-allowed-names': '["a","b"]' });
  const writes = cluster.writes;
  await clusterAuthentication.run(first);
  expect(cluster.writes).toBe(writes);
  now += 11 * 365 * 86_400_000;
  await clusterAuthentication.run(second);
  expect(data()['client-ca-file']).toBe(two);
});

test('steps run in order, each until it succeeds; then the repeated ones go on', async () => {
  const seen: string[] = [];
  let failures = 2;
  const list: Step[] = [
    { name: 'first', every: 5, run: async () => void seen.push('first'), stop: async () => void seen.push('stopped') },
    {
      name: 'second',
      async run() {
        if (failures-- > 0) throw new Error('not yet');
        seen.push('second');
      },
    },
  ];
  const done = Promise.withResolvers<void>();
  const running = runSteps(
    list,
    env(),
    (name) => name === 'second' && done.resolve(),
    () => 0,
  );
  await done.promise;
  expect(seen).toEqual(['first', 'second']);
  await expect.poll(() => seen.filter((s) => s === 'first').length).toBeGreaterThan(2);
  await running.stop();
  expect(seen.at(-1)).toBe('stopped');
  const count = seen.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(seen.length).toBe(count);
});

test('stopped while a step keeps failing, none that follow run', async () => {
  let second = false;
  const list: Step[] = [
    { name: 'first', run: () => Promise.reject(new Error('no store')) },
    {
      name: 'second',
      async run() {
        second = true;
      },
    },
  ];
  const running = runSteps(list, env(), () => {});
  await running.stop();
  expect(second).toBe(false);
});

test('the system PriorityClasses, made again when one is gone', async () => {
  const classes = { group: 'scheduling.k8s.io', plural: 'priorityclasses' };
  await systemPriorityClasses.run(env());
  await cluster.delete(classes, 'system-node-critical');
  await systemPriorityClasses.run(env());
  expect(cluster.cachedList(classes).map((c) => [c.metadata.name, c['value']])).toEqual([
    ['system-cluster-critical', 2_000_000_000],
    ['system-node-critical', 2_000_001_000],
  ]);
});

test('the Lease of a server: made, renewed, taken over, and gone an hour after the last sign', async () => {
  const leases = { group: 'coordination.k8s.io', plural: 'leases' };
  const name = 'apiserver-jilznlcjgus76roe45ho6goxum';
  const find = () => cluster.cached(leases, name, 'kube-system')!;
  const first = identityLease('host-1');
  await first.run(env());
  expect(find().metadata.labels).toEqual({
    'apiserver.kubernetes.io/identity': 'kube-apiserver',
    'kubernetes.io/hostname': 'host-1',
  });
  const { holderIdentity, ...spec } = find()['spec'];
  expect(holderIdentity).toMatch(new RegExp(`^${name}_[0-9a-f-]{36}$`));
  expect(spec).toEqual({ leaseDurationSeconds: 3600, renewTime: '2026-01-01T00:00:00.000000Z' });
  now += 10_000;
  await first.run(env());
  expect(find()['spec']).toMatchObject({ holderIdentity, renewTime: '2026-01-01T00:00:10.000000Z' });
  await identityLease('host-1').run(env());
  expect(find()['spec'].holderIdentity).not.toBe(holderIdentity);
  cluster.put(leases, { metadata: { name: 'other', namespace: 'kube-system' }, spec: {} });
  now += 3_600_000;
  await identityLeaseCleanup.run(env());
  expect(find()).toBeDefined();
  now += 1;
  await identityLeaseCleanup.run(env());
  expect(cluster.cachedList(leases).map((l) => l.metadata.name)).toEqual(['other']);
});

test('the day since which old tokens are tracked stays, unless it makes no sense', async () => {
  const name = 'kube-apiserver-legacy-service-account-token-tracking';
  const since = () => cluster.cached(core('configmaps'), name, 'kube-system')!['data'].since;
  await legacyTokenTracking.run(env());
  expect(since()).toBe('2026-01-01');
  now += 86_400_000;
  await legacyTokenTracking.run(env());
  expect(since()).toBe('2026-01-01');
  for (const wrong of ['2027-01-01', 'tomorrow']) {
    cluster.put(core('configmaps'), { metadata: { name, namespace: 'kube-system' }, data: { since: wrong } });
    await legacyTokenTracking.run(env());
    expect(since()).toBe('2026-01-02');
  }
});

test('each hook is named once', () => {
  const hooks = hooksOf(steps());
  expect([...hooks.keys()]).toEqual(expect.arrayContaining(['bootstrap-controller', 'rbac/bootstrap-roles']));
  expect(hooks.get('bootstrap-controller')).toEqual(
    expect.arrayContaining(['kubernetes-service', 'kubernetes-endpoints']),
  );
});
