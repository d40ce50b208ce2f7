// How much of a resource pods ask for: what a percentage of utilization is a percentage of. Pure.
// Mirrors: calculateRequests in pkg/controller/podautoscaler/replica_calculator.go. Used by: replicas.ts.
import { isRestartableInit } from '../../apimachinery/podUtil.ts';
import { milliInt64, parseQuantity } from '../../apimachinery/quantity.ts';
import { podRequests } from '../../apimachinery/resourceHelpers.ts';
import type { Pod } from '../../apimachinery/types.ts';

/** Thousandths by pod name; with `container` those of that one alone. Throws when a pod or container does not say. */
export function requestsOf(pods: readonly Pod[], container: string, resource: string): Map<string, bigint> {
  const ofPod = (pod: Pod) =>
    !container && hasPodLevelRequests(pod) ? atPodLevel(pod, resource) : ofContainers(pod, container, resource);
  return new Map(pods.map((pod) => [pod.metadata.name, ofPod(pod)]));
}

const supported = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
const hasPodLevelRequests = (pod: Pod): boolean => Object.keys(pod.spec?.resources?.requests ?? {}).some(supported);

function atPodLevel(pod: Pod, resource: string): bigint {
  const request = podRequests(pod).get(resource);
  if (!request) throw new Error(`missing pod-level request for ${resource} in Pod ${pod.metadata.name}`);
  return milliInt64(request);
}

function ofContainers(pod: Pod, container: string, resource: string): bigint {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isRestartableInit)];
  const counted = container ? all.filter((c) => c.name === container) : all;
  if (container && !counted.length) throw new Error(`container ${container} not found in Pod ${pod.metadata.name}`);
  let total = 0n;
  for (const { name, resources } of counted) {
    const request = resources?.requests?.[resource];
    if (request === undefined)
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`);
    total += milliInt64(parseQuantity(request));
  }
  return total;
}
