// Questions about a pod that several components ask.
// Reads: pods, never changes them. Mirrors: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go.
// Used by: controllers, scheduler, kubelet.
import { findCondition, isConditionTrue } from './conditions.ts';
import type { Container, Pod, PodCondition } from './types.ts';

export const getPodCondition = (pod: Pod, type: string): PodCondition | undefined =>
  findCondition(pod.status?.conditions, type);

export const isPodReady = (pod: Pod): boolean => isConditionTrue(pod.status?.conditions, 'Ready');

/** Ready for at least `minReadySeconds`; `now` in milliseconds. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const ready = getPodCondition(pod, 'Ready');
  if (ready?.status !== 'True') return false;
  if (minReadySeconds === 0) return true;
  return ready.lastTransitionTime !== undefined && Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 <= now;
}

/** Succeeded or Failed: its containers have ended and will not start again. */
export const isPodTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

export const isPodTerminating = (pod: Pod): boolean =>
  !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;

/** Counts towards a controller's replicas: neither ended nor being deleted. */
export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

export const podPriority = (pod: Pod): number => pod.spec?.priority ?? 0;

/** A sidecar: an init container that keeps running beside the others. */
export const isRestartableInit = (container: Container): boolean => container.restartPolicy === 'Always';

/** Comes from a kubelet's files; the API server holds only its mirror. */
export const isMirrorPod = (pod: Pod): boolean =>
  pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
