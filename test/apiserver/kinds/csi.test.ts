import { expect, test } from 'vitest';
import { csiDriver } from '../../../apiserver/kinds/csiDriver.ts';
import { csiNode } from '../../../apiserver/kinds/csiNode.ts';
import { csiStorageCapacity } from '../../../apiserver/kinds/csiStorageCapacity.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { volumeAttachment } from '../../../apiserver/kinds/volumeAttachment.ts';
import { volumeAttributesClass } from '../../../apiserver/kinds/volumeAttributesClass.ts';
import { cells, created, made, texts, updated } from './said.ts';

const driver = (spec: any = {}, metadata: any = {}) => made(csiDriver, { spec }, metadata);
const token = (fields: any) => ({ tokenRequests: [{ audience: 'a', ...fields }] });
test.each<[string, any, string[]]>([
  [
    'fine',
    {
      ...token({ expirationSeconds: 600 }),
      serviceAccountTokenInSecrets: true,
      fsGroupPolicy: 'File',
      volumeLifecycleModes: ['Ephemeral'],
      nodeAllocatableUpdatePeriodSeconds: 10,
    },
    [],
  ],
  [
    'group policy',
    { fsGroupPolicy: 'All' },
    ['spec.fsGroupPolicy: Unsupported value: "All": supported values: "File", "None", "ReadWriteOnceWithFSType"'],
  ],
  [
    'an audience twice',
    { tokenRequests: [{ audience: 'a' }, { audience: 'a' }] },
    ['spec.tokenRequests[1].audience: Duplicate value: "a"'],
  ],
  [
    'short tokens',
    token({ expirationSeconds: 599 }),
    ['spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes'],
  ],
  [
    'long tokens',
    token({ expirationSeconds: 2 ** 32 + 1 }),
    [
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
    ],
  ],
  [
    'mode',
    { volumeLifecycleModes: ['Short'] },
    ['spec.volumeLifecycleModes: Unsupported value: "Short": supported values: "Persistent", "Ephemeral"'],
  ],
  [
    'period',
    { nodeAllocatableUpdatePeriodSeconds: 9 },
    ['spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds'],
  ],
  [
    'secrets of no tokens',
    { serviceAccountTokenInSecrets: false },
    [
      'spec.serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
    ],
  ],
])('CSIDriver: %s', (_what, spec, expected) => {
  expect(created(csiDriver, driver(spec))).toEqual(expected);
});

test('CSIDriver: what stays, what counts, what shows', () => {
  expect(updated(csiDriver, driver({ podInfoOnMount: true, fsGroupPolicy: 'None' }), driver())).toEqual([]);
  expect(updated(csiDriver, driver({ attachRequired: false, volumeLifecycleModes: ['Ephemeral'] }), driver())).toEqual([
    'spec.attachedRequired: Invalid value: false: field is immutable',
    'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
  ]);
  const changed = driver({ podInfoOnMount: true });
  csiDriver.prepareUpdate!(changed, driver(), {} as Context);
  expect(changed.metadata.generation).toBe(1);
  expect(cells(csiDriver, driver(token({})))).toMatchObject({
    AttachRequired: true,
    PodInfoOnMount: false,
    StorageCapacity: false,
    TokenRequests: 'a',
    RequiresRepublish: false,
    Modes: 'Persistent',
  });
  expect(cells(csiDriver, driver()).TokenRequests).toBe('<unset>');
  expect(csiDriver.warnings!(driver(token({})), undefined)).toHaveLength(1);
  expect(csiDriver.warnings!(driver(token({})), driver(token({})))).toEqual([]);
});

const node = (...drivers: any[]) => made(csiNode, { spec: { drivers } });
const plugin = { name: 'd.io', nodeID: 'n', topologyKeys: ['zone'] };
const at = 'spec.drivers[0]';
test.each<[string, any, any[]]>([
  ['none', node(), []],
  ['fine', node({ ...plugin, allocatable: { count: 0 } }, { ...plugin, name: 'e.io' }), []],
  ['no name', node({ ...plugin, name: '' }), [`${at}.name: Required value`]],
  ['no id', node({ ...plugin, nodeID: '' }), [`${at}.nodeID: Required value`]],
  [
    'long id',
    node({ ...plugin, nodeID: 'n'.repeat(257) }),
    [expect.stringContaining('must be 256 characters or less')],
  ],
  [
    'count',
    node({ ...plugin, allocatable: { count: -1 } }),
    [`${at}.allocatable.count: Invalid value: -1: must be greater than or equal to 0`],
  ],
  ['a driver twice', node(plugin, plugin), ['spec.drivers[1].name: Duplicate value: "d.io"']],
  ['a key twice', node({ ...plugin, topologyKeys: ['a', 'a'] }), [`${at}: Duplicate value: "a"`]],
  [
    'no key',
    node({ ...plugin, topologyKeys: [''] }),
    [
      `${at}: Required value`,
      expect.stringContaining('name part must be non-empty'),
      expect.stringContaining('name part must consist of'),
    ],
  ],
])('CSINode: %s', (_what, object, expected) => {
  expect(created(csiNode, object)).toEqual(expected);
});

test('CSINode: drivers stay as they are but for their count', () => {
  expect(
    updated(csiNode, node({ ...plugin, allocatable: { count: 3 } }, { ...plugin, name: 'e' }), node(plugin)),
  ).toEqual([]);
  expect(updated(csiNode, node({ ...plugin, nodeID: 'm' }), node(plugin))).toEqual([
    'spec.drivers: Invalid value: {"Name":"d.io","NodeID":"m","TopologyKeys":["zone"],"Allocatable":null}: field is immutable',
  ]);
  expect(cells(csiNode, node(plugin))).toMatchObject({ Drivers: 1 });
});

const capacity = (fields: any = {}) => made(csiStorageCapacity, { storageClassName: 'fast', ...fields });
const topology = (value: string) => ({
  nodeTopology: { matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }] },
});
test.each<[string, any, any[]]>([
  ['fine', { capacity: '1Gi', ...topology('a') }, []],
  ['no class', { storageClassName: undefined }, [expect.stringContaining('storageClassName: Invalid value: ""')]],
  [
    'topology',
    topology('a b'),
    [expect.stringContaining('nodeTopology.matchExpressions[0].values[0]: Invalid value: "a b"')],
  ],
  ['capacity', { capacity: '-1' }, ['capacity: Invalid value: "-1": must be greater than or equal to 0']],
])('CSIStorageCapacity: %s', (_what, fields, expected) => {
  expect(created(csiStorageCapacity, capacity(fields))).toEqual(expected);
});

test('CSIStorageCapacity: the answer alone changes', () => {
  expect(updated(csiStorageCapacity, capacity({ capacity: '2Gi' }), capacity({ capacity: '1Gi' }))).toEqual([]);
  expect(updated(csiStorageCapacity, capacity(topology('a b')), capacity(topology('a b')))).toEqual([]);
  expect(
    updated(csiStorageCapacity, capacity({ storageClassName: 'slow', nodeTopology: {} }), capacity(topology('a'))),
  ).toEqual([
    'nodeTopology: Invalid value: {}: field is immutable',
    'storageClassName: Invalid value: "slow": field is immutable',
  ]);
  expect(cells(csiStorageCapacity, capacity({ capacity: '1024Mi' }))).toMatchObject({
    StorageClassName: 'fast',
    Capacity: '1Gi',
  });
  expect(cells(csiStorageCapacity, capacity()).Capacity).toBe('<unset>');
  const old = { nodeTopology: { matchLabels: { 'beta.kubernetes.io/os': 'linux' } } };
  expect(csiStorageCapacity.warnings!(capacity(old), undefined)).toEqual([
    'nodeTopology.matchLabels.beta.kubernetes.io/os: deprecated since v1.14; use "kubernetes.io/os" instead',
  ]);
});

const attributes = (fields: any = {}) =>
  made(volumeAttributesClass, { driverName: 'd.io', parameters: { iops: '3' }, ...fields });
test.each<[string, any, any[]]>([
  ['fine', {}, []],
  ['no driver', { driverName: '' }, ['driverName: Required value']],
  [
    'a driver that is no name',
    { driverName: 'a b' },
    [expect.stringMatching(/^driverName: Invalid value: "a b": name part must consist of/)],
  ],
  ['a parameter without name', { parameters: { '': 'x' } }, ['parameters: Invalid value: "": field can not be empty.']],
  ['no parameters', { parameters: {} }, ['parameters: Required value: must contain at least one key/value pair']],
])('VolumeAttributesClass: %s', (_what, fields, expected) => {
  expect(created(volumeAttributesClass, attributes(fields))).toEqual(expected);
});

test('a VolumeAttributesClass stays', () => {
  expect(updated(volumeAttributesClass, attributes(), attributes())).toEqual([]);
  expect(updated(volumeAttributesClass, attributes({ driverName: 'e', parameters: { a: 'b' } }), attributes())).toEqual(
    [
      'driverName: Forbidden: updates to driverName are forbidden.',
      'parameters: Forbidden: updates to parameters are forbidden.',
    ],
  );
  expect(cells(volumeAttributesClass, attributes())).toMatchObject({ DriverName: 'd.io' });
});

const attachment = (spec: any = {}, status?: any): any =>
  made(volumeAttachment, {
    spec: { attacher: 'd.io', nodeName: 'n', source: { persistentVolumeName: 'v' }, ...spec },
    ...(status && { status }),
  });
const inline = { csi: { driver: 'd.io', volumeHandle: 'h' }, accessModes: ['ReadWriteOnce'] };
const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
test.each<[string, any, any[]]>([
  ['fine', attachment(), []],
  ['inline', attachment({ source: { inlineVolumeSpec: inline } }), []],
  [
    'inline of a path',
    attachment({ source: { inlineVolumeSpec: { ...inline, csi: undefined, hostPath: { path: '/' } } } }),
    ['spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes'],
  ],
  ['no attacher', attachment({ attacher: '' }), ['spec.attacher: Required value', 'spec.attacher: Required value']],
  ['attacher', attachment({ attacher: 'a_b' }), [expect.stringContaining('spec.attacher: Invalid value: "a_b"')]],
  ['no source', attachment({ source: {} }), [`spec.source: Required value: ${one}`]],
  [
    'two sources',
    attachment({ source: { persistentVolumeName: 'v', inlineVolumeSpec: inline } }),
    [`spec.source: Forbidden: ${one}`],
  ],
  [
    'empty source',
    attachment({ source: { persistentVolumeName: '' } }),
    [
      'spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName',
      expect.stringContaining('spec.source.persistentVolumeName: Invalid value: ""'),
    ],
  ],
  ['node', attachment({ nodeName: 'N' }), [expect.stringContaining('spec.nodeName: Invalid value: "N"')]],
])('VolumeAttachment: %s', (_what, object, expected) => {
  expect(created(volumeAttachment, object)).toEqual(expected);
});

test.each<[any, any[]]>([
  [{ attached: true, attachmentMetadata: { a: 'b' }, detachError: { message: 'm', errorCode: 8 } }, []],
  [
    { attachmentMetadata: { a: 'b'.repeat(262144) } },
    ['status.attachmentMetadata: Too long: may not be more than 262144 bytes'],
  ],
  [
    { attachError: { message: 'm'.repeat(1025) } },
    ['status.attachError.message: Too long: may not be more than 262144 bytes'],
  ],
  [
    { detachError: { errorCode: -1 } },
    ['status.detachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
  ],
])('%#: VolumeAttachment: status', (status, expected) => {
  expect(texts(volumeAttachment.subresources![0]!.validateUpdate!(attachment({}, status), attachment()))).toEqual(
    expected,
  );
});

test('a VolumeAttachment is for one volume and node', () => {
  expect(updated(volumeAttachment, attachment({}, { attached: true }), attachment())).toEqual([]);
  expect(updated(volumeAttachment, attachment({ nodeName: 'm' }), attachment())).toEqual([
    'spec: Invalid value: {"Attacher":"d.io","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
  ]);
  const object = attachment();
  object.metadata.labels = { a: 'b' };
  volumeAttachment.subresources![0]!.keep!(object, attachment({ nodeName: 'm' }));
  expect([object.spec.nodeName, object.metadata.labels]).toEqual(['m', undefined]);
  volumeAttachment.prepareCreate!(object, {} as Context);
  expect(object.status).toEqual({ attached: false });
  expect(cells(volumeAttachment, attachment())).toMatchObject({
    Attacher: 'd.io',
    PV: 'v',
    Node: 'n',
    Attached: false,
  });
});
