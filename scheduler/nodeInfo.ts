// A node with what its pods take of it, kept up to date pod by pod. Never changed: each step gives a new one, so that a
// snapshot stays what it was while the cache moves on.
// Reads: Nodes and PodInfos. Mirrors: NodeInfo in pkg/scheduler/framework/types.go. Next: cache.ts, which holds them.
import type { Node } from '../apimachinery/types.ts';
import type { HostPort, PodInfo } from './podInfo.ts';
import { addResources, noResources, type Resources, resourcesOfList } from './resources.ts';

export interface NodeInfo {
  name: string;
  /** Where it stands in the snapshot, which sets it; -1 before that. */
  position: number;
  /** Absent while only its pods are known. */
  node: Node | undefined;
  pods: readonly PodInfo[];
  /** Those with any (anti-)affinity to pods, and those with a required anti-affinity. */
  podsWithAffinity: readonly PodInfo[];
  podsWithAntiAffinity: readonly PodInfo[];
  allocatable: Resources;
  requested: Resources;
  nonZeroCPU: number;
  nonZeroMemory: number;
  hostPorts: readonly HostPort[];
  /** Bytes of each image that is there, by each of its names. */
  images: ReadonlyMap<string, number>;
  /** `region:zone`, for taking turns between zones. */
  zone: string;
}

const none: readonly never[] = [];
const noImages: ReadonlyMap<string, number> = new Map();

export const emptyNodeInfo = (name: string): NodeInfo => ({
  name,
  position: -1,
  node: undefined,
  pods: none,
  podsWithAffinity: none,
  podsWithAntiAffinity: none,
  allocatable: noResources,
  requested: noResources,
  nonZeroCPU: 0,
  nonZeroMemory: 0,
  hostPorts: none,
  images: noImages,
  zone: '',
});

/** The same pods on a new state of the node. */
export const withNode = (info: NodeInfo, node: Node): NodeInfo => ({
  ...info,
  node,
  allocatable: resourcesOfList(node.status?.allocatable),
  images: imagesOf(node),
  zone: zoneOf(node),
});

function imagesOf(node: Node): ReadonlyMap<string, number> {
  const images = new Map<string, number>();
  for (const image of node.status?.images ?? none)
    for (const name of image.names ?? none) images.set(name, image.sizeBytes ?? 0);
  return images.size ? images : noImages;
}

function zoneOf({ metadata: { labels = {} } }: Node): string {
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
  return region || zone ? `${region}:${zone}` : '';
}

const hasAffinity = (p: PodInfo) =>
  p.requiredAffinity.length + p.requiredAntiAffinity.length + p.preferredAffinity.length > 0 ||
  p.preferredAntiAffinity.length > 0;

export function withPod(info: NodeInfo, pod: PodInfo): NodeInfo {
  return counted(info, pod, 1, {
    pods: [...info.pods, pod],
    podsWithAffinity: hasAffinity(pod) ? [...info.podsWithAffinity, pod] : info.podsWithAffinity,
    podsWithAntiAffinity: pod.requiredAntiAffinity.length
      ? [...info.podsWithAntiAffinity, pod]
      : info.podsWithAntiAffinity,
    hostPorts: pod.hostPorts.length ? [...info.hostPorts, ...pod.hostPorts] : info.hostPorts,
  });
}

/** The very same info when the pod is not on it. */
export function withoutPod(info: NodeInfo, uid: string): NodeInfo {
  const pod = info.pods.find((p) => p.uid === uid);
  if (!pod) return info;
  const without = (list: readonly PodInfo[]) => list.filter((p) => p !== pod);
  const pods = without(info.pods);
  return counted(info, pod, -1, {
    pods,
    podsWithAffinity: hasAffinity(pod) ? without(info.podsWithAffinity) : info.podsWithAffinity,
    podsWithAntiAffinity: pod.requiredAntiAffinity.length
      ? without(info.podsWithAntiAffinity)
      : info.podsWithAntiAffinity,
    hostPorts: pod.hostPorts.length ? pods.flatMap((p) => p.hostPorts) : info.hostPorts,
  });
}

const counted = (info: NodeInfo, pod: PodInfo, sign: 1 | -1, lists: Partial<NodeInfo>): NodeInfo => ({
  ...info,
  ...lists,
  requested: addResources(info.requested, pod.requests, sign),
  nonZeroCPU: info.nonZeroCPU + sign * pod.nonZero.milliCPU,
  nonZeroMemory: info.nonZeroMemory + sign * pod.nonZero.memory,
});
