// The plugin step by step: what it says of pods, nodes and events, what it reserves, writes and takes back.
import { describe, expect, it } from 'vitest';
import { deleteProtection } from '../../../apimachinery/podClaims.ts';
import { deviceClasses, resourceClaims, resourceSlices } from '../../../apimachinery/resources.ts';
import { unknown } from '../../../apimachinery/status.ts';
import type { Node, Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import type { InformerCache } from '../../../client/informerCache.ts';
import { createFeatureGates } from '../../../component-base/featureGates.ts';
import { action } from '../../../scheduler/clusterEvents.ts';
import type { Plugin } from '../../../scheduler/framework.ts';
import { dynamicResources } from '../../../scheduler/plugins/dynamicResources/dynamicResources.ts';
import { type PodInfo, podInfoOf } from '../../../scheduler/podInfo.ts';
import { node, pod } from '../objects.ts';
import { createWorld, hinted } from '../world.ts';
import { createClaimServer } from './claimServer.ts';
import { allocation, cel, claim, deviceClass, driver, exactly, firstAvailable, onNode, slice } from './objects.ts';

interface Setup {
  nodes?: Node[];
  claims?: ResourceClaim[];
  slices?: ReturnType<typeof slice>[];
  classes?: string[];
}

const uses = (name: string, ...claims: string[]): Pod =>
  pod(name, { spec: { resourceClaims: claims.map((c) => ({ name: `for-${c}`, resourceClaimName: c })) } });

const fromTemplate = (name: string, statuses?: object[]): Pod =>
  pod(name, {
    spec: { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'template' }] },
    ...(statuses && { status: { resourceClaimStatuses: statuses } as Pod['status'] }),
  });

const user = (name: string) => ({ resource: 'pods', name, uid: `uid-${name}` });

function setUp(o: Setup = {}) {
  const world = createWorld(o.nodes ?? [node('node-1')]);
  const server = createClaimServer(world.handle.informers.informer(resourceClaims) as InformerCache<ResourceClaim>);
  world.handle.client = server.client;
  for (const c of o.claims ?? []) server.create(c);
  server.tell();
  for (const s of o.slices ?? []) world.add(resourceSlices, s);
  for (const c of o.classes ?? ['gpu']) world.add(deviceClasses, deviceClass(c));
  const plugin = dynamicResources(world.handle, {});
  world.cache.refresh(world.handle.snapshot);
  /** What Filter says of each node; a string is what PreFilter said. */
  const filter = (info: PodInfo): string | Record<string, string> => {
    const found = plugin.preFilter!(info);
    if (!found) return {};
    if ('reasons' in found) return `${found.code}: ${found.reasons.join()}`;
    return Object.fromEntries(
      world.handle.snapshot.nodes.map((n) => {
        const status = found.test!(n);
        return [n.name, status ? `${status.code}: ${status.reasons.join()}` : ''];
      }),
    );
  };
  return { world, server, plugin, filter };
}

const signal = new AbortController().signal;
const preEnqueue = (plugin: Plugin, p: Pod) => plugin.preEnqueue!(podInfoOf(p))?.reasons.join();

describe('the claims of a pod', () => {
  it.each<[string, Pod, ResourceClaim[], string | undefined]>([
    ['it has none', pod('p'), [], undefined],
    ['it is there', uses('p', 'c'), [claim('c')], undefined],
    ['it is not there', uses('p', 'c'), [], 'could not find ResourceClaim "default/c"'],
    ['it is being deleted', uses('p', 'c'), [claim('c', { deleted: true })], 'resourceclaim "c" is being deleted'],
    ['not made of its template yet', fromTemplate('p'), [], 'pod "default/p": ResourceClaim not created yet'],
    [
      'made of its template',
      fromTemplate('p', [{ name: 'gpu', resourceClaimName: 'c' }]),
      [claim('c', { owner: { name: 'p', uid: 'uid-p' } })],
      undefined,
    ],
    ['found not to be needed', fromTemplate('p', [{ name: 'gpu' }]), [], undefined],
    [
      "somebody else's",
      fromTemplate('p', [{ name: 'gpu', resourceClaimName: 'c' }]),
      [claim('c', { owner: { name: 'other', uid: 'uid-other' } })],
      'ResourceClaim default/c was not created for pod default/p (pod is not owner)',
    ],
    [
      'of a kind that is not known here',
      pod('p', { spec: { resourceClaims: [{ name: 'x' }] } }),
      [],
      'pod "default/p", spec.resourceClaim "x": none of the supported fields are set',
    ],
  ])('%s', (_, p, claims, said) => {
    const { plugin, filter } = setUp({ claims, slices: [slice('s', { devices: ['a'] })] });
    expect(preEnqueue(plugin, p)).toBe(said);
    const filtered = filter(podInfoOf(p));
    if (said) expect(filtered).toBe(`Unresolvable: ${said}`);
    else expect(typeof filtered).toBe('object');
  });
});

describe('PreFilter', () => {
  it.each<[string, ResourceClaim, string]>([
    [
      'a class that is not there',
      claim('c', { requests: ['tpu'] }),
      'Unresolvable: request req-0: device class tpu does not exist',
    ],
    [
      'a class of an alternative',
      claim('c', { requests: [firstAvailable('r', {}, { deviceClassName: 'tpu' })] }),
      'Unresolvable: request r/sub-1: device class tpu does not exist',
    ],
    [
      'a request of a future kind',
      claim('c', { requests: [{ name: 'r' }] }),
      'Error: running PreFilter plugin "DynamicResources": request r: unsupported request type',
    ],
    [
      'a claim that has no room for another user',
      claim('c', {
        status: { allocation: allocation('a'), reservedFor: Array.from({ length: 256 }, (_, i) => user(`u${i}`)) },
      }),
      'Unresolvable: resourceclaim in use',
    ],
  ])('%s', (_, c, said) => {
    expect(setUp({ claims: [c] }).filter(podInfoOf(uses('p', 'c')))).toBe(said);
  });
});

it('alternatives are refused while the feature is off', () => {
  const { world } = setUp({ claims: [claim('c', { requests: [firstAvailable('r', {})] })] });
  world.handle.gates = createFeatureGates({ DRAPrioritizedList: 'false' });
  expect(world.filter(dynamicResources, uses('p', 'c'))['node-1']).toBe(
    'Unresolvable: resource claim default/c, request r: has subrequests, but the DRAPrioritizedList feature is disabled',
  );
});

describe('Filter', () => {
  const nodes = [node('node-1'), node('node-2')];
  const local = [slice('s1', { nodeName: 'node-1', devices: ['a'] }), slice('s2', { nodeName: 'node-2', devices: [] })];
  it.each<[string, Setup, Record<string, string>]>([
    [
      'a device is on one node',
      { claims: [claim('c')] },
      { 'node-1': '', 'node-2': 'Unresolvable: cannot allocate all claims' },
    ],
    [
      'it is allocated already',
      { claims: [claim('c', { status: { allocation: allocation('b', onNode('node-2'), 'node-2') } })] },
      { 'node-1': 'Unresolvable: resourceclaim not available on the node', 'node-2': '' },
    ],
    [
      'it is allocated for all nodes',
      { claims: [claim('c', { status: { allocation: allocation('x') } })] },
      { 'node-1': '', 'node-2': '' },
    ],
    [
      "another's claim has it",
      { claims: [claim('c'), claim('d', { status: { allocation: allocation('a', {}, 'node-1') } })] },
      { 'node-1': 'Unresolvable: cannot allocate all claims', 'node-2': 'Unresolvable: cannot allocate all claims' },
    ],
    [
      'an expression that fails',
      { claims: [claim('c', { requests: [exactly('r', { selectors: [cel('device.attributes["x"].y')] })] })] },
      {
        'node-1': `Error: running "DynamicResources" filter plugin: claim default/c: selector #0 on device ${driver}/node-1/a: CEL runtime error: no such key: y. Consider using CEL optional chaining (?), has() macro, or orValue() for optional fields`,
        'node-2': 'Unresolvable: cannot allocate all claims',
      },
    ],
    [
      'a pool of doubles',
      { claims: [claim('c')], slices: [slice('s', { devices: ['a', 'a'] })] },
      {
        'node-1': 'Unresolvable: invalid resource pools were encountered',
        'node-2': 'Unresolvable: invalid resource pools were encountered',
      },
    ],
  ])('%s', (_, o, said) => {
    expect(setUp({ nodes, slices: local, ...o }).filter(podInfoOf(uses('p', 'c')))).toEqual(said);
  });

  it('sees slices that come and go', () => {
    const { world, filter } = setUp({ claims: [claim('c')] });
    expect(filter(podInfoOf(uses('p', 'c')))).toEqual({ 'node-1': 'Unresolvable: cannot allocate all claims' });
    world.add(resourceSlices, slice('s', { devices: ['a'] }));
    expect(filter(podInfoOf(uses('p', 'c')))).toEqual({ 'node-1': '' });
  });
});

it.each([
  ['1ns', 'timed out trying to allocate devices'],
  ['0s', ''],
  ['-1s', undefined],
  ['soon', undefined],
])('a filterTimeout of %s', (filterTimeout, said) => {
  const { world } = setUp({ claims: [claim('c')], slices: [slice('s', { devices: ['a'] })] });
  const filter = () => world.filter(dynamicResources, uses('p', 'c'), { filterTimeout });
  if (said === undefined) expect(filter).toThrow('DynamicResources: filterTimeout: Invalid value');
  else expect(filter()['node-1']).toBe(said && `Unresolvable: ${said}`);
});

it('a search without end is ended, and keeps others waiting for two seconds at most', () => {
  // Every choice of twenty devices leads nowhere, for the last request wants what there is not.
  const devices = Array.from({ length: 30 }, (_, i) => `d${i}`);
  const requests = [exactly('many', { count: 20 }), exactly('none', { selectors: [cel('false')] })];
  const { world } = setUp({
    // Two seconds for each would be thirty.
    nodes: Array.from({ length: 15 }, (_, i) => node(`n${i}`)),
    claims: [claim('c', { requests })],
    slices: [slice('s', { devices })],
  });
  const started = performance.now();
  const said = world.filter(dynamicResources, uses('p', 'c'));
  expect(new Set(Object.values(said))).toEqual(new Set(['Unresolvable: timed out trying to allocate devices']));
  expect(performance.now() - started).toBeLessThan(20_000);
});

describe('PostFilter', () => {
  const elsewhere = (more: object = {}) => ({ status: { allocation: allocation('a', onNode('gone')), ...more } });
  const diagnosis = { nodeCount: 1, statuses: new Map(), plugins: new Set<string>() };
  it.each<[string, ResourceClaim[], string, boolean]>([
    ['nothing to give up', [claim('c')], 'still not schedulable', false],
    ['an allocation that nobody uses', [claim('c', elsewhere())], 'deallocation of ResourceClaim completed', true],
    [
      'one that only this pod uses',
      [claim('c', elsewhere({ reservedFor: [user('p')] }))],
      'deallocation of ResourceClaim completed',
      true,
    ],
    ["another's too", [claim('c', elsewhere({ reservedFor: [user('p'), user('q')] }))], 'still not schedulable', false],
    ["another's", [claim('c', elsewhere({ reservedFor: [user('q')] }))], 'still not schedulable', false],
  ])('%s', async (_, claims, said, gives) => {
    const { plugin, filter, server } = setUp({ claims });
    const info = podInfoOf(uses('p', 'c'));
    filter(info);
    const result = await plugin.postFilter!(info, diagnosis, []);
    expect(result.status).toEqual({ code: 'Unschedulable', reasons: [said], plugin: 'DynamicResources' });
    await result.act?.();
    expect(Boolean(server.get('c')!.status?.allocation)).toBe(!gives && claims[0]!.status !== undefined);
    if (gives) expect(server.get('c')!.status).toEqual({});
  });
  it('of a pod without claims, or that PreFilter refused', async () => {
    const { plugin, filter } = setUp();
    for (const p of [pod('p'), uses('p', 'missing')]) {
      const info = podInfoOf(p);
      filter(info);
      expect((await plugin.postFilter!(info, diagnosis, [])).status?.reasons).toEqual(['no new claims to deallocate']);
    }
  });
});

describe('Score', () => {
  it('is for nodes with what is preferred', () => {
    const is = (model: string) => ({ selectors: [cel(`device.attributes["${driver}"].model == "${model}"`)] });
    const device = (model: string) => [{ name: 'a', attributes: { model: { string: model } } }];
    const { plugin, filter, world } = setUp({
      nodes: ['n1', 'n2', 'n3'].map((n) => node(n)),
      slices: ['slow', 'fast', 'middle'].map((m, i) => slice(`s${i}`, { nodeName: `n${i + 1}`, devices: device(m) })),
      claims: [claim('c', { requests: [firstAvailable('r', is('fast'), is('middle'), is('slow'))] }), claim('plain')],
    });
    const score = (p: Pod) => {
      const info = podInfoOf(p);
      filter(info);
      const nodes = world.handle.snapshot.nodes;
      const scorer = plugin.preScore!(info, nodes);
      const scores = scorer && Float64Array.from(nodes, (n) => scorer.score(n));
      if (scores) scorer?.normalize?.(scores, nodes);
      return scores && [...scores];
    };
    expect(score(uses('p', 'c'))).toEqual([75, 100, 87]);
    expect(score(uses('p', 'plain'))).toBeUndefined();
    expect(score(pod('q'))).toBeUndefined();
  });
});

describe('Reserve and PreBind', () => {
  const devices = (n: number) => [slice('s', { devices: Array.from({ length: n }, (_, i) => `d${i}`) })];
  const ready = (o: Setup, p = uses('p', 'c')) => {
    const all = setUp(o);
    const info = podInfoOf(p);
    expect(all.filter(info)).toEqual({ 'node-1': '' });
    expect(all.plugin.reserve!(info, 'node-1')).toBeUndefined();
    return { ...all, info, bind: () => all.plugin.preBind!(info, 'node-1', signal) };
  };

  it('a device is taken from Reserve on, and its claim is nobody else’s business meanwhile', async () => {
    const { filter, bind, server, plugin, info } = ready({ claims: [claim('c'), claim('d')], slices: devices(1) });
    expect(filter(podInfoOf(uses('q', 'd')))).toEqual({ 'node-1': 'Unresolvable: cannot allocate all claims' });
    expect(filter(podInfoOf(uses('q', 'c')))).toBe(
      'Unresolvable: resource claim default/c is in the process of being allocated',
    );
    plugin.unreserve!(info, 'node-1');
    expect(filter(podInfoOf(uses('q', 'd')))).toEqual({ 'node-1': '' });
    plugin.reserve!(info, 'node-1');
    expect(await bind()).toBeUndefined();
    const now = server.get('c')!;
    expect(now.metadata.finalizers).toEqual([deleteProtection]);
    expect(now.status).toEqual({
      allocation: { devices: { results: [{ request: 'req-0', driver, pool: 'pool', device: 'd0' }] } },
      reservedFor: [user('p')],
    });
    // The watch has not told yet, and the device is taken all the same; so it is after that.
    for (const told of [false, true]) {
      if (told) server.tell();
      expect(filter(podInfoOf(uses('q', 'd')))).toEqual({ 'node-1': 'Unresolvable: cannot allocate all claims' });
      expect(filter(podInfoOf(uses('q', 'c')))).toEqual({ 'node-1': '' });
    }
    server.change('c', (c) => {
      delete c.status;
    });
    server.tell();
    expect(filter(podInfoOf(uses('q', 'd')))).toEqual({ 'node-1': '' });
  });

  it('a claim that is allocated only gets another user', async () => {
    const shared = claim('c', { status: { allocation: allocation('d0'), reservedFor: [user('o')] } });
    const { bind, server } = ready({ claims: [shared], slices: devices(1) });
    expect(await bind()).toBeUndefined();
    expect(server.get('c')!.status!.reservedFor).toEqual([user('o'), user('p')]);
    expect(server.get('c')!.metadata.finalizers).toBeUndefined();
  });

  it('a claim changed by others in a way that does not matter is written all the same', async () => {
    const { bind, server } = ready({ claims: [claim('c')], slices: devices(1) });
    server.change('c', (c) => {
      c.metadata.labels = { changed: 'yes' };
    });
    expect(await bind()).toBeUndefined();
    expect(server.get('c')!.metadata.labels).toEqual({ changed: 'yes' });
    expect(server.get('c')!.status!.reservedFor).toEqual([user('p')]);
  });

  it.each<[string, (server: ReturnType<typeof createClaimServer>) => void, string]>([
    [
      'allocated elsewhere',
      (s) =>
        s.change('c', (c) => {
          c.status = { allocation: allocation('x') as any };
        }),
      'claim default/c got allocated elsewhere in the meantime',
    ],
    [
      'deleted',
      (s) =>
        s.change('c', (c) => {
          c.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
        }),
      'claim default/c got deleted in the meantime',
    ],
    ['refused', (s) => s.failNext(new Error('no')), 'add finalizer to claim default/c: no'],
  ])('%s: the pod is tried again, and the device is free', async (_, spoil, message) => {
    const { bind, server, plugin, info, filter } = ready({ claims: [claim('c'), claim('d')], slices: devices(1) });
    spoil(server);
    const status = await bind();
    expect(status).toEqual({
      code: 'Error',
      reasons: [`running PreBind plugin "DynamicResources": ${message}`],
      plugin: 'DynamicResources',
    });
    plugin.unreserve!(info, 'node-1');
    expect(filter(podInfoOf(uses('q', 'd')))).toEqual({ 'node-1': '' });
  });

  it('a write whose answer got lost counts when it is there, and not when it is not', async () => {
    for (const stores of [true, false]) {
      const { bind, server } = ready({ claims: [claim('c', { finalizers: [deleteProtection] })], slices: devices(1) });
      server.failNext(unknown('lost'), stores);
      expect((await bind())?.reasons).toEqual(
        stores
          ? undefined
          : ['running PreBind plugin "DynamicResources": add allocation and reservation to claim default/c: lost'],
      );
      expect(server.get('c')!.status?.reservedFor).toEqual(stores ? [user('p')] : undefined);
    }
  });

  it('what was reserved is given back when a later step fails', async () => {
    const { bind, server, plugin, info } = ready({ claims: [claim('c')], slices: devices(1) });
    await bind();
    plugin.unreserve!(info, 'node-1');
    await Promise.resolve();
    expect(server.get('c')!.status!.reservedFor).toEqual([]);
    expect(server.get('c')!.status!.allocation).toBeDefined();
  });

  it('a node that was never filtered is an error', () => {
    const { plugin, filter } = setUp({ claims: [claim('c')], slices: devices(1) });
    const info = podInfoOf(uses('p', 'c'));
    filter(info);
    expect(plugin.reserve!(info, 'node-9')?.reasons).toEqual([
      'running Reserve plugin "DynamicResources": claim allocation not found for node',
    ]);
  });
});

describe('hints', () => {
  const before = claim('c', { status: { allocation: allocation('a') } });
  const { plugin } = setUp({ claims: [claim('c'), before && claim('other')] });
  const waiting = uses('p', 'c');
  const update = { resource: 'ResourceClaim', actions: action.update };
  it.each<[string, Pod, { resource: string; actions: number }, unknown, unknown, boolean | undefined]>([
    ['its claim came', waiting, { resource: 'ResourceClaim', actions: action.add }, undefined, claim('c'), true],
    ["another's came", waiting, { resource: 'ResourceClaim', actions: action.add }, undefined, claim('x'), false],
    ['its claim has a new status', waiting, update, claim('c'), before, true],
    ['only its metadata changed', waiting, update, claim('c'), claim('c', { finalizers: ['x'] }), false],
    [
      "another's has a new status",
      waiting,
      update,
      claim('other'),
      claim('other', { status: { allocation: allocation('a') } }),
      false,
    ],
    [
      "another's devices became free",
      waiting,
      update,
      claim('other', { status: { allocation: allocation('a') } }),
      claim('other'),
      true,
    ],
    [
      'but not while a claim is missing',
      uses('p', 'missing'),
      update,
      claim('other', { status: { allocation: allocation('a') } }),
      claim('other'),
      false,
    ],
    ['a claim went', waiting, { resource: 'ResourceClaim', actions: action.delete }, before, undefined, undefined],
    ['a slice came', waiting, { resource: 'ResourceSlice', actions: action.add }, undefined, slice('s'), true],
    ['a slice went', waiting, { resource: 'ResourceSlice', actions: action.delete }, slice('s'), undefined, undefined],
    ['a class came', waiting, { resource: 'DeviceClass', actions: action.add }, undefined, deviceClass('x'), true],
    ['a node came', waiting, { resource: 'Node', actions: action.add }, undefined, node('n'), true],
    [
      'a node has other labels',
      waiting,
      { resource: 'Node', actions: action.updateNodeLabel },
      node('n'),
      node('n'),
      true,
    ],
    [
      'a node has other taints',
      waiting,
      { resource: 'Node', actions: action.updateNodeTaint },
      node('n'),
      node('n'),
      undefined,
    ],
    [
      'its claims are all there now',
      waiting,
      { resource: 'TargetPod', actions: action.updatePodGeneratedResourceClaim },
      podInfoOf(waiting),
      podInfoOf(waiting),
      true,
    ],
    [
      'one is still missing',
      waiting,
      { resource: 'TargetPod', actions: action.updatePodGeneratedResourceClaim },
      podInfoOf(waiting),
      podInfoOf(fromTemplate('p')),
      false,
    ],
  ])('%s', (_, p, event, old, now, wanted) => {
    expect(hinted(plugin, p, event, old, now)).toBe(wanted);
  });
});
