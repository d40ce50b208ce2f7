import { expect, test } from 'vitest';
import type { SchemaNode } from '../../../apimachinery/schema.ts';
import { gatedFields, withGates } from '../../../apiserver/kinds/gatedFields.ts';
import { horizontalPodAutoscalerV1 } from '../../../apiserver/kinds/horizontalPodAutoscalerV1.ts';
import type { Context, Kind } from '../../../apiserver/kinds/kind.ts';
import { kinds } from '../../../apiserver/kinds/kinds.ts';
import { builtinSchemas } from '../../../apiserver/openapi/definitions.ts';
import { createFeatureGates, defaultFeatureGates } from '../../../component-base/featureGates.ts';

const idOf = ({ group, kind }: Kind) => (group ? `${group}/${kind}` : kind);
const kindOf = (id: string) => kinds.find((kind) => idOf(kind) === id && !kind.storedAs)!;

/** The type at the end of a path; undefined when there is no such field. */
function typeAt(node: SchemaNode | undefined, path: string): SchemaNode | undefined {
  return path.split('.').reduce((at, part) => {
    if (at?.type !== 'struct') return undefined;
    const field = at.fields.get(part.replace(/(\[\]|\{\})$/, ''))?.node;
    if (part.endsWith('[]')) return field?.type === 'list' ? field.items : undefined;
    if (part.endsWith('{}')) return field?.type === 'map' ? field.values : undefined;
    return field;
  }, node);
}

test.each(gatedFields.map((field) => [field.gate, field.kind, field] as const))('%s of %s', (gate, id, field) => {
  expect(() => defaultFeatureGates.enabled(gate)).not.toThrow();
  const root = builtinSchemas.node(kindOf(id).schema);
  for (const path of [...field.paths, ...(field.when ? [field.when] : [])])
    expect([path, typeAt(root, path) !== undefined]).toEqual([path, true]);
});

/** What a create makes of it, and an update of an object that had it, and of one that had not. */
function written(kind: Kind, gates: Record<string, string>, make: () => any, bare: any): [any, any, any] {
  const gated = withGates(kind, createFeatureGates(gates));
  const context = { now: () => 0, warn: () => {} } as unknown as Context;
  const [created, updated, added] = [make(), make(), make()];
  gated.prepareCreate?.(created, context);
  gated.prepareUpdate?.(updated, make(), context);
  gated.prepareUpdate?.(added, structuredClone(bare), context);
  return [created, updated, added];
}

const container = { name: 'c', image: 'i' };
const podSpec = () => ({
  containers: [{ ...container, lifecycle: { stopSignal: 'SIGTERM' } }],
  initContainers: [{ ...container, lifecycle: { stopSignal: 'SIGTERM', preStop: { sleep: { seconds: 1 } } } }],
  volumes: [{ name: 'v', projected: { sources: [{ podCertificate: { keyType: 'RSA' } }, { secret: { name: 's' } }] } }],
  workloadRef: { name: 'w' },
});
const dropped = {
  containers: [container],
  initContainers: [{ ...container, lifecycle: { preStop: { sleep: { seconds: 1 } } } }],
  volumes: [{ name: 'v', projected: { sources: [{}, { secret: { name: 's' } }] } }],
};

test.each<[string, (spec: any) => any, (object: any) => any]>([
  ['Pod', (spec) => ({ metadata: {}, spec }), (o) => o.spec],
  ['PodTemplate', (spec) => ({ metadata: {}, template: { spec } }), (o) => o.template.spec],
  ['apps/Deployment', (spec) => ({ metadata: {}, spec: { template: { spec } } }), (o) => o.spec.template.spec],
  [
    'batch/CronJob',
    (spec) => ({ metadata: {}, spec: { jobTemplate: { spec: { template: { spec } } } } }),
    (o) => o.spec.jobTemplate.spec.template.spec,
  ],
])('%s: a pod’s spec, wherever it is', (id, wrap, specOf) => {
  const make = () => wrap(podSpec());
  const [created, updated, added] = written(kindOf(id), {}, make, wrap({ containers: [container] }));
  expect([specOf(created), specOf(updated), specOf(added)]).toEqual([dropped, podSpec(), dropped]);
  const on = { ContainerStopSignals: 'true', PodCertificateRequest: 'true', GenericWorkload: 'true' };
  expect(specOf(written(kindOf(id), on, make, wrap({}))[0])).toEqual(podSpec());
});

test('status is dropped from writes of status', () => {
  const pod = withGates(kindOf('Pod'), defaultFeatureGates);
  const { keep } = pod.subresources!.find((sub) => sub.name === 'status')!;
  const write = (old: any) => {
    const object = {
      metadata: {},
      spec: {},
      status: {
        resources: {},
        allocatedResources: { cpu: '1' },
        containerStatuses: [{ name: 'c', stopSignal: 'SIGTERM' }],
      },
    };
    keep!(object, { metadata: {}, spec: {}, status: old });
    return object.status;
  };
  expect(write({})).toEqual({ containerStatuses: [{ name: 'c' }] });
  expect(write({ allocatedResources: { cpu: '2' } })).toMatchObject({ allocatedResources: { cpu: '1' } });
});

test('a source in another namespace goes as a whole, any other stays', () => {
  const claim = kindOf('PersistentVolumeClaim');
  const make = (namespace?: string) => () => ({
    metadata: {},
    spec: { dataSourceRef: { kind: 'K', name: 'n', ...(namespace && { namespace }) } },
  });
  const bare = { metadata: {}, spec: {} };
  const [created, updated] = written(claim, {}, make('other'), bare);
  expect([created.spec.dataSourceRef, updated.spec.dataSourceRef.namespace]).toEqual([undefined, 'other']);
  expect(written(claim, {}, make(), bare)[0].spec.dataSourceRef).toMatchObject({ name: 'n' });
  expect(
    written(claim, { CrossNamespaceVolumeDataSource: 'true' }, make('other'), bare)[0].spec.dataSourceRef.namespace,
  ).toBe('other');
});

test('devices: maps and lists within lists', () => {
  const slice = kindOf('resource.k8s.io/ResourceSlice');
  const make = () => ({
    metadata: {},
    spec: {
      devices: [
        {
          name: 'd',
          allowMultipleAllocations: true,
          capacity: { m: { value: '1', requestPolicy: {} } },
          taints: [{ key: 'a' }],
        },
      ],
    },
  });
  expect(written(slice, {}, make, { metadata: {}, spec: {} })[0].spec.devices).toEqual([
    { name: 'd', capacity: { m: { value: '1' } } },
  ]);
});

test('a gate that was turned off, and another version of the kind', () => {
  const off = { HPAConfigurableTolerance: 'false' };
  const key = 'autoscaling.alpha.kubernetes.io/behavior';
  const make = () => ({
    apiVersion: 'autoscaling/v1',
    metadata: { annotations: { [key]: '{"ScaleUp":{"Tolerance":"1","SelectPolicy":"Max"}}' } },
    spec: { maxReplicas: 1, targetCPUUtilizationPercentage: 1 },
  });
  const [created] = written(horizontalPodAutoscalerV1, off, make, make());
  expect(JSON.parse(created.metadata.annotations[key]).ScaleUp).toMatchObject({ Tolerance: null, SelectPolicy: 'Max' });
  expect(written(horizontalPodAutoscalerV1, {}, make, make())[0].metadata.annotations[key]).toContain(
    '"Tolerance":"1"',
  );
});

test('a kind without such fields stays the same value’s copy', () => {
  const configMap = kindOf('ConfigMap');
  expect(withGates(configMap, defaultFeatureGates)).toEqual(configMap);
});
