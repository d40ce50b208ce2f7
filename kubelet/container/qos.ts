// How dear a pod is to the node: its QoS class, and the score by which the kernel picks whom to kill when memory ends.
// Reads: the pod's requests and limits. Pure.
// Mirrors: pkg/apis/core/v1/helper/qos/qos.go and pkg/kubelet/qos/policy.go. Next: containerResources.ts.
import { quantityValue } from '../../apimachinery/quantity.ts';
import type { Container, Pod } from '../../apimachinery/types.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';
const counted = ['cpu', 'memory'] as const;

/** What the API server has written, else computed: static pods come without a status. */
export function qosClass(pod: Pod): QosClass {
  const known = pod.status?.qosClass as QosClass | undefined;
  if (known) return known;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const set = (c: Container, list: 'requests' | 'limits') =>
    counted.some((r) => quantityValue(c.resources?.[list]?.[r] as string | undefined) > 0);
  if (!containers.some((c) => set(c, 'requests') || set(c, 'limits'))) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

const isGuaranteed = (c: Container): boolean =>
  counted.every((r) => {
    const limit = c.resources?.limits?.[r];
    const request = c.resources?.requests?.[r] ?? limit;
    return limit !== undefined && quantityValue(limit) > 0 && request === limit;
  });

/** `system-node-critical` and above. */
export const isNodeCritical = (pod: Pod): boolean => (pod.spec?.priority ?? 0) >= 2_000_001_000;

/** -997 is spared to the last, 1000 goes first; in between by the share of the node's memory that was asked for. */
export function oomScoreAdj(pod: Pod, container: Container, memoryCapacity: number): number {
  if (isNodeCritical(pod)) return -997;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const request = quantityValue(container.resources?.requests?.memory as string | undefined);
  const score = 1000 - Math.floor((1000 * request) / Math.max(memoryCapacity, 1));
  return Math.min(Math.max(score, 3), 999);
}
