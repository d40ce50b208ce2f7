import { expect, test } from 'vitest';
import { withGates } from '../../../apiserver/kinds/gatedFields.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { persistentVolumeClaim as pvc } from '../../../apiserver/kinds/persistentVolumeClaim.ts';
import { defaultFeatureGates } from '../../../component-base/featureGates.ts';
import { cells, created, made, texts, updated } from './said.ts';

const requests = (storage: string) => ({ resources: { requests: { storage } } });
const one = (spec: any = {}, status: any = {}, metadata: any = {}): any =>
  made(pvc, { spec: { accessModes: ['ReadWriteOnce'], ...requests('2Gi'), ...spec }, status }, metadata);
const bound = { phase: 'Bound', capacity: { storage: '2Gi' } };
const annotation = 'volume.beta.kubernetes.io/storage-class';
const source = { kind: 'PersistentVolumeClaim', name: 'a' };

test('defaults', () => {
  const object = one();
  expect([object.spec.volumeMode, object.status.phase]).toEqual(['Filesystem', 'Pending']);
});

test.each<[string, any, string[]]>([
  ['fine', {}, []],
  ['no modes', { accessModes: [] }, ['spec.accessModes: Required value: at least 1 access mode is required']],
  ['mode', { accessModes: ['X'] }, [expect.stringContaining('spec.accessModes: Unsupported value: "X"')]],
  [
    'one pod and others',
    { accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] },
    ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
  ],
  [
    'selector',
    { selector: { matchLabels: { 'a b': 'c' } } },
    [expect.stringContaining('spec.selector.matchLabels: Invalid value: "a b"')],
  ],
  ['no size', { resources: {} }, ['spec.resources[storage]: Required value']],
  ['size 0', requests('0'), ['spec.resources[storage]: Invalid value: "0": must be greater than zero']],
  ['any class', { storageClassName: '' }, []],
  ['class', { storageClassName: 'A' }, [expect.stringContaining('spec.storageClassName: Invalid value: "A"')]],
  ['block', { volumeMode: 'Block' }, []],
  [
    'mode of bytes',
    { volumeMode: 'Tape' },
    ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
  ],
  ['source', { dataSource: source, dataSourceRef: source }, []],
  ['source without name', { dataSource: { kind: 'PersistentVolumeClaim' } }, ['spec.dataSource.name: Required value']],
  [
    'source of no kind',
    { dataSource: { name: 'a' } },
    [
      'spec.dataSource.kind: Required value',
      'spec.dataSource: Invalid value: "": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
    ],
  ],
  [
    'source group',
    { dataSourceRef: { ...source, apiGroup: 'A' } },
    [expect.stringContaining('spec.dataSourceRef.apiGroup: Invalid value: "A"')],
  ],
  [
    'source namespace',
    { dataSourceRef: { ...source, namespace: 'A' } },
    [expect.stringContaining('spec.dataSourceRef.namespace: Invalid value: "A"')],
  ],
  [
    'two sources',
    { dataSource: source, dataSourceRef: { ...source, name: 'b' } },
    ['spec: Invalid value: {}: must match dataSourceRef'],
  ],
  [
    'two sources, elsewhere',
    { dataSource: source, dataSourceRef: { ...source, namespace: 'b' } },
    ['spec: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified'],
  ],
  [
    'attributes',
    { volumeAttributesClassName: 'A' },
    [expect.stringContaining('spec.volumeAttributesClassName: Invalid value: "A"')],
  ],
])('create: %s', (_what, spec, expected) => {
  expect(created(pvc, one(spec))).toEqual(expected);
});

const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
const unknown = { apiGroup: 'a.io', kind: 'Thing', name: 't' };
const both = (s: any) => ({ dataSource: { apiGroup: null, ...s }, dataSourceRef: { apiGroup: null, ...s } });
test.each<[string, any, any]>([
  ['old field', { dataSource: source }, both(source)],
  ['new field', { dataSourceRef: unknown }, both(unknown)],
  ['a snapshot', { dataSource: snapshot }, both(snapshot)],
  ['an unknown one in the old field', { dataSource: unknown }, {}],
  ['another namespace', { dataSourceRef: { ...source, namespace: 'n' } }, {}],
])('data sources: %s', (_what, spec, expected) => {
  const object = one(spec);
  withGates(pvc, defaultFeatureGates).prepareCreate!(object, {} as Context);
  const { dataSource, dataSourceRef } = object.spec;
  const plain = (s: any) => s && { apiGroup: null, ...s };
  expect({ dataSource: plain(dataSource), dataSourceRef: plain(dataSourceRef) }).toEqual({
    dataSource: undefined,
    dataSourceRef: undefined,
    ...expected,
  });
  expect(object.status).toEqual({ phase: 'Pending' });
});

const immutable = expect.stringMatching(
  /^spec: Forbidden: spec is immutable after creation except resources\.requests and volumeAttributesClassName for bound claims\n[-+]/,
);
const old = { annotations: { [annotation]: 'slow' } };
test.each<[string, any, any, any[]]>([
  ['its volume', one(), one({ volumeName: 'v' }), []],
  ['another volume', one({ volumeName: 'v' }), one({ volumeName: 'w' }), [immutable]],
  ['modes', one(), one({ accessModes: ['ReadOnlyMany'] }), [immutable]],
  ['size, unbound', one(), one(requests('3Gi')), [immutable]],
  ['size, bound', one({}, bound), one(requests('3Gi'), bound), []],
  ['a growth is taken back', one(requests('5Gi'), bound), one(requests('3Gi'), bound), []],
  [
    'smaller than it is',
    one(requests('5Gi'), bound),
    one(requests('2Gi'), bound),
    ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
  ],
  [
    'mode of bytes',
    one(),
    one({ volumeMode: 'Block' }),
    [immutable, 'volumeMode: Invalid value: "Block": field is immutable'],
  ],
  ['a class for none', one(), one({ storageClassName: 'fast' }), []],
  ['another class', one({ storageClassName: 'slow' }), one({ storageClassName: 'fast' }), [immutable]],
  ['the class moves to spec', one({}, {}, old), one({ storageClassName: 'slow' }), []],
  [
    'the class of an annotation',
    one({}, {}, old),
    one({}, {}, { annotations: { [annotation]: 'fast' } }),
    [`metadata.annotations[${annotation}]: Invalid value: "fast": field is immutable`],
  ],
  [
    'attributes, bound',
    one({ volumeAttributesClassName: 'a' }, bound),
    one({ volumeAttributesClassName: 'b' }, bound),
    [],
  ],
  [
    'attributes, unbound',
    one({ volumeAttributesClassName: 'a' }),
    one({ volumeAttributesClassName: 'b' }),
    [immutable],
  ],
  [
    'no attributes',
    one({ volumeAttributesClassName: 'a' }, { ...bound, currentVolumeAttributesClassName: 'a' }),
    one({}, bound),
    [
      'spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when status.currentVolumeAttributesClassName is not nil',
    ],
  ],
  [
    'empty attributes',
    one({ volumeAttributesClassName: 'a' }, { ...bound, currentVolumeAttributesClassName: 'a' }),
    one({ volumeAttributesClassName: '' }, bound),
    [
      'spec.volumeAttributesClassName: Forbidden: update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil',
    ],
  ],
])('update: %s', (_what, before, object, expected) => {
  expect(updated(pvc, object, before)).toEqual(expected);
});

test.each<[any, any[]]>([
  [
    { ...bound, allocatedResources: { storage: '3Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } },
    [],
  ],
  [{ capacity: { storage: '-1' } }, ['status.capacity[storage]: Invalid value: -1: must be a valid resource quantity']],
  [
    { allocatedResources: { cpu: '1' } },
    ['status.allocatedResources: Unsupported value: "cpu": supported values: "storage"'],
  ],
  [
    { allocatedResources: { 'example.com/a': '-1' } },
    ['status.allocatedResources[example.com/a]: Invalid value: -1: must be a valid resource quantity'],
  ],
  [
    { allocatedResourceStatuses: { 'a b': 'NodeResizePending' } },
    [expect.stringContaining('status.allocatedResourceStatuses: Invalid value: "a b"')],
  ],
  [
    { allocatedResourceStatuses: { storage: 'Soon' } },
    [
      expect.stringContaining(
        'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResize',
      ),
    ],
  ],
])('%#: status', (status, expected) => {
  expect(texts(pvc.subresources![0]!.validateUpdate!(one({}, status), one()))).toEqual(expected);
});

test('columns and warnings', () => {
  const free = one({ storageClassName: 'fast' });
  expect(cells(pvc, free)).toMatchObject({
    Status: 'Pending',
    Volume: '',
    Capacity: '',
    'Access Modes': '',
    StorageClass: 'fast',
  });
  const taken = one({ volumeName: 'v' }, { ...bound, accessModes: ['ReadWriteOnce'] });
  expect(cells(pvc, taken)).toMatchObject({
    Status: 'Bound',
    Volume: 'v',
    Capacity: '2Gi',
    'Access Modes': 'RWO',
    VolumeMode: 'Filesystem',
  });
  expect(pvc.warnings!(one(requests('1500m'), {}, old), undefined)).toEqual([
    `metadata.annotations[${annotation}]: deprecated since v1.8; use "storageClassName" attribute instead`,
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
  ]);
});
