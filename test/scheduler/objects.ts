// Nodes and pods for the scheduler's tests, with only what a test says about them.
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  StorageClass,
  Taint,
} from '../../apimachinery/types.ts';

export interface NodeOptions {
  cpu?: string;
  memory?: string;
  pods?: string;
  labels?: Record<string, string>;
  taints?: Taint[];
  unschedulable?: boolean;
  allocatable?: Record<string, string>;
  images?: { names: string[]; sizeBytes: number }[];
}

export function node(name: string, o: NodeOptions = {}): Node {
  const allocatable = { cpu: o.cpu ?? '4', memory: o.memory ?? '8Gi', pods: o.pods ?? '110', ...o.allocatable };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...o.labels } },
    spec: { ...(o.taints && { taints: o.taints }), ...(o.unschedulable && { unschedulable: true }) },
    status: { capacity: allocatable, allocatable, ...(o.images && { images: o.images }) },
  } as Node;
}

export interface PodOptions {
  namespace?: string;
  cpu?: string;
  memory?: string;
  nodeName?: string;
  priority?: number;
  labels?: Record<string, string>;
  /** Besides one container. */
  spec?: Partial<PodSpec>;
  status?: Pod['status'];
}

export function pod(name: string, o: PodOptions = {}): Pod {
  const requests = { ...(o.cpu && { cpu: o.cpu }), ...(o.memory && { memory: o.memory }) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: o.namespace ?? 'default',
      uid: `uid-${name}`,
      ...(o.labels && { labels: o.labels }),
    },
    spec: {
      containers: [{ name: 'main', image: 'nginx', ...(Object.keys(requests).length && { resources: { requests } }) }],
      ...(o.nodeName && { nodeName: o.nodeName }),
      ...(o.priority !== undefined && { priority: o.priority }),
      ...o.spec,
    },
    ...(o.status && { status: o.status }),
  } as Pod;
}

export interface ClaimOptions {
  namespace?: string;
  className?: string;
  size?: string;
  /** Bound to this volume. */
  volume?: string;
  modes?: string[];
  annotations?: Record<string, string>;
  spec?: object;
  status?: object;
  metadata?: object;
}

export function claim(name: string, o: ClaimOptions = {}): PersistentVolumeClaim {
  const annotations = { ...(o.volume && { 'pv.kubernetes.io/bind-completed': 'yes' }), ...o.annotations };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: o.namespace ?? 'default', uid: `uid-${name}`, annotations, ...o.metadata },
    spec: {
      accessModes: o.modes ?? ['ReadWriteOnce'],
      resources: { requests: { storage: o.size ?? '1Gi' } },
      ...(o.className !== undefined && { storageClassName: o.className }),
      ...(o.volume && { volumeName: o.volume }),
      ...o.spec,
    },
    ...(o.status && { status: o.status }),
  } as PersistentVolumeClaim;
}

export interface VolumeOptions {
  className?: string;
  size?: string;
  /** The only node that it can be reached from. */
  node?: string;
  labels?: Record<string, string>;
  spec?: object;
  phase?: string;
  metadata?: object;
}

export function volume(name: string, o: VolumeOptions = {}): PersistentVolume {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [o.node] }];
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, ...(o.labels && { labels: o.labels }), ...o.metadata },
    spec: {
      capacity: { storage: o.size ?? '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/volumes/${name}` },
      ...(o.className !== undefined && { storageClassName: o.className }),
      ...(o.node && { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } }),
      ...o.spec,
    },
    status: { phase: o.phase ?? 'Available' },
  } as unknown as PersistentVolume;
}

export const storageClass = (name: string, o: object = {}): StorageClass =>
  ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
    ...o,
  }) as StorageClass;
