// What controllers ask of a pod: is it active, ready, available, terminating?
// Pure. Mirrors: pkg/api/v1/pod/util.go and pkg/controller/controller_utils.go.
import type { Pod } from '../../apimachinery/types.ts';

/** Milliseconds of a metav1.Time; NaN when absent. */
export const timeOf = (text: string | undefined): number => (text ? Date.parse(text) : Number.NaN);

export const isTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
/** Counts towards what its controller wants. */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !pod.metadata.deletionTimestamp;
export const isTerminating = (pod: Pod): boolean => !isTerminal(pod) && Boolean(pod.metadata.deletionTimestamp);

const readyCondition = (pod: Pod) => pod.status?.conditions?.find((c) => c.type === 'Ready');
export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === 'True';

/** When it became ready; NaN when it is not or does not say. */
export const readySince = (pod: Pod): number =>
  isReady(pod) ? timeOf(readyCondition(pod)?.lastTransitionTime) : Number.NaN;

/** Ready for at least `minReadySeconds`. */
export const isAvailable = (pod: Pod, minReadySeconds: number, now: number): boolean =>
  isReady(pod) && (minReadySeconds === 0 || readySince(pod) + minReadySeconds * 1000 <= now);

/** Milliseconds until the next of these becomes available by waiting alone; undefined when none will. */
export function nextAvailable(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  if (!minReadySeconds) return undefined;
  const waits = pods.map((p) => readySince(p) + minReadySeconds * 1000 - now).filter((ms) => ms > 0);
  return waits.length ? Math.min(...waits) : undefined;
}
