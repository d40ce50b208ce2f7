// The scheduler against a real API server: pods bound, words exact, causes recorded, two schedulers that race.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clusterRoleBindings,
  clusterRoles,
  events,
  leases,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  serviceAccounts,
  storageClasses,
} from '../../apimachinery/resources.ts';
import type { Event, Node, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags, UsageError } from '../../component-base/flags.ts';
import { flags } from '../../scheduler/flags.ts';
import { run } from '../../scheduler/main.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { claim, node, pod, storageClass, volume } from './objects.ts';

let server: TestApiServer;
let client: Client;
let folder: string;

beforeAll(async () => {
  // Nodes are made here without those who would call them ready, and pods with priorities of no class.
  server = await startTestApiServer({ flags: ['--disable-admission-plugins=TaintNodesByCondition,Priority'] });
  client = await server.client();
  folder = mkdtempSync(join(tmpdir(), 'mini-k8s-scheduler-'));
});

afterAll(async () => {
  client?.close();
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

interface Running {
  stop(): Promise<void>;
  /** How it ended. */
  ended: Promise<unknown>;
}

function start(...argv: string[]): Running {
  const { config } = parseFlags(flags, [
    `--kubeconfig=${server.kubeconfigFor('scheduler')}`,
    '--bind-address=127.0.0.1',
    '--secure-port=0',
    ...argv,
  ]);
  const ending = new AbortController();
  const ended = run(config, ending.signal).catch((error: unknown) => error);
  return {
    ended,
    async stop() {
      ending.abort();
      await ended;
    },
  };
}

async function fresh(name: string): Promise<string> {
  await client.create(namespaces, { metadata: { name } });
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: name } });
  return name;
}

async function addNode(n: Node): Promise<void> {
  await client.create(nodes, n as any);
}

const status = { subresource: 'status' };
const addPod = (p: Pod) => client.create(pods, p as any) as unknown as Promise<Pod>;
const read = (p: Pod) => client.get(pods, p.metadata.name, p.metadata.namespace) as unknown as Promise<Pod>;
const scheduledCondition = (p: Pod) => p.status?.conditions?.find((c) => c.type === 'PodScheduled');

async function bound(p: Pod): Promise<string> {
  let now: Pod = p;
  await until(async () => {
    now = await read(p);
    return Boolean(now.spec?.nodeName);
  });
  return now.spec!.nodeName!;
}

async function condition(p: Pod, wanted: RegExp | string): Promise<Pod> {
  let now: Pod = p;
  const fits = (text: string) => (typeof wanted === 'string' ? text === wanted : wanted.test(text));
  await until(async () => {
    now = await read(p);
    return fits(scheduledCondition(now)?.message ?? '');
  }, 15_000).catch(() => {
    throw new Error(`condition says ${JSON.stringify(scheduledCondition(now))}, not ${wanted}`);
  });
  return now;
}

/** With `message`: there may be others before it, of when less was known. */
async function event(p: Pod, reason: string, message?: string): Promise<Event> {
  let found: Event | undefined;
  await until(async () => {
    const list = await client.list(events, { namespace: p.metadata.namespace });
    found = list.items.find(
      (e: any) =>
        e.involvedObject.name === p.metadata.name && e.reason === reason && (!message || e.message === message),
    ) as unknown as Event;
    return found !== undefined;
  });
  return found!;
}

async function clear(namespace: string, ...nodeNames: string[]): Promise<void> {
  for (const p of (await client.list(pods, { namespace })).items)
    await client.delete(pods, p.metadata.name, namespace, { gracePeriodSeconds: 0 });
  for (const name of nodeNames) await client.delete(nodes, name);
}

describe('one scheduler', () => {
  let scheduler: Running;
  beforeAll(() => {
    scheduler = start('--leader-elect=false');
  });
  afterAll(() => scheduler.stop());

  it('says so while there are no nodes, and binds when one comes', async () => {
    const ns = await fresh('no-nodes');
    const p = await addPod(pod('web-x', { namespace: ns }));
    const waiting = await condition(p, 'no nodes available to schedule pods');
    expect(scheduledCondition(waiting)).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    expect(await event(p, 'FailedScheduling', 'no nodes available to schedule pods')).toMatchObject({
      type: 'Warning',
      reportingComponent: 'default-scheduler',
      source: { component: 'default-scheduler' },
    });
    await addNode(node('node-1'));
    expect(await bound(p)).toBe('node-1');
    expect(await event(p, 'Scheduled')).toMatchObject({
      type: 'Normal',
      message: `Successfully assigned ${ns}/web-x to node-1`,
      reportingComponent: 'default-scheduler',
    });
    expect(scheduledCondition(await read(p))).toMatchObject({ status: 'True' });
    await clear(ns, 'node-1');
  });

  it('says why in the words of v1.35, and goes on by the event that helps', async () => {
    const ns = await fresh('why');
    await addNode(node('a', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }));
    await addNode(node('b', { cpu: '2' }));
    await addNode(node('c', { cpu: '2' }));
    const fillers = [
      pod('filler-b', { namespace: ns, cpu: '1500m', nodeName: 'b' }),
      pod('filler-c', { namespace: ns, cpu: '1500m', nodeName: 'c' }),
    ];
    for (const filler of fillers) await addPod(filler);
    const p = await addPod(pod('wants-cpu', { namespace: ns, cpu: '1' }));
    const message =
      '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. ' +
      'no new claims to deallocate, preemption: 0/3 nodes are available: ' +
      '1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.';
    await condition(p, message);
    expect((await event(p, 'FailedScheduling', message)).type).toBe('Warning');
    await client.delete(pods, 'filler-c', ns, { gracePeriodSeconds: 0 });
    expect(await bound(p)).toBe('c');
    await clear(ns, 'a', 'b', 'c');
  });

  it('waits for claims, and binds a volume of the chosen node before the pod', async () => {
    const ns = await fresh('claims');
    await addNode(node('a'));
    await addNode(node('b'));
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    const p = await addPod(pod('with-claim', { namespace: ns, spec: { volumes } }));
    const message =
      '0/2 nodes are available: persistentvolumeclaim "data" not found. ' +
      'no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
    await condition(p, message);
    expect((await event(p, 'FailedScheduling', message)).type).toBe('Warning');
    await client.create(storageClasses, storageClass('late'));
    await client.create(persistentVolumes, volume('on-b', { node: 'b', className: 'late' }));
    await client.patch(persistentVolumes, 'on-b', undefined, 'merge', { status: { phase: 'Available' } }, status);
    await client.create(persistentVolumeClaims, claim('data', { className: 'late', namespace: ns }));
    // The controller's part is played here: it answers the scheduler's claimRef.
    let ref: any;
    await until(async () => {
      ref = ((await client.get(persistentVolumes, 'on-b')) as any).spec.claimRef;
      return ref !== undefined;
    });
    expect(ref).toMatchObject({ kind: 'PersistentVolumeClaim', namespace: ns, name: 'data' });
    const waiting = await read(p);
    expect(waiting.spec?.nodeName).toBeUndefined();
    expect(waiting.status?.nominatedNodeName).toBe('b');
    await client.patch(persistentVolumeClaims, 'data', ns, 'merge', {
      metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
      spec: { volumeName: 'on-b' },
    });
    expect(await bound(p)).toBe('b');
    expect((await read(p)).status?.nominatedNodeName).toBeUndefined();
    const stored = await client.get(persistentVolumes, 'on-b');
    expect(stored.metadata.annotations).toMatchObject({ 'pv.kubernetes.io/bound-by-controller': 'yes' });
    await clear(ns, 'a', 'b');
  });

  it('leaves pods with gates and pods of other schedulers alone', async () => {
    const ns = await fresh('alone');
    await addNode(node('a'));
    const gated = await addPod(
      pod('gated', { namespace: ns, spec: { schedulingGates: [{ name: 'example.com/wait' }] } }),
    );
    const other = await addPod(pod('other', { namespace: ns, spec: { schedulerName: 'other' } }));
    const plain = await addPod(pod('plain', { namespace: ns }));
    await bound(plain);
    expect((await read(gated)).spec?.nodeName).toBeUndefined();
    expect((await read(other)).spec?.nodeName).toBeUndefined();
    await client.patch(pods, 'gated', ns, 'merge', { spec: { schedulingGates: null } });
    expect(await bound(gated)).toBe('a');
    expect((await read(other)).spec?.nodeName).toBeUndefined();
    await clear(ns, 'a');
  });

  it('makes room for a pod of higher priority', async () => {
    const ns = await fresh('preemption');
    await addNode(node('a', { cpu: '2' }));
    const low = await addPod(pod('low', { namespace: ns, cpu: '1500m' }));
    await bound(low);
    const high = await addPod(pod('high', { namespace: ns, cpu: '1500m', spec: { priority: 100 } }));
    await until(async () => (await read(high)).status?.nominatedNodeName === 'a', 30_000);
    let victim = await read(low);
    await until(async () => {
      victim = await read(low);
      return victim.metadata.deletionTimestamp !== undefined;
    });
    expect(victim.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }),
    );
    expect((await event(low, 'Preempted')).message).toBe(`Preempted by pod ${high.metadata.uid} on node a`);
    await client.delete(pods, 'low', ns, { gracePeriodSeconds: 0 });
    expect(await bound(high)).toBe('a');
    await clear(ns, 'a');
  });

  it('records what made it act', async () => {
    const ns = await fresh('causes');
    const p = await addPod(pod('caused', { namespace: ns }));
    await condition(p, 'no nodes available to schedule pods');
    await addNode(node('a'));
    await bound(p);
    const { items } = await client.raw<any>('GET', '/apis/trace.mini-k8s.io/v1/writes');
    const text = JSON.stringify(
      items.filter((w: any) => JSON.stringify(w).includes('binding') && JSON.stringify(w).includes('caused')),
    );
    expect(text).toContain(`pods/${ns}/caused@${p.metadata.resourceVersion}`);
    expect(text).toMatch(/nodes\/\/a@\d+/);
    await clear(ns, 'a');
  });
});

describe('configuration file', () => {
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

  it('serves several profiles under their names', async () => {
    const ns = await fresh('profiles');
    await addNode(node('empty', { cpu: '4' }));
    await addNode(node('full', { cpu: '4' }));
    await addPod(pod('filler', { namespace: ns, cpu: '2', nodeName: 'full' }));
    const config = file(
      'profiles.yaml',
      `${head}leaderElection: {leaderElect: false}\nprofiles:\n- schedulerName: default-scheduler\n- schedulerName: packer\n  pluginConfig:\n  - name: NodeResourcesFit\n    args:\n      scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 1}]}\n  plugins:\n    score: {disabled: [{name: NodeResourcesBalancedAllocation}]}\n`,
    );
    const scheduler = start(`--config=${config}`);
    const packed = await addPod(pod('packed', { namespace: ns, cpu: '1', spec: { schedulerName: 'packer' } }));
    const spread = await addPod(pod('spread', { namespace: ns, cpu: '1' }));
    expect(await bound(packed)).toBe('full');
    expect(await bound(spread)).toBe('empty');
    expect((await event(packed, 'Scheduled')).reportingComponent).toBe('packer');
    await scheduler.stop();
    await clear(ns, 'empty', 'full');
  });

  it('asks extenders about the pods that concern them', async () => {
    const ns = await fresh('extenders');
    for (const name of ['a', 'b']) await addNode(node(name, { allocatable: { 'example.com/seat': '0' } }));
    const asked: string[] = [];
    const extender = createServer(async (request, response) => {
      const body = JSON.parse(await text(request));
      asked.push(body.Pod.metadata.name);
      response.end(JSON.stringify({ NodeNames: body.NodeNames.filter((name: string) => name === 'b') }));
    });
    await new Promise<void>((resolve) => extender.listen(0, '127.0.0.1', resolve));
    const urlPrefix = `http://127.0.0.1:${(extender.address() as AddressInfo).port}`;
    const managedResources = [{ name: 'example.com/seat', ignoredByScheduler: true }];
    const extenders = JSON.stringify([{ urlPrefix, filterVerb: 'filter', nodeCacheCapable: true, managedResources }]);
    const config = file('extenders.yaml', `${head}leaderElection: {leaderElect: false}\nextenders: ${extenders}\n`);
    const scheduler = start(`--config=${config}`);
    const seat = { limits: { 'example.com/seat': '1' }, requests: { 'example.com/seat': '1' } };
    const spec = { containers: [{ name: 'c', image: 'nginx', resources: seat }] };
    const seated = await addPod(pod('seated', { namespace: ns, spec }));
    const plain = await addPod(pod('plain', { namespace: ns }));
    expect(await bound(seated)).toBe('b');
    await bound(plain);
    expect(asked).toEqual(['seated']);
    await scheduler.stop();
    extender.closeAllConnections();
    extender.close();
    await clear(ns, 'a', 'b');
  });

  it.each([
    [
      'a plugin that is not there',
      'profiles: [{plugins: {multiPoint: {enabled: [{name: Foo}]}}}]',
      '"Foo" does not exist',
    ],
    [
      'a plugin where it takes no part',
      'profiles: [{plugins: {bind: {enabled: [{name: NodeName}]}}}]',
      '"NodeName" does not extend bind',
    ],
    ['an unknown field', 'parallelisms: 3', 'unknown field "parallelisms"'],
    ['another kind', 'kind: Foo', 'must be'],
  ])('refuses %s', async (_what, text, message) => {
    const config = file('bad.yaml', text.startsWith('kind') ? text : head + text);
    const error = await start(`--config=${config}`).ended;
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(message);
  });
});

describe('two schedulers', () => {
  it('bind each pod once when both act', async () => {
    const ns = await fresh('race');
    for (let i = 0; i < 4; i++) await addNode(node(`race-${i}`, { cpu: '100' }));
    const both = [start('--leader-elect=false'), start('--leader-elect=false')];
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => addPod(pod(`p-${i}`, { namespace: ns }))));
    for (const p of all) await bound(p);
    await Promise.all(both.map((s) => s.stop()));
    const list = await client.list(events, { namespace: ns });
    const told = list.items.filter((e: any) => e.reason === 'Scheduled').map((e: any) => e.involvedObject.name);
    expect(new Set(told).size).toBe(told.length);
    expect(list.items.filter((e: any) => e.reason === 'FailedScheduling')).toEqual([]);
    await clear(ns, 'race-0', 'race-1', 'race-2', 'race-3');
  });

  it('take turns by the Lease: the second goes on when the first has stopped', async () => {
    const ns = await fresh('turns');
    await addNode(node('t'));
    const quick = [
      '--leader-elect-lease-duration=15s',
      '--leader-elect-renew-deadline=10s',
      '--leader-elect-retry-period=200ms',
    ];
    const first = start(...quick);
    await bound(await addPod(pod('one', { namespace: ns })));
    const second = start(...quick);
    await first.stop();
    expect(await bound(await addPod(pod('two', { namespace: ns })))).toBe('t');
    const lease = await client.get(leases, 'kube-scheduler', 'kube-system');
    expect(lease.spec).toMatchObject({ leaseDurationSeconds: 15 });
    await second.stop();
    await clear(ns, 't');
  });

  it('a scheduler that lost its Lease ends and binds nothing more', async () => {
    const ns = await fresh('lost');
    await addNode(node('l'));
    const quick = [
      '--leader-elect-lease-duration=6s',
      '--leader-elect-renew-deadline=5s',
      '--leader-elect-retry-period=200ms',
    ];
    const scheduler = start(...quick);
    await bound(await addPod(pod('before', { namespace: ns })));
    const other = {
      spec: {
        holderIdentity: 'someone-else',
        leaseDurationSeconds: 3600,
        renewTime: new Date().toISOString().replace('Z', '000Z'),
      },
    };
    await client.patch(leases, 'kube-scheduler', 'kube-system', 'merge', other);
    expect(String(await scheduler.ended)).toContain('leaderelection lost');
    const after = await addPod(pod('after', { namespace: ns }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await read(after)).spec?.nodeName).toBeUndefined();
    await client.delete(leases, 'kube-scheduler', 'kube-system');
    await clear(ns, 'l');
  });
});

it('serves health and metrics', async () => {
  const portFile = join(folder, 'port');
  const scheduler = start('--leader-elect=false', `--port-file=${portFile}`);
  let port = '';
  await until(() => {
    try {
      port = readFileSync(portFile, 'utf8');
      return port !== '';
    } catch {
      return false;
    }
  });
  await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200, 30_000);
  expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe('ok');
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain(
    'scheduler_pending_pods{queue="active"} 0',
  );
  const page = (token?: string) =>
    fetch(`http://127.0.0.1:${port}/debug/attempts`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  expect((await page()).status).toBe(401);
  expect((await page('nonsense')).status).toBe(401);
  const ns = await fresh('pages');
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { status: issued } = await client.post<any>(serviceAccounts, 'default', ns, 'token', request);
  expect((await page(issued.token)).status).toBe(403);
  const rules = [{ nonResourceURLs: ['/debug/attempts'], verbs: ['get'] }];
  await client.create(clusterRoles, { metadata: { name: 'attempts' }, rules } as any);
  await client.create(clusterRoleBindings, {
    metadata: { name: 'attempts' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'attempts' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: ns }],
  } as any);
  await addPod(pod('tried', { namespace: ns }));
  await until(async () => {
    const { attempts } = ((await (await page(issued.token)).json()) ?? {}) as { attempts?: any[] };
    return attempts?.some((a) => a.pod === `${ns}/tried` && a.outcome === 'Unschedulable') ?? false;
  });
  await clear(ns);
  await scheduler.stop();
});

it('has the defaults of upstream', () => {
  const defaults = Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, flag.default]));
  expect(defaults).toMatchObject({
    'leader-elect': true,
    'leader-elect-lease-duration': 15_000,
    'leader-elect-renew-deadline': 10_000,
    'leader-elect-retry-period': 2_000,
    'leader-elect-resource-name': 'kube-scheduler',
    'leader-elect-resource-namespace': 'kube-system',
    'secure-port': 10259,
    'bind-address': '0.0.0.0',
    'pod-max-in-unschedulable-pods-duration': 300_000,
    'kube-api-qps': '50',
    'kube-api-burst': 100,
    'contention-profiling': true,
    'logging-format': 'text',
  });
});
