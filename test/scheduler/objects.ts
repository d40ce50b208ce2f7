// Nodes and pods for the scheduler's tests, with only what a test says about them.
import type { Node, Pod, PodSpec, Taint } from '../../apimachinery/types.ts';

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
