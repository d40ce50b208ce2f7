// The plugins that put what a class says into the objects that name it, and those that pick a class for who names none.
import { describe, expect, test } from 'vitest';
import { defaultIngressClass } from '../../../apiserver/admission/defaultIngressClass.ts';
import { defaultStorageClass } from '../../../apiserver/admission/defaultStorageClass.ts';
import { mergeTolerations } from '../../../apiserver/admission/mergeTolerations.ts';
import { persistentVolumeClaimResize } from '../../../apiserver/admission/persistentVolumeClaimResize.ts';
import { priority } from '../../../apiserver/admission/priority.ts';
import { runtimeClass } from '../../../apiserver/admission/runtimeClass.ts';
import { memoryCluster } from '../memoryCluster.ts';
import { outcome, writeOf } from './attributes.ts';

const clusterWith = (resource: string, ...objects: object[]) => {
  const cluster = memoryCluster();
  const dot = resource.indexOf('.');
  for (const object of objects)
    cluster.put({ plural: resource.slice(0, dot), group: resource.slice(dot + 1) }, structuredClone(object));
  return cluster;
};

describe('RuntimeClass', () => {
  const cluster = clusterWith(
    'runtimeclasses.node.k8s.io',
    { metadata: { name: 'plain' }, handler: 'h' },
    {
      metadata: { name: 'dear' },
      overhead: { podFixed: { cpu: '10m', memory: '1Mi' } },
      scheduling: { nodeSelector: { kind: 'vm' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
    },
  );
  const admit = async (spec: object) => {
    const a = writeOf('CREATE', 'pods', { spec }, { cluster });
    return { said: await outcome(runtimeClass(), a), spec: a.object.spec };
  };

  test('overhead and scheduling come with the class', async () => {
    const { said, spec } = await admit({ runtimeClassName: 'dear', nodeSelector: { disk: 'ssd' } });
    expect(said).toBe('accepted');
    expect(spec).toEqual({
      runtimeClassName: 'dear',
      overhead: { cpu: '10m', memory: '1Mi' },
      nodeSelector: { disk: 'ssd', kind: 'vm' },
      tolerations: [{ key: 'vm', operator: 'Exists' }],
    });
  });

  test.each<[object, string]>([
    [{}, 'accepted'],
    [{ runtimeClassName: 'plain' }, 'accepted'],
    [{ runtimeClassName: 'dear', overhead: { cpu: '0.01', memory: '1Mi' } }, 'accepted'],
    [{ runtimeClassName: 'none' }, 'pod rejected: RuntimeClass "none" not found'],
    [
      { runtimeClassName: 'dear', overhead: { cpu: '1' } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      { runtimeClassName: 'plain', overhead: { cpu: '1' } },
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    [{ overhead: { cpu: '1' } }, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'],
    [
      { runtimeClassName: 'dear', nodeSelector: { kind: 'metal' } },
      'conflict: runtimeClass.scheduling.nodeSelector[kind] = vm; pod.spec.nodeSelector[kind] = metal',
    ],
  ])('%j', async (spec, expected) => {
    const { said } = await admit(spec);
    expect(said.replace('403 pods "x" is forbidden: ', '')).toBe(expected);
  });
});

const all = { operator: 'Exists' };
const keyed = (key: string, more: object = {}) => ({ key, operator: 'Equal', value: 'v', ...more });
const evicts = (tolerationSeconds?: number) => ({
  key: 'k',
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});
test.each<[object[], object[], object[]]>([
  [[], [all], [all]],
  [[keyed('a')], [keyed('b')], [keyed('a'), keyed('b')]],
  [[keyed('a')], [keyed('a')], [keyed('a')]],
  [[keyed('a')], [all], [all]],
  [[all], [keyed('a')], [all]],
  [[keyed('a', { effect: 'NoSchedule' })], [keyed('a')], [keyed('a')]],
  [[evicts(5)], [evicts(10)], [evicts(10)]],
  [[evicts(10)], [evicts(5)], [evicts(10)]],
  [[evicts()], [evicts(5)], [evicts()]],
  [[keyed('a')], [{ key: 'a', operator: 'Exists' }], [{ key: 'a', operator: 'Exists' }]],
])('tolerations %j and %j are %j', (first, second, merged) => {
  expect(mergeTolerations(first as never, second as never)).toEqual(merged);
});

describe('Priority', () => {
  const pc = (name: string, value: number, more: object = {}) => ({
    metadata: { name },
    value,
    preemptionPolicy: 'PreemptLowerPriority',
    ...more,
  });
  const classes = 'priorityclasses.scheduling.k8s.io';
  const polite = pc('polite', 7, { preemptionPolicy: 'Never' });
  const admit = async (spec: object, ...more: object[]) => {
    const a = writeOf('CREATE', 'pods', { spec }, { cluster: clusterWith(classes, polite, ...more) });
    return { said: await outcome(priority(), a), spec: a.object.spec };
  };

  test.each<[object, object[], object]>([
    [{}, [], { priority: 0, preemptionPolicy: 'PreemptLowerPriority' }],
    [
      {},
      [pc('d', 5, { globalDefault: true }), pc('e', 3, { globalDefault: true })],
      { priorityClassName: 'e', priority: 3, preemptionPolicy: 'PreemptLowerPriority' },
    ],
    [
      { priorityClassName: 'polite', priority: 7 },
      [],
      { priorityClassName: 'polite', priority: 7, preemptionPolicy: 'Never' },
    ],
  ])('a pod with %j', async (spec, more, expected) => {
    const admitted = await admit(spec, ...more);
    expect(admitted).toEqual({ said: 'accepted', spec: expected });
  });

  test.each<[object, string]>([
    [{ priorityClassName: 'none' }, 'no PriorityClass with name none was found'],
    [
      { priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    [
      { priorityClassName: 'polite', preemptionPolicy: 'PreemptLowerPriority' },
      'the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
    ],
  ])('%j is refused', async (spec, why) => {
    expect((await admit(spec)).said).toBe(`403 pods "x" is forbidden: ${why}`);
  });

  test('an update that leaves the numbers out keeps them', async () => {
    const old = { metadata: { name: 'x' }, spec: { priority: 4, preemptionPolicy: 'Never' } } as never;
    const a = writeOf('UPDATE', 'pods', { spec: {} }, { old });
    await priority().admit!(a);
    expect(a.object.spec).toEqual({ priority: 4, preemptionPolicy: 'Never' });
  });

  test('one default at a time', async () => {
    const plugin = priority();
    const cluster = clusterWith(classes, pc('d', 5, { globalDefault: true }));
    const write = (operation: 'CREATE' | 'UPDATE', name: string, globalDefault = true) =>
      outcome(plugin, writeOf(operation, classes, { metadata: { name }, value: 1, globalDefault }, { cluster, name }));
    const refused =
      '403 priorityclasses.scheduling.k8s.io "e" is forbidden: PriorityClass d is already marked as default. Only one default can exist';
    expect(await write('CREATE', 'e')).toBe(refused);
    expect(await write('UPDATE', 'e')).toBe(refused);
    expect(await write('UPDATE', 'd')).toBe('accepted');
    expect(await write('CREATE', 'e', false)).toBe('accepted');
    await cluster.delete({ group: 'scheduling.k8s.io', plural: 'priorityclasses' }, 'd');
    expect(await write('CREATE', 'e')).toBe('accepted');
  });
});

describe('a default class', () => {
  const marked = (name: string, born: string, annotation: string) => ({
    metadata: { name, creationTimestamp: born, annotations: { [annotation]: 'true' } },
  });
  const mark = 'storageclass.kubernetes.io/is-default-class';
  const storage = clusterWith(
    'storageclasses.storage.k8s.io',
    marked('old', '2026-01-01T00:00:00Z', mark),
    marked('b', '2026-02-01T00:00:00Z', mark),
    marked('a', '2026-02-01T00:00:00Z', 'storageclass.beta.kubernetes.io/is-default-class'),
    { metadata: { name: 'newest', creationTimestamp: '2026-03-01T00:00:00Z' } },
  );
  test.each<[object, object, string | undefined]>([
    [{}, {}, 'a'],
    [{ storageClassName: '' }, {}, ''],
    [{ storageClassName: 'old' }, {}, 'old'],
    [{}, { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } }, undefined],
  ])('claim %j %j', (spec, metadata, expected) => {
    const a = writeOf('CREATE', 'persistentvolumeclaims', { spec: { ...spec }, metadata }, { cluster: storage });
    void defaultStorageClass().admit!(a);
    expect(a.object.spec.storageClassName).toBe(expected);
  });

  const ingressMark = 'ingressclass.kubernetes.io/is-default-class';
  const ingress = clusterWith('ingressclasses.networking.k8s.io', marked('i', '2026-01-01T00:00:00Z', ingressMark));
  test.each<[object, object, string | undefined]>([
    [{}, {}, 'i'],
    [{ ingressClassName: 'own' }, {}, 'own'],
    [{}, { annotations: { 'kubernetes.io/ingress.class': 'x' } }, undefined],
  ])('Ingress %j %j', (spec, metadata, expected) => {
    const a = writeOf('CREATE', 'ingresses.networking.k8s.io', { spec, metadata }, { cluster: ingress });
    void defaultIngressClass().admit!(a);
    expect(a.object.spec.ingressClassName).toBe(expected);
  });
});

test.each<[string, string, string, string]>([
  ['2Gi', 'Bound', 'grows', 'accepted'],
  ['1Gi', 'Pending', 'stays', 'accepted'],
  ['2Gi', 'Pending', 'grows', 'Only bound persistent volume claims can be expanded'],
  [
    '2Gi',
    'Bound',
    'stays',
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  ],
])('a claim grown to %s, %s, of a class that %s', async (size, phase, storageClassName, expected) => {
  const cluster = clusterWith(
    'storageclasses.storage.k8s.io',
    { metadata: { name: 'grows' }, allowVolumeExpansion: true },
    { metadata: { name: 'stays' } },
  );
  const claim = (storage: string) => ({
    metadata: { name: 'x' },
    spec: { storageClassName, resources: { requests: { storage } } },
    status: { phase },
  });
  const a = writeOf('UPDATE', 'persistentvolumeclaims', claim(size), { cluster, old: claim('1Gi') as never });
  const said = await outcome(persistentVolumeClaimResize(), a);
  expect(said.replace('403 persistentvolumeclaims "x" is forbidden: ', '')).toBe(expected);
});
