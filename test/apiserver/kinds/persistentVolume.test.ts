import { expect, test } from 'vitest';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { checkInlineVolume } from '../../../apiserver/kinds/persistentVolume/spec.ts';
import { persistentVolume } from '../../../apiserver/kinds/persistentVolume.ts';
import { cells, created, made, texts, updated } from './said.ts';

const base = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
const one = (spec: any = {}, metadata: any = {}, status: any = {}): any => {
  const plain = { ...base, hostPath: { path: '/data' }, ...spec };
  return made(persistentVolume, { spec: plain, status }, metadata);
};
/** With this source instead. */
const on = (source: any, more: any = {}): any => one({ hostPath: undefined, ...source, ...more });
const csi = { driver: 'd.example.com', volumeHandle: 'h' };
const affinity = (key = 'zone') => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] },
});
const context = { now: () => 60_000 } as Context;

test('defaults', () => {
  expect(one().spec).toMatchObject({
    persistentVolumeReclaimPolicy: 'Retain',
    volumeMode: 'Filesystem',
    hostPath: { type: '' },
  });
  expect(on({ iscsi: { targetPortal: 'p', iqn: 'i', lun: 0 } }).spec.iscsi.iscsiInterface).toBe('default');
  const object = one();
  persistentVolume.prepareCreate!(object, context);
  expect(object.status).toEqual({ phase: 'Pending', lastPhaseTransitionTime: '1970-01-01T00:01:00Z' });
});

const modes = 'supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"';
test.each<[string, any, string[]]>([
  ['fine', one(), []],
  ['no modes', one({ accessModes: [] }), ['spec.accessModes: Required value']],
  ['mode', one({ accessModes: ['RWO'] }), [`spec.accessModes: Unsupported value: "RWO": ${modes}`]],
  [
    'one pod and others',
    one({ accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] }),
    ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
  ],
  [
    'no capacity',
    one({ capacity: undefined }),
    ['spec.capacity: Required value', 'spec.capacity: Unsupported value: null: supported values: "storage"'],
  ],
  [
    'capacity of more',
    one({ capacity: { storage: '1', cpu: '1' } }),
    ['spec.capacity: Unsupported value: {"storage":"1","cpu":"1"}: supported values: "storage"'],
  ],
  [
    'capacity 0',
    one({ capacity: { storage: '0' } }),
    ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
  ],
  [
    'capacity below',
    one({ capacity: { storage: '-1' } }),
    [
      'spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
      'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
    ],
  ],
  [
    'policy',
    one({ persistentVolumeReclaimPolicy: 'Keep' }),
    ['spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"'],
  ],
  ['affinity', one({ nodeAffinity: affinity() }), []],
  [
    'empty affinity',
    one({ nodeAffinity: {} }),
    ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
  ],
  [
    'affinity to nothing',
    one({ nodeAffinity: { required: { nodeSelectorTerms: [] } } }),
    ['spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term'],
  ],
  ['nowhere', on({}), ['spec: Required value: must specify a volume type']],
  [
    'two places',
    one({ nfs: { server: 's', path: '/' } }),
    ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'hostPath',
    one({ hostPath: { path: '/a/../b' } }),
    ['spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\''],
  ],
  [
    'recycled root',
    one({ hostPath: { path: '//' }, persistentVolumeReclaimPolicy: 'Recycle' }),
    ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
  ],
  ['local', on({ local: { path: '/d' }, nodeAffinity: affinity() }), []],
  [
    'local everywhere',
    on({ local: { path: '/d' } }),
    ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
  ],
  ['local nowhere', on({ local: {}, nodeAffinity: affinity() }), ['spec.local.path: Required value']],
  ['csi', on({ csi: { ...csi, nodePublishSecretRef: { name: 'n', namespace: 's' } } }), []],
  ['csi without', on({ csi: {} }), ['spec.csi.driver: Required value', 'spec.csi.volumeHandle: Required value']],
  [
    'csi secret',
    on({ csi: { ...csi, nodeExpandSecretRef: { name: 'a_b' } } }),
    [
      expect.stringContaining('spec.csi.nodeExpandSecretRef.name: Invalid value: "a_b"'),
      'spec.csi.nodeExpandSecretRef.namespace: Required value',
    ],
  ],
  ['nfs', on({ nfs: { server: 's', path: 'p' } }), ['spec.nfs.path: Invalid value: "p": must be an absolute path']],
  ['gce', on({ gcePersistentDisk: {} }), ['spec.persistentDisk.pdName: Required value']],
  [
    'iscsi',
    on({
      iscsi: {
        targetPortal: 'p',
        iqn: 'iqn.2015-02.example.com:test',
        lun: 1,
        chapAuthSession: true,
        secretRef: { name: 's' },
      },
    }),
    [],
  ],
  [
    'iscsi name',
    on({ iscsi: { targetPortal: 'p'.repeat(63), iqn: 'x', lun: 300, initiatorName: 'foo', chapAuthSession: true } }),
    [
      expect.stringContaining('spec.iscsi.targetportal: Invalid value'),
      'spec.iscsi.iqn: Invalid value: "x": must be valid format',
      'spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive',
      'spec.iscsi.secretRef: Required value',
      'spec.iscsi.initiatorname: Invalid value: "foo": must be valid format',
    ],
  ],
  ['glusterfs', on({ glusterfs: { endpoints: 'e', path: 'p', endpointsNamespace: 'n' } }), []],
  [
    'glusterfs namespace',
    on({ glusterfs: { endpoints: 'e', path: 'p', endpointsNamespace: '' } }),
    [
      'spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
    ],
  ],
  [
    'azureFile',
    on({ azureFile: { secretName: 's', shareName: 'h', secretNamespace: '' } }),
    ['spec.azureFile.secretNamespace: Required value'],
  ],
  [
    'cinder',
    on({ cinder: { volumeID: 'v', secretRef: { name: 's' } } }),
    ['spec.cinder.secretRef.namespace: Required value'],
  ],
  [
    'storageos',
    on({ storageos: { volumeName: 'v', volumeNamespace: 'A' } }),
    [expect.stringContaining('spec.storageos.volumeNamespace: Invalid value: "A"')],
  ],
  ['rbd', on({ rbd: {} }), ['spec.rbd.monitors: Required value', 'spec.rbd.image: Required value']],
  [
    'cephfs too',
    one({ cephfs: { monitors: ['m'] } }),
    ['spec.cephFS: Forbidden: may not specify more than 1 volume type'],
  ],
  ['class', one({ storageClassName: 'a_b' }), [expect.stringContaining('spec.storageClassName: Invalid value: "a_b"')]],
  [
    'mode of bytes',
    one({ volumeMode: 'Tape' }),
    ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
  ],
  ['attributes', on({ csi, volumeAttributesClassName: 'gold' }), []],
  [
    'attributes empty',
    on({ csi, volumeAttributesClassName: '' }),
    ['spec.volumeAttributesClassName: Required value: an empty string is disallowed'],
  ],
  [
    'attributes elsewhere',
    one({ volumeAttributesClassName: 'gold' }),
    ['spec.csi: Required value: has to be specified when using volumeAttributesClassName'],
  ],
  [
    'mount options of a path',
    one({}, { annotations: { 'volume.beta.kubernetes.io/mount-options': 'ro' } }),
    [
      'metadata.annotations.volume.beta.kubernetes.io/mount-options: Forbidden: may not specify mount options for this volume type',
    ],
  ],
])('create: %s', (_what, object, expected) => {
  expect(created(persistentVolume, object)).toEqual(expected);
});

const beta = 'failure-domain.beta.kubernetes.io/zone';
const secretRef = { name: 'n', namespace: 's' };
test.each<[string, any, any, string[]]>([
  [
    'size, policy, class, claim',
    one(),
    one({
      capacity: { storage: '2Gi' },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'a',
      claimRef: { name: 'c' },
    }),
    [],
  ],
  [
    'place',
    one(),
    one({ hostPath: { path: '/other' } }),
    [
      expect.stringMatching(
        /^spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation\n/,
      ),
    ],
  ],
  ['a secret is added', on({ csi }), on({ csi: { ...csi, controllerExpandSecretRef: secretRef } }), []],
  [
    'a secret is changed',
    on({ csi: { ...csi, controllerExpandSecretRef: secretRef } }),
    on({ csi: { ...csi, controllerExpandSecretRef: { ...secretRef, name: 'm' } } }),
    [expect.stringContaining('spec.persistentvolumesource')],
  ],
  ['mode', one(), one({ volumeMode: 'Block' }), ['volumeMode: Invalid value: "Block": field is immutable']],
  ['affinity is added', one(), one({ nodeAffinity: affinity() }), []],
  [
    'affinity is changed',
    one({ nodeAffinity: affinity() }),
    one({ nodeAffinity: affinity('rack') }),
    [expect.stringContaining('field is immutable, except for updating from beta label to GA')],
  ],
  [
    'affinity gets new names',
    one({ nodeAffinity: affinity(beta) }),
    one({ nodeAffinity: affinity('topology.kubernetes.io/zone') }),
    [],
  ],
  ['attributes', on({ csi, volumeAttributesClassName: 'a' }), on({ csi, volumeAttributesClassName: 'b' }), []],
  [
    'no attributes',
    on({ csi, volumeAttributesClassName: 'a' }),
    on({ csi }),
    ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden'],
  ],
])('update: %s', (_what, old, object, expected) => {
  expect(updated(persistentVolume, object, old)).toEqual(expected);
});

test.each<[any, any, string | undefined]>([
  [{ phase: 'Bound', lastPhaseTransitionTime: 't1' }, { phase: 'Bound' }, 't1'],
  [
    { phase: 'Bound', lastPhaseTransitionTime: 't1' },
    { phase: 'Released', lastPhaseTransitionTime: 't1' },
    '1970-01-01T00:01:00Z',
  ],
  [{ phase: 'Bound', lastPhaseTransitionTime: 't1' }, { phase: 'Released', lastPhaseTransitionTime: 't2' }, 't2'],
  [{ phase: 'Bound' }, { phase: 'Bound' }, undefined],
])('%#: the time of a phase', (before, status, time) => {
  const object = one({}, {}, status);
  persistentVolume.subresources![0]!.keep!(object, one({}, {}, before), context);
  expect(object.status.lastPhaseTransitionTime).toBe(time);
});

const inline = { csi, accessModes: ['ReadWriteOnce'] };
test.each<[any, string[]]>([
  [inline, []],
  [
    {
      ...inline,
      claimRef: {},
      capacity: { storage: '1' },
      nodeAffinity: {},
      storageClassName: 'a',
      volumeMode: 'Block',
      persistentVolumeReclaimPolicy: 'Delete',
    },
    [
      'v.claimRef: Forbidden: may not be specified in the context of inline volumes',
      'v.capacity: Forbidden: may not be specified in the context of inline volumes',
      'v.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes',
      'v.nodeAffinity: Forbidden: may not be specified in the context of inline volumes',
      'v.storageClassName: Forbidden: may not be specified in the context of inline volumes',
      'v.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes',
    ],
  ],
  [
    { accessModes: ['ReadWriteOnce'], hostPath: { path: '/' } },
    ['v.csi: Required value: has to be specified in the context of inline volumes'],
  ],
])('%#: inline volumes', (spec, expected) => {
  const errors: any[] = [];
  checkInlineVolume(errors, 'v', spec);
  expect(texts(errors)).toEqual(expected);
});

test('columns and warnings', () => {
  const object = one(
    { claimRef: { namespace: 'n', name: 'c' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'], storageClassName: 's' },
    {},
    { phase: 'Bound' },
  );
  expect(cells(persistentVolume, object)).toMatchObject({
    Capacity: '1Gi',
    'Access Modes': 'RWO,RWX',
    'Reclaim Policy': 'Retain',
    Status: 'Bound',
    Claim: 'n/c',
    StorageClass: 's',
    VolumeAttributesClass: '<unset>',
    Reason: '',
    VolumeMode: 'Filesystem',
  });
  expect(cells(persistentVolume, one({}, { deletionTimestamp: 't' })).Status).toBe('Terminating');
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 's' };
  expect(
    persistentVolume.warnings!(
      one({ persistentVolumeReclaimPolicy: 'Recycle', nodeAffinity: affinity(beta), rbd: {} }, { annotations }),
      undefined,
    ),
  ).toEqual([
    'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
    expect.stringContaining('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated.'),
    `spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: ${beta} is deprecated since v1.17; use "topology.kubernetes.io/zone" instead`,
    'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
  ]);
});
