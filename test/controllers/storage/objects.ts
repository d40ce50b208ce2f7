// Short makers of claims, volumes and classes for the tests of the storage controllers.
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../apimachinery/types.ts';

export interface ClaimOptions {
  size?: string;
  class?: string | null;
  modes?: string[];
  volume?: string;
  phase?: string;
  annotations?: Record<string, string>;
  uid?: string;
  spec?: object;
  status?: object;
}

export const makeClaim = (name: string, o: ClaimOptions = {}): PersistentVolumeClaim =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'd', uid: o.uid ?? `uid-${name}`, annotations: o.annotations },
    spec: {
      accessModes: o.modes ?? ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      resources: { requests: { storage: o.size ?? '1Gi' } },
      ...(o.class === null ? {} : { storageClassName: o.class ?? 'slow' }),
      ...(o.volume ? { volumeName: o.volume } : {}),
      ...o.spec,
    },
    status: { phase: o.phase ?? 'Pending', ...o.status },
  }) as PersistentVolumeClaim;

export interface VolumeOptions {
  size?: string;
  class?: string;
  modes?: string[];
  claim?: { name: string; uid?: string; namespace?: string };
  phase?: string;
  policy?: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  spec?: object;
  deleting?: boolean;
}

export const makeVolume = (name: string, o: VolumeOptions = {}): PersistentVolume =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      uid: `uid-${name}`,
      annotations: o.annotations,
      labels: o.labels,
      ...(o.deleting ? { deletionTimestamp: '2024-01-01T00:00:00Z' } : {}),
    },
    spec: {
      accessModes: o.modes ?? ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      capacity: { storage: o.size ?? '1Gi' },
      storageClassName: o.class ?? 'slow',
      persistentVolumeReclaimPolicy: o.policy ?? 'Retain',
      csi: { driver: 'd.example', volumeHandle: name },
      ...(o.claim ? { claimRef: { kind: 'PersistentVolumeClaim', namespace: 'd', ...o.claim } } : {}),
      ...o.spec,
    },
    status: { phase: o.phase ?? 'Available' },
  }) as PersistentVolume;

export const makeClass = (name: string, o: { waits?: boolean; default?: boolean; provisioner?: string } = {}) =>
  ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      ...(o.default ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : {}),
    },
    provisioner: o.provisioner ?? 'p.example',
    reclaimPolicy: 'Delete',
    volumeBindingMode: o.waits ? 'WaitForFirstConsumer' : 'Immediate',
  }) as StorageClass;
