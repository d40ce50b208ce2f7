import { expect, test } from 'vitest';
import { type Row, refused } from './pods.ts';

const v =
  (...volumes: any[]) =>
  (spec: any, pod: any) => {
    spec.serviceAccountName = 'default';
    spec.volumes = volumes;
    pod.metadata.name = 'x';
  };
const m =
  (mounts: any[], volumes: any[] = [{ name: 'v' }]) =>
  (spec: any) => {
    spec.volumes = volumes;
    spec.containers[0].volumeMounts = mounts;
  };
const token = { serviceAccountToken: { path: 'token' } };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

test.each<Row>([
  ['no source is an emptyDir', v({ name: 'v' }), []],
  ['no name', v({ emptyDir: {} }), ['spec.volumes[0].name: Required value']],
  ['twice', v({ name: 'v' }, { name: 'v' }), ['spec.volumes[1].name: Duplicate value: "v"']],
  [
    'two sources',
    v({ name: 'v', emptyDir: {}, secret: { secretName: 's' } }),
    ['spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'a disk and a secret',
    v({ name: 'v', secret: { secretName: 's' }, gcePersistentDisk: { pdName: 'd' } }),
    ['spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'two with odd paths too many',
    v({ name: 'v', emptyDir: {}, cephfs: { monitors: ['m'] }, downwardAPI: {} }),
    ['cephFS', 'downwarAPI'].map((n) => `spec.volumes[0].${n}: Forbidden: may not specify more than 1 volume type`),
  ],
  [
    'negative size',
    v({ name: 'v', emptyDir: { sizeLimit: '-1' } }),
    ['spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
  ],
  ['hostPath', v({ name: 'v', hostPath: { path: '/var/log', type: 'Directory' } }), []],
  [
    'hostPath upwards',
    v({ name: 'v', hostPath: { path: '/a/../b' } }),
    [`spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
  ],
  [
    'hostPath type',
    v({ name: 'v', hostPath: { path: '/a', type: 'Pipe' } }),
    [
      'spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  ['secret', v({ name: 'v', secret: { secretName: 's', items: [{ key: 'k', path: 'a/b' }] } }), []],
  ['secret without name', v({ name: 'v', secret: {} }), ['spec.volumes[0].secret.secretName: Required value']],
  [
    'mode',
    v({ name: 'v', configMap: { name: 'm', defaultMode: 512 } }),
    [
      'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    ],
  ],
  [
    'absolute item',
    v({ name: 'v', configMap: { name: 'm', items: [{ key: 'k', path: '/a' }] } }),
    ['spec.volumes[0].configMap.items[0].path: Invalid value: "/a": must be a relative path'],
  ],
  ['projected', v({ name: 'v', projected: { sources: [token, { configMap: { name: 'm' } }] } }), []],
  [
    'short token',
    v({ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } }),
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
  ],
  [
    'token without account',
    (spec) => {
      spec.volumes = [{ name: 'v', projected: { sources: [token] } }];
    },
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    ],
  ],
  [
    'one path twice',
    v({
      name: 'v',
      projected: {
        sources: ['a', 'b'].map((name) => ({ secret: { name, items: [{ key: 'k', path: 'p' }] } })),
      },
    }),
    ['spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths'],
  ],
  [
    'downward',
    v({ name: 'v', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } }),
    [],
  ],
  [
    'downward resource without container',
    v({ name: 'v', downwardAPI: { items: [{ path: 'l', resourceFieldRef: { resource: 'limits.cpu' } }] } }),
    ['spec.volumes[0].downwardAPI.resourceFieldRef.containerName: Required value'],
  ],
  ['claim', v({ name: 'v', persistentVolumeClaim: { claimName: 'c' } }), []],
  [
    'claim without name',
    v({ name: 'v', persistentVolumeClaim: {} }),
    ['spec.volumes[0].persistentVolumeClaim.claimName: Required value'],
  ],
  ['ephemeral', v({ name: 'v', ephemeral: { volumeClaimTemplate: { spec: claim } } }), []],
  [
    'ephemeral without size',
    v({ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }),
    ['spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value'],
  ],
  [
    'claim of an ephemeral volume',
    v(
      { name: 'v', ephemeral: { volumeClaimTemplate: { spec: claim } } },
      { name: 'w', persistentVolumeClaim: { claimName: 'x-v' } },
    ),
    [
      'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "x-v": must not reference a PVC that gets created for an ephemeral volume',
    ],
  ],
  ['nfs', v({ name: 'v', nfs: { server: 's', path: '/p' } }), []],
  [
    'nfs relative',
    v({ name: 'v', nfs: { server: 's', path: 'p' } }),
    ['spec.volumes[0].nfs.path: Invalid value: "p": must be an absolute path'],
  ],
  ['iscsi', v({ name: 'v', iscsi: { targetPortal: 'h', iqn: 'iqn.2001-04.com.example:storage', lun: 0 } }), []],
  [
    'iscsi name',
    v({ name: 'v', iscsi: { targetPortal: 'h', iqn: 'foo', lun: 256 } }),
    [
      'spec.volumes[0].iscsi.iqn: Invalid value: "foo": must be valid format starting with iqn, eui, or naa',
      'spec.volumes[0].iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
    ],
  ],
  [
    'flex options',
    v({ name: 'v', flexVolume: { driver: 'd', options: { 'x.kubernetes.io/a': '1' } } }),
    [
      'spec.volumes[0].flexVolume.options[x.kubernetes.io/a]: Invalid value: "x.kubernetes.io/a": kubernetes.io and k8s.io namespaces are reserved',
    ],
  ],
  ['csi', v({ name: 'v', csi: { driver: 'D.example.com' } }), []],
  ['csi without driver', v({ name: 'v', csi: {} }), ['spec.volumes[0].csi.driver: Required value']],
  ['image', v({ name: 'v', image: { reference: 'a:1' } }), []],
  ['image without reference', v({ name: 'v', image: {} }), ['spec.volumes[0].image.reference: Required value']],
  ['partition 0', v({ name: 'v', gcePersistentDisk: { pdName: 'd', partition: 0 } }), []],
  [
    'partition 256',
    v({ name: 'v', gcePersistentDisk: { pdName: 'd', partition: 256 } }),
    ['spec.volumes[0].persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive'],
  ],
])('%s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});

test.each<Row>([
  ['fine', m([{ name: 'v', mountPath: '/a' }]), []],
  ['of no volume', m([{ name: 'w', mountPath: '/a' }]), ['spec.containers[0].volumeMounts[0].name: Not found: "w"']],
  ['without path', m([{ name: 'v' }]), ['spec.containers[0].volumeMounts[0].mountPath: Required value']],
  [
    'same path',
    m([
      { name: 'v', mountPath: '/a' },
      { name: 'v', mountPath: '/a' },
    ]),
    ['spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique'],
  ],
  [
    'absolute subPath',
    m([{ name: 'v', mountPath: '/a', subPath: '/b' }]),
    ['spec.containers[0].volumeMounts.subPath: Invalid value: "/b": must be a relative path'],
  ],
  [
    'propagation',
    m([{ name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' }]),
    [
      'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ],
  ],
  [
    'recursive read-only',
    m([{ name: 'v', mountPath: '/a', recursiveReadOnly: 'Enabled' }]),
    ['spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true'],
  ],
  [
    'device of an emptyDir',
    (spec) => {
      spec.volumes = [{ name: 'v' }];
      spec.containers[0].volumeDevices = [{ name: 'v', devicePath: '/dev/x' }];
    },
    [
      'spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    ],
  ],
])('mount: %s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});
