// A pod with all that scheduling asks of it, worked out once: numbers, ports, affinity terms.
// Reads: a Pod. Mirrors: PodInfo in pkg/scheduler/framework/types.go.
// Used by: queue.ts, nodeInfo.ts, plugins. Next: nodeInfo.ts, which adds them up.
import { isRestartableInit, podPriority } from '../apimachinery/podUtil.ts';
import { podRequests } from '../apimachinery/resourceHelpers.ts';
import type { Pod } from '../apimachinery/types.ts';
import { type AffinityTerm, podAffinityTerms, type WeightedTerm } from './affinityTerms.ts';
import { type Resources, resourcesOf } from './resources.ts';

export interface HostPort {
  /** `0.0.0.0` stands for all addresses. */
  ip: string;
  protocol: string;
  port: number;
}

export interface PodInfo {
  pod: Pod;
  uid: string;
  /** `namespace/name` */
  key: string;
  namespace: string;
  priority: number;
  requests: Resources;
  /** The same with a little for containers that ask for no CPU or memory, so that scores see them. */
  nonZero: { milliCPU: number; memory: number };
  hostPorts: readonly HostPort[];
  requiredAffinity: readonly AffinityTerm[];
  requiredAntiAffinity: readonly AffinityTerm[];
  preferredAffinity: readonly WeightedTerm[];
  preferredAntiAffinity: readonly WeightedTerm[];
}

/** Upstream's: a tenth of a CPU and 200 MiB. */
const leastAssumed = { cpu: '100m', memory: '209715200' };
const none: readonly never[] = [];

export function podInfoOf(pod: Pod): PodInfo {
  const requests = resourcesOf(podRequests(pod, { useStatus: true }));
  const assumed = asksForAll(pod)
    ? requests
    : resourcesOf(podRequests(pod, { useStatus: true, nonMissing: leastAssumed }));
  const namespace = pod.metadata.namespace ?? '';
  return {
    pod,
    uid: pod.metadata.uid ?? '',
    key: `${namespace}/${pod.metadata.name}`,
    namespace,
    priority: podPriority(pod),
    requests,
    nonZero: { milliCPU: assumed.milliCPU, memory: assumed.memory },
    hostPorts: hostPortsOf(pod),
    ...podAffinityTerms(pod),
  };
}

const asksForAll = (pod: Pod) =>
  [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].every(
    (c) => c.resources?.requests?.cpu !== undefined && c.resources.requests.memory !== undefined,
  );

/** Of containers and of sidecars, which run beside them. */
function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const sidecars = (spec?.initContainers ?? none).filter(isRestartableInit);
  const containers = sidecars.length ? [...(spec?.containers ?? none), ...sidecars] : (spec?.containers ?? none);
  const ports = containers.flatMap((c) => c.ports ?? []).filter((p) => p.hostPort);
  if (!ports.length) return none;
  return ports.map((p) => ({ ip: p.hostIP || '0.0.0.0', protocol: p.protocol || 'TCP', port: p.hostPort! }));
}
