import { expect, test } from 'vitest';
import { conflict, isReason, type StatusError } from '../../../../apimachinery/status.ts';
import type { Context } from '../../../../apiserver/kinds/kind.ts';
import { pod } from '../../../../apiserver/kinds/pod.ts';
import { memoryCluster } from '../../memoryCluster.ts';
import { texts } from '../said.ts';
import { aPod } from './pods.ts';

const pods = { group: '', plural: 'pods' };
const under = (name: string) => pod.subresources!.find((s) => s.name === name)!;
const at = { name: 'x', namespace: 'default' };

function world(change?: (spec: any, pod: any) => void) {
  const cluster = memoryCluster();
  const stored = aPod(change);
  stored.metadata.uid = 'u1';
  cluster.put(pods, stored);
  const context = { cluster, now: () => Date.parse('2026-01-01T00:00:00Z'), dryRun: false } as unknown as Context;
  return { cluster, context, now: () => cluster.cached(pods, 'x', 'default') as any };
}
const bind = (context: Context, metadata: any = {}, target: any = { kind: 'Node', name: 'n1' }) =>
  under('binding').create!({ metadata: { name: 'x', ...metadata }, target }, at, context);
const why = (promise: Promise<unknown>) =>
  promise.then(
    () => '',
    (e: StatusError) => `${e.code} ${e.message}`,
  );

test('binding gives the node, the condition, annotations and labels', async () => {
  const w = world((_spec, p) => {
    p.metadata.labels = { a: 'lost', c: 'kept' };
    const waits = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', observedGeneration: 1 };
    p.status = { nominatedNodeName: 'n2', conditions: [waits] };
  });
  const { uid, resourceVersion } = w.now().metadata;
  const answer = await bind(w.context, {
    annotations: { k: 'v' },
    labels: { a: 'won', b: 'new' },
    uid,
    resourceVersion,
  });
  expect(answer).toMatchObject({ kind: 'Status', status: 'Success', code: 201 });
  const bound = w.now();
  expect(bound.spec.nodeName).toBe('n1');
  expect(bound.metadata).toMatchObject({ annotations: { k: 'v' }, labels: { a: 'won', b: 'new', c: 'kept' } });
  expect(bound.status.nominatedNodeName).toBeUndefined();
  expect(bound.status.conditions).toEqual([
    { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]);
});

test.each<[string, (spec: any, p: any) => void, any, any, string]>([
  [
    'bound before',
    (spec) => Object.assign(spec, { nodeName: 'n9' }),
    {},
    undefined,
    '409 Operation cannot be fulfilled on pods/binding "x": pod x is already assigned to node "n9"',
  ],
  [
    'being deleted',
    (_spec, p) => Object.assign(p.metadata, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    {},
    undefined,
    '409 Operation cannot be fulfilled on pods/binding "x": pod x is being deleted, cannot be assigned to a host',
  ],
  [
    'gated',
    (spec) => Object.assign(spec, { schedulingGates: [{ name: 'g' }] }),
    {},
    undefined,
    '409 Operation cannot be fulfilled on pods/binding "x": pod x has non-empty .spec.schedulingGates',
  ],
  ['another name', () => {}, { name: 'y' }, undefined, '400 name in URL does not match name in Binding object'],
  ['no name', () => {}, { name: '' }, undefined, '400 name in URL does not match name in Binding object'],
  ['no node', () => {}, {}, { kind: 'Node' }, '500 target.name: Required value'],
  [
    'no Node',
    () => {},
    {},
    { kind: 'Pod', name: 'n' },
    '500 target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
  ],
])('binding is refused: %s', async (_what, change, metadata, target, expected) => {
  expect(await why(bind(world(change).context, metadata, target))).toBe(expected);
});

test('a binding meant for an earlier pod of that name, or for none, is refused', async () => {
  const w = world();
  expect(await why(bind(w.context, { uid: 'u0' }))).toContain(
    'Precondition failed: UID in precondition: u0, UID in object meta: u1',
  );
  expect(await why(bind(w.context, { uid: 'u1', resourceVersion: '999' }))).toContain(
    'Precondition failed: ResourceVersion in precondition: 999, ResourceVersion in object meta: ',
  );
  await w.cluster.delete(pods, 'x', 'default');
  await expect(bind(w.context)).rejects.toSatisfy((e) => isReason(e, 'NotFound'));
});

test('eviction says why, then deletes', async () => {
  const w = world();
  let told: any;
  const { update } = w.cluster;
  w.cluster.update = async (...args) => {
    told = await update(...args);
    return told;
  };
  expect(await under('eviction').create!({ metadata: { name: 'x' } }, at, w.context)).toMatchObject({ code: 201 });
  expect(told.status.conditions).toMatchObject([
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    },
  ]);
  expect(w.now()).toBeUndefined();
  const evict = (eviction: object) => why(under('eviction').create!(eviction, at, w.context));
  expect(await evict({ metadata: { name: 'x' } })).toBe('404 pods "x" not found');
  expect(await evict({})).toBe('400 name in URL does not match name in Eviction object');
  const ignoreStoreReadErrorWithClusterBreakingPotential = true;
  expect(
    await evict({ metadata: { name: 'x' }, deleteOptions: { ignoreStoreReadErrorWithClusterBreakingPotential } }),
  ).toBe(
    '422 DeleteOptions.meta.k8s.io "" is invalid: deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: can not be set for pod eviction, try after removing the option',
  );
});

const budgets = { group: 'policy', plural: 'poddisruptionbudgets' };
const healthy = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
/** A world with a budget for the pod. */
function guarded(status: any, spec: any = {}, podStatus: any = healthy) {
  const w = world((_spec, p) => {
    p.metadata.labels = { app: 'web' };
    p.status = podStatus;
  });
  const budget = {
    metadata: { name: 'b', namespace: 'default', generation: 1 },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    status: { observedGeneration: 1, desiredHealthy: 2, currentHealthy: 2, disruptionsAllowed: 0, ...status },
  };
  w.cluster.put(budgets, budget);
  const cause = (promise: Promise<unknown>) =>
    promise.then(String, (e: StatusError) => e.status.details?.causes?.[0]?.message);
  return {
    ...w,
    budget: () => w.cluster.cached(budgets, 'b', 'default') as any,
    evict: (deleteOptions?: any) =>
      under('eviction').create!({ metadata: { name: 'x' }, deleteOptions }, at, w.context),
    cause,
  };
}

test('an eviction is counted in the budget, and the last one is said', async () => {
  const w = guarded({ disruptionsAllowed: 1 });
  expect(await w.evict()).toMatchObject({ status: 'Success' });
  expect(w.now()).toBeUndefined();
  expect(w.budget().status).toMatchObject({
    disruptionsAllowed: 0,
    disruptedPods: { x: '2026-01-01T00:00:00Z' },
    conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
  });
});

test('a budget that is used up keeps its pods', async () => {
  const w = guarded({});
  expect(await why(w.evict())).toBe("429 Cannot evict pod as it would violate the pod's disruption budget.");
  expect(await w.cause(w.evict())).toBe('The disruption budget b needs 2 healthy pods and has 2 currently');
  expect(w.now()).toBeDefined();
  const failed = {
    conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no scale' }],
  };
  const broken = guarded(failed);
  expect(await broken.cause(broken.evict())).toBe(
    'The disruption budget b does not allow evicting pods currently because it failed sync: no scale',
  );
});

test.each<[string, any, any, any, string]>([
  [
    'not yet counted',
    { observedGeneration: 0, disruptionsAllowed: 1 },
    {},
    healthy,
    'The disruption budget b is still being processed by the server.',
  ],
  ['unready, others are well', {}, {}, { phase: 'Running' }, '[object Object]'],
  [
    'unready, others are not',
    { currentHealthy: 1 },
    {},
    { phase: 'Running' },
    'The disruption budget b needs 2 healthy pods and has 1 currently',
  ],
  [
    'unready, always',
    { currentHealthy: 1 },
    { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    { phase: 'Running' },
    '[object Object]',
  ],
  ['pending', { currentHealthy: 1 }, {}, { phase: 'Pending' }, '[object Object]'],
  ['of others', {}, { selector: { matchLabels: { app: 'db' } } }, healthy, '[object Object]'],
])('eviction of a pod: %s', async (_what, status, spec, podStatus, expected) => {
  const w = guarded(status, spec, podStatus);
  expect(await w.cause(w.evict())).toBe(expected);
  expect(w.budget().status.disruptedPods).toBeUndefined();
});

/** Versions count, and are preconditions; `when` the pod becomes ready while it is being evicted. */
function becomesReady(w: ReturnType<typeof guarded>, when: 'before' | 'after'): void {
  let version = 1;
  const put = (object: any) =>
    w.cluster.put(pods, { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } });
  const ready = () => put({ ...w.now(), status: healthy });
  put(w.now());
  const [update, remove] = [w.cluster.update, w.cluster.delete];
  let left = 1;
  w.cluster.update = async (r, ...rest) => {
    if (r.plural !== 'pods') return update(r, ...rest);
    if (when === 'before' && left-- > 0) ready();
    const told = await update(r, ...rest);
    const stored = told && put(told);
    if (when === 'after' && left-- > 0) ready();
    return stored;
  };
  w.cluster.delete = async (r, name, namespace, o) => {
    const now = w.now().metadata.resourceVersion;
    if (o?.resourceVersion !== undefined && o.resourceVersion !== now)
      throw conflict(pods, name, 'it is another version');
    return remove(r, name, namespace, o);
  };
}

test.each<['before' | 'after', string, any, string]>([
  ['before', 'Pending', {}, 'The disruption budget b needs 2 healthy pods and has 2 currently'],
  ['after', 'Pending', {}, 'The disruption budget b needs 2 healthy pods and has 2 currently'],
  ['before', 'Running', {}, 'The disruption budget b is still being processed by the server.'],
  ['after', 'Running', {}, 'The disruption budget b is still being processed by the server.'],
])('a pod that becomes ready %s it is told, and was %s: its budget counts', async (when, phase, status, expected) => {
  const w = guarded(status, {}, { phase });
  becomesReady(w, when);
  expect(await w.cause(w.evict())).toBe(expected);
  expect(w.now().status).toMatchObject(healthy);
});

test('a dry run counts nothing; two budgets are not sorted out', async () => {
  const w = guarded({ disruptionsAllowed: 1 });
  await w.evict({ dryRun: ['All'] });
  expect(w.budget().status.disruptionsAllowed).toBe(1);
  const two = guarded({ disruptionsAllowed: 1 });
  two.cluster.put(budgets, { ...two.budget(), metadata: { name: 'c', namespace: 'default' } });
  expect(await two.evict()).toMatchObject({
    code: 500,
    message: expect.stringContaining('more than one PodDisruptionBudget'),
  });
});

/** What a write to a subresource makes of the stored pod, and what is wrong with it. */
function write(name: string, change: (p: any) => void, before?: (spec: any, p: any) => void) {
  const stored = aPod(before);
  stored.metadata.generation = 1;
  const now = structuredClone(stored);
  change(now);
  pod.defaults!(now);
  under(name).keep!(now, stored);
  return { now, errors: texts(under(name).validateUpdate!(now, stored)) };
}
const debug = { name: 'd', image: 'b' };

test('an ephemeral container is added; nothing else changes', () => {
  const { now, errors } = write('ephemeralcontainers', (p) => {
    p.spec.ephemeralContainers = [{ ...debug, targetContainerName: 'c' }];
    p.spec.containers[0].image = 'other';
    p.metadata.labels = { a: 'b' };
  });
  expect(errors).toEqual([]);
  expect(now.spec.containers[0].image).toBe('busybox:1');
  expect(now.metadata.labels).toBeUndefined();
  expect(now.metadata.generation).toBe(2);
});

test.each<[string, (p: any) => void, string[]]>([
  [
    'ports',
    (p) => Object.assign(p.spec, { ephemeralContainers: [{ ...debug, ports: [{ containerPort: 1 }] }] }),
    ['spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container'],
  ],
  [
    'a taken name',
    (p) => Object.assign(p.spec, { ephemeralContainers: [{ ...debug, name: 'c' }] }),
    ['spec.ephemeralContainers[0].name: Duplicate value: "c"'],
  ],
  [
    'no target',
    (p) => Object.assign(p.spec, { ephemeralContainers: [{ ...debug, targetContainerName: 'z' }] }),
    ['spec.ephemeralContainers[0].targetContainerName: Not found: "z"'],
  ],
])('an ephemeral container is refused: %s', (_what, change, expected) => {
  expect(write('ephemeralcontainers', change).errors).toEqual(expected);
});

test('an ephemeral container that is there stays as it is', () => {
  const had = (spec: any) => Object.assign(spec, { ephemeralContainers: [{ ...debug }] });
  const gone = write('ephemeralcontainers', (p) => Object.assign(p.spec, { ephemeralContainers: [] }), had);
  expect(gone.errors).toEqual([
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed\n',
  ]);
  const other = write('ephemeralcontainers', (p) => Object.assign(p.spec.ephemeralContainers[0], { image: 'z' }), had);
  expect(other.errors[0]).toContain('existing ephemeral containers "d" may not be changed');
});

const sized = (spec: any) => {
  spec.containers[0].resources = { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '200m' } };
};
const ask = (resources: any) => (p: any) => Object.assign(p.spec.containers[0], { resources });

test('resize changes CPU and memory alone', () => {
  const { now, errors } = write(
    'resize',
    (p) => {
      ask({ requests: { cpu: '150m', memory: '2Gi' }, limits: { cpu: '300m' } })(p);
      p.spec.containers[0].image = 'other';
      p.spec.nodeName = 'n';
    },
    sized,
  );
  expect(errors).toEqual([]);
  expect(now.spec.containers[0].resources.requests).toEqual({ cpu: '150m', memory: '2Gi' });
  expect([now.spec.containers[0].image, now.spec.nodeName]).toEqual(['busybox:1', undefined]);
  expect(now.metadata.generation).toBe(2);
});

test.each<[string, (p: any) => void, string[]]>([
  [
    'another class',
    ask({ requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } }),
    ['spec: Invalid value: "": Pod QOS Class may not change as a result of resizing'],
  ],
  [
    'a request less',
    ask({ requests: { cpu: '100m' }, limits: { cpu: '200m' } }),
    ['spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed'],
  ],
  [
    'another resource',
    ask({ requests: { cpu: '100m', memory: '1Gi', 'ephemeral-storage': '1Gi' }, limits: { cpu: '200m' } }),
    ['spec: Forbidden: only cpu and memory resources are mutable'],
  ],
  [
    'a container more',
    (p) => p.spec.containers.push({ name: 'd', image: 'b' }),
    ['spec.containers: Forbidden: containers may not be added or removed on resize'],
  ],
  [
    'another order',
    (p) => Object.assign(p.spec.containers[0], { name: 'z' }),
    ['spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize'],
  ],
])('resize is refused: %s', (_what, change, expected) => {
  expect(write('resize', change, sized).errors).toEqual(expected);
});

const sidecar = (resources: any, more: any = {}) => ({
  name: 'i',
  image: 'b',
  restartPolicy: 'Always',
  resources,
  ...more,
});
const onInit = (change: (c: any) => void) => (p: any) => change(p.spec.initContainers[0]);
const amounts = (cpu: string, more: any = {}) => ({ requests: { cpu, ...more } });

test.each<[string, (spec: any, p: any) => void, (p: any) => void, string[]]>([
  [
    'a sidecar',
    (s) => Object.assign(s, { initContainers: [sidecar(amounts('1m'))] }),
    onInit((c) => Object.assign(c, { resources: amounts('2m') })),
    [],
  ],
  [
    "a sidecar's disk",
    (s) => Object.assign(s, { initContainers: [sidecar(amounts('1m'))] }),
    onInit((c) => Object.assign(c, { resources: amounts('2m', { 'ephemeral-storage': '1Gi' }) })),
    ['spec: Forbidden: only cpu and memory resources for sidecar containers are mutable'],
  ],
  [
    "a sidecar's request taken away",
    (s) => Object.assign(s, { initContainers: [sidecar(amounts('1m', { memory: '1Mi' }))] }),
    onInit((c) => Object.assign(c, { resources: amounts('1m') })),
    ['spec.initContainers[0].resources.requests: Forbidden: resource requests cannot be removed'],
  ],
  [
    'an init container',
    (s) => Object.assign(s, { initContainers: [sidecar(amounts('1m'), { restartPolicy: undefined })] }),
    onInit((c) => Object.assign(c, { resources: amounts('2m') })),
    ['spec: Forbidden: resources for non-sidecar init containers are immutable'],
  ],
  [
    'a limit taken away',
    sized,
    ask({ requests: { cpu: '100m', memory: '1Gi' } }),
    ['spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed'],
  ],
  [
    'a container with claims',
    (s) => {
      sized(s);
      s.resourceClaims = [{ name: 'gpu', resourceClaimName: 'x' }];
      s.containers[0].resources.claims = [{ name: 'gpu' }];
    },
    (p) => Object.assign(p.spec.containers[0].resources.requests, { cpu: '150m' }),
    ['spec: Forbidden: only cpu and memory resources are mutable'],
  ],
  [
    'a static pod',
    (s, p) => {
      sized(s);
      s.nodeName = 'n';
      p.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
    },
    () => {},
    [': Forbidden: static pods cannot be resized'],
  ],
  [
    'a Windows pod',
    (s) => Object.assign(s, { os: { name: 'windows' } }),
    () => {},
    [': Forbidden: windows pods cannot be resized'],
  ],
  [
    'a node that cannot',
    (s, p) => {
      sized(s);
      p.status = { qosClass: 'Burstable', containerStatuses: [{ name: 'c', state: { running: {} } }] };
    },
    ask({ requests: { cpu: '150m', memory: '1Gi' }, limits: { cpu: '200m' } }),
    ['spec: Forbidden: Pod running on node without support for resize'],
  ],
  [
    'a node that can',
    (s, p) => {
      sized(s);
      p.status = { qosClass: 'Burstable', containerStatuses: [{ name: 'c', state: { running: {} }, resources: {} }] };
    },
    ask({ requests: { cpu: '150m', memory: '1Gi' }, limits: { cpu: '200m' } }),
    [],
  ],
  [
    'a pod with amounts of its own',
    (s) => Object.assign(s, { resources: amounts('1') }),
    () => {},
    [': Forbidden: pods with pod-level resources cannot be resized'],
  ],
])('resize of %s', (_what, before, change, expected) => {
  expect(write('resize', change, before).errors).toEqual(expected);
});
