// Devices in a real API server, with the scheduler and the controllers, and a pretend driver: the test publishes its slices.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteProtection } from '../../../apimachinery/podClaims.ts';
import {
  deviceClasses,
  events,
  namespaces,
  nodes,
  pods,
  type Resource,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
  serviceAccounts,
} from '../../../apimachinery/resources.ts';
import { isReason } from '../../../apimachinery/status.ts';
import type { KubeObject, Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import { parseFlags } from '../../../component-base/flags.ts';
import { flags } from '../../../scheduler/flags.ts';
import { run } from '../../../scheduler/main.ts';
import { type RunningManager, startManager } from '../../controllers/manager.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { kubectls } from '../../kit/kubectls.ts';
import { node, pod } from '../objects.ts';
import { allocation, cel, claim, deviceClass, exactly, firstAvailable, onNode, slice } from './objects.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
const ending = new AbortController();
let scheduler: Promise<unknown>;

beforeAll(async () => {
  server = await startTestApiServer({ flags: ['--disable-admission-plugins=TaintNodesByCondition,Priority'] });
  client = await server.client();
  const argv = [`--kubeconfig=${server.kubeconfigFor('scheduler')}`, '--leader-elect=false', '--secure-port=0'];
  scheduler = run(parseFlags(flags, [...argv, '--bind-address=127.0.0.1']).config, ending.signal).catch(() => {});
  manager = startManager(server, ['--controllers=resourceclaim-controller,garbage-collector-controller']);
  for (const name of ['node-1', 'node-2']) await client.create(nodes, node(name) as any);
});

afterAll(async () => {
  ending.abort();
  await Promise.all([scheduler, manager?.stop()]);
  client?.close();
  await server?.stop();
});

/** A namespace, and devices of a driver, class and pool of its own. */
async function lab(name: string, devices: Record<string, string[]>): Promise<string> {
  await client.create(namespaces, { metadata: { name } });
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: name } });
  await make(deviceClasses, classOf(name));
  for (const [nodeName, names] of Object.entries(devices))
    await make(
      resourceSlices,
      slice(`${name}-${nodeName}`, { driver: `${name}.example.com`, nodeName, devices: names }),
    );
  return name;
}

const classOf = (name: string) => deviceClass(name, { selectors: [cel(`device.driver == "${name}.example.com"`)] });
const make = <T extends KubeObject>(r: Resource<T>, { metadata, ...rest }: any): Promise<T> => {
  const { uid: _, resourceVersion: __, ...own } = metadata;
  return client.create(r, { ...rest, metadata: own });
};
const makeClaim = (name: string, ns: string, requests: any[] = [ns]) =>
  make(resourceClaims, claim(name, { namespace: ns, requests }));
const makePod = (name: string, ns: string, ...entries: object[]) =>
  make(pods, pod(name, { namespace: ns, spec: { resourceClaims: entries as any } }));
const uses = (resourceClaimName: string) => ({ name: `for-${resourceClaimName}`, resourceClaimName });
const template = (name: string, ns: string, spec?: object) =>
  make(resourceClaimTemplates, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaimTemplate',
    metadata: { name, namespace: ns },
    spec: { spec: spec ?? claim('x', { requests: [ns] }).spec },
  });
const readClaim = (name: string, ns: string) => client.get(resourceClaims, name, ns) as Promise<ResourceClaim>;
const readPod = (name: string, ns: string) => client.get(pods, name, ns) as Promise<Pod>;
const remove = (name: string, ns: string) => client.delete(pods, name, ns, { gracePeriodSeconds: 0 });

async function eventually<T>(what: string, read: () => Promise<T | undefined | false>): Promise<T> {
  let last: T | undefined | false;
  await until(async () => {
    last = await read();
    return Boolean(last);
  }, 15_000).catch(() => {
    throw new Error(`never: ${what}`);
  });
  return last as T;
}

const bound = (name: string, ns: string) =>
  eventually(`${name} is bound`, async () => (await readPod(name, ns)).spec?.nodeName);
const told = (name: string, ns: string, message: string) =>
  eventually(`${name}: ${message}`, async () =>
    (await readPod(name, ns)).status?.conditions?.some(
      (c) => c.type === 'PodScheduled' && c.message?.includes(message),
    ),
  );
const gone = (name: string, ns: string) =>
  eventually(`${name} is gone`, () =>
    readClaim(name, ns).then(
      () => false,
      (error: unknown) => isReason(error, 'NotFound'),
    ),
  );
const free = (name: string, ns: string) =>
  eventually(`${name} is free`, async () => {
    const { status, metadata } = await readClaim(name, ns);
    return !status?.allocation && !status?.reservedFor?.length && !metadata.finalizers?.length;
  });

describe('claims of templates', () => {
  it('are made, allocated, reserved; and gone with the pod', async () => {
    const ns = await lab('template', { 'node-2': ['a'] });
    await template('gpu', ns);
    await makePod('p', ns, { name: 'dev', resourceClaimTemplateName: 'gpu' });
    expect(await bound('p', ns)).toBe('node-2');
    const p = await readPod('p', ns);
    const [status] = p.status!.resourceClaimStatuses!;
    expect(status).toEqual({ name: 'dev', resourceClaimName: expect.stringMatching(/^p-dev-[a-z0-9]{5}$/) });
    const name = status!.resourceClaimName!;
    const c = await readClaim(name, ns);
    expect(c.metadata).toMatchObject({
      generateName: 'p-dev-',
      annotations: { 'resource.kubernetes.io/pod-claim-name': 'dev' },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: p.metadata.uid, controller: true, blockOwnerDeletion: true },
      ],
      finalizers: [deleteProtection],
    });
    expect(c.status).toEqual({
      allocation: {
        devices: { results: [{ request: 'req-0', driver: 'template.example.com', pool: 'node-2', device: 'a' }] },
        ...onNode('node-2'),
      },
      reservedFor: [{ resource: 'pods', name: 'p', uid: p.metadata.uid }],
    });
    await remove('p', ns);
    await gone(name, ns);
  });

  it('a template that is not there is told, and waited for', async () => {
    const ns = await lab('later', { 'node-1': ['a'] });
    await makePod('p', ns, { name: 'dev', resourceClaimTemplateName: 'gpu' });
    const said = await eventually('an event', async () =>
      (await client.list(events, { namespace: ns })).items.find((e: any) => e.reason === 'FailedResourceClaimCreation'),
    );
    expect(said).toMatchObject({
      type: 'Warning',
      message:
        'PodResourceClaim dev: resource claim template "gpu": resourceclaimtemplate.resource.k8s.io "gpu" not found',
      source: { component: 'resource_claim' },
    });
    await template('gpu', ns);
    expect(await bound('p', ns)).toBe('node-1');
  });

  it('go when the pod has ended, though it is still there', async () => {
    const ns = await lab('ended', { 'node-1': ['a'] });
    await template('gpu', ns);
    await makePod('p', ns, { name: 'dev', resourceClaimTemplateName: 'gpu' });
    await bound('p', ns);
    const name = (await readPod('p', ns)).status!.resourceClaimStatuses![0]!.resourceClaimName!;
    await client.patch(pods, 'p', ns, 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
    await gone(name, ns);
    expect((await readPod('p', ns)).metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('claims that people make', () => {
  it('are shared by pods, who come to the node of the devices', async () => {
    const ns = await lab('shared', { 'node-1': ['a'], 'node-2': ['b'] });
    await makeClaim('c', ns);
    for (const name of ['p', 'q']) await makePod(name, ns, uses('c'));
    expect(await bound('p', ns)).toBe(await bound('q', ns));
    const users = (await readClaim('c', ns)).status!.reservedFor!.map((u) => u.name);
    expect(users.sort()).toEqual(['p', 'q']);
    await remove('p', ns);
    await eventually('one user', async () => (await readClaim('c', ns)).status?.reservedFor?.length === 1);
    expect((await readClaim('c', ns)).status!.allocation).toBeDefined();
    await remove('q', ns);
    await free('c', ns);
  });

  it('wait while all devices are taken, and get one that becomes free', async () => {
    const ns = await lab('full', { 'node-1': ['a'] });
    for (const name of ['c', 'd']) await makeClaim(name, ns);
    await makePod('p', ns, uses('c'));
    await bound('p', ns);
    await makePod('q', ns, uses('d'));
    await told('q', ns, '0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: ');
    await client.patch(pods, 'p', ns, 'merge', { status: { phase: 'Failed' } }, { subresource: 'status' });
    expect(await bound('q', ns)).toBe('node-1');
    await free('c', ns);
    expect((await readClaim('d', ns)).status!.allocation!.devices!.results![0]!.device).toBe('a');
  });

  it('wait for claim, class and slice, in that order', async () => {
    const ns = await lab('missing', {});
    await client.delete(deviceClasses, ns);
    await makePod('p', ns, uses('c'));
    await makeClaim('c', ns);
    await told('p', ns, `request req-0: device class ${ns} does not exist. no new claims to deallocate, `);
    await make(deviceClasses, classOf(ns));
    await told('p', ns, '2 cannot allocate all claims');
    await make(resourceSlices, slice(ns, { driver: `${ns}.example.com`, nodeName: 'node-1', devices: ['a'] }));
    expect(await bound('p', ns)).toBe('node-1');
    await client.delete(resourceSlices, ns);
  });

  it('prefer the node with the better alternative', async () => {
    const ns = await lab('better', { 'node-1': ['slow'] });
    const model = (m: string) => ({ name: m, attributes: { model: { string: m } } });
    for (const [n, m] of [
      ['1', 'medium'],
      ['2', 'fast'],
    ] as const)
      await make(
        resourceSlices,
        slice(`${ns}-${n}`, { driver: `${ns}.example.com`, pool: m, nodeName: `node-${n}`, devices: [model(m)] }),
      );
    const is = (m: string) => ({
      deviceClassName: ns,
      selectors: [cel(`device.attributes["${ns}.example.com"].?model.orValue("") == "${m}"`)],
    });
    // The scheduler hears of slices and of pods by two watches: who gets the fast one shows that it knows of both.
    await makeClaim('probe', ns, [exactly('r', is('fast'))]);
    await makePod('probe', ns, uses('probe'));
    await bound('probe', ns);
    await remove('probe', ns);
    await free('probe', ns);
    await makeClaim('c', ns, [firstAvailable('r', is('fast'), is('medium'))]);
    await makePod('p', ns, uses('c'));
    expect(await bound('p', ns)).toBe('node-2');
    expect((await readClaim('c', ns)).status!.allocation!.devices!.results![0]!.request).toBe('r/sub-0');
  });

  it('an expression that fails is told, and the pod tried again', async () => {
    const ns = await lab('broken', { 'node-1': ['a'] });
    await makeClaim('c', ns, [
      exactly('r', { deviceClassName: ns, selectors: [cel('device.attributes["x"].y == 1')] }),
    ]);
    await makePod('p', ns, uses('c'));
    await told(
      'p',
      ns,
      `claim ${ns}/c: selector #0 on device ${ns}.example.com/node-1/a: CEL runtime error: no such key: y`,
    );
  });

  it('are given up when they sit where the pod cannot go', async () => {
    const ns = await lab('moved', { 'node-1': ['a'] });
    await makeClaim('c', ns);
    const c = await readClaim('c', ns);
    const results = allocation('x', onNode('gone'));
    results.devices.results[0]!.driver = `${ns}.example.com`;
    await client.updateStatus(resourceClaims, { ...c, status: { allocation: results as any } });
    await makePod('p', ns, uses('c'));
    expect(await bound('p', ns)).toBe('node-1');
    expect((await readClaim('c', ns)).status!.allocation!.devices!.results![0]!.device).toBe('a');
  });

  it('are reserved for a pod that was placed without the scheduler', async () => {
    const ns = await lab('placed', { 'node-1': ['a'] });
    await makeClaim('c', ns);
    await makePod('p', ns, uses('c'));
    await bound('p', ns);
    await make(pods, pod('q', { namespace: ns, nodeName: 'node-1', spec: { resourceClaims: [uses('c')] } }));
    await eventually('two users', async () => (await readClaim('c', ns)).status?.reservedFor?.length === 2);
  });

  it('a claim in use is not gone before its last user', async () => {
    const ns = await lab('deleted', { 'node-1': ['a'] });
    await makeClaim('c', ns);
    await makePod('p', ns, uses('c'));
    await bound('p', ns);
    await client.delete(resourceClaims, 'c', ns);
    expect((await readClaim('c', ns)).metadata.deletionTimestamp).toBeDefined();
    await makePod('q', ns, uses('c'));
    await remove('p', ns);
    await gone('c', ns);
    expect((await readPod('q', ns)).spec?.nodeName).toBeUndefined();
  });
});

it('access for admins needs a namespace for it, and shares devices in use', async () => {
  const ns = await lab('admin', { 'node-1': ['a'] });
  await makeClaim('c', ns);
  await makePod('p', ns, uses('c'));
  await bound('p', ns);
  const asked = [exactly('r', { deviceClassName: ns, adminAccess: true })];
  await expect(makeClaim('d', ns, asked)).rejects.toThrow('admin access to devices requires');
  await client.patch(namespaces, ns, undefined, 'merge', {
    metadata: { labels: { 'resource.kubernetes.io/admin-access': 'true' } },
  });
  await eventually('the label is known', () => makeClaim('d', ns, asked).catch(() => undefined));
  await makePod('q', ns, uses('d'));
  expect(await bound('q', ns)).toBe('node-1');
  expect((await readClaim('d', ns)).status!.allocation!.devices!.results).toEqual([
    { request: 'r', driver: `${ns}.example.com`, pool: 'node-1', device: 'a', adminAccess: true },
  ]);
});

it.each(kubectls().slice(-1))('kubectl 1.$minor shows how far a claim has come', async ({ path }) => {
  const ns = await lab('shown', { 'node-1': ['a'] });
  const kubectl = async (...args: string[]) =>
    (await promisify(execFile)(path, ['--kubeconfig', server.kubeconfig, '-n', ns, ...args])).stdout;
  await makeClaim('c', ns);
  expect(await kubectl('get', 'resourceclaims', '--no-headers')).toMatch(/^c +pending /);
  await makePod('p', ns, uses('c'));
  await bound('p', ns);
  expect(await kubectl('get', 'resourceclaim', 'c', '--no-headers')).toMatch(/^c +allocated,reserved /);
  const device = '-o=jsonpath={.status.allocation.devices.results[0].device}';
  expect(await kubectl('get', 'resourceclaim', 'c', device)).toBe('a');
  expect(await kubectl('describe', 'resourceclaim', 'c')).toMatch(/Name: +p\n/);
  await kubectl('delete', 'pod', 'p', '--force', '--grace-period=0');
  await free('c', ns);
  expect(await kubectl('get', 'resourceclaims', '--no-headers')).toMatch(/^c +pending /);
});
