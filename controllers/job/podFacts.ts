// What the Job controller asks of a pod and of a Job's spec: which index, failed or not, finished when, tracked or not.
// Pure. Mirrors: isPodFailed in pkg/controller/job/job_controller.go, tracking_utils.go, getFinishedTime in backoff_utils.go.
// Used by: all files beside it. Next along the chain: failurePolicy.ts.
import type { Job, Pod } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';

/** While a pod has it, it has not been counted: so that a pod which is deleted first is not lost to the count. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
export const failuresAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailuresAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

export const isIndexed = (job: Job): boolean => job.spec?.completionMode === 'Indexed';
export const isPerIndex = (job: Job): boolean => isIndexed(job) && job.spec?.backoffLimitPerIndex !== undefined;
export const isSuspended = (job: Job): boolean => job.spec?.suspend === true;
export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(trackingFinalizer) ?? false;
export const uidOf = (pod: Pod): string => pod.metadata.uid!;

/** A pod on its way out is replaced once it has ended, not before. */
export const waitsForEnd = (job: Job): boolean =>
  job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;

/** The index of a pod if it is one of the Job's; undefined otherwise. */
export function indexOf(pod: Pod, job: Job): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation];
  if (text === undefined || !/^\+?\d+$/.test(text)) return undefined;
  const index = Number(text);
  return index < (job.spec?.completions ?? 0) ? index : undefined;
}

/** One that is being deleted counts as failed, as it may never reach a phase; unless the Job waits for its end. */
export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return !waitsForEnd(job) && pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
}

/** When it ended: by its containers; or when it ceased to be ready; or when it was deleted; or when it was made. */
export function finishedAt(pod: Pod): number {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => c.name),
  );
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []).filter((s) => sidecars.has(s.name)),
  ];
  const ends = statuses.map((s) => timeOf(s.state?.terminated?.finishedAt as string | undefined));
  if (ends.length && !ends.some(Number.isNaN)) return Math.max(...ends);
  const ready = pod.status?.conditions?.find((c) => c.type === 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime) return timeOf(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp) return timeOf(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return timeOf(creationTimestamp);
}

const countIn = (pod: Pod, annotation: string): number => {
  const text = pod.metadata.annotations?.[annotation] ?? '';
  return /^\d+$/.test(text) ? Number(text) : 0;
};
/** How often its index had failed before it was made. */
export const failuresBefore = (pod: Pod): number => countIn(pod, failuresAnnotation);
export const ignoredFailuresBefore = (pod: Pod): number => countIn(pod, ignoredFailuresAnnotation);
