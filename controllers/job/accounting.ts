// Counting each pod exactly once, whatever is lost in between. Three steps, each written down before the next is done:
// the pods that ended go by uid into status.uncountedTerminatedPods; their finalizers go; the uids become numbers.
// Pure. Mirrors: trackJobStatusAndRemoveFinalizers in pkg/controller/job/job_controller.go. Used by: job.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { findCondition } from '../../apimachinery/conditions.ts';
import type { Job, Pod } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';
import { judgeFailure } from './failurePolicy.ts';
import { countOf, formatIndexes, hasIndex, withIndexes } from './indexes.ts';
import { isOpen, type View } from './observe.ts';
import type { Outcome } from './outcome.ts';
import { indexOf, isFailed, isIndexed, uidOf } from './podFacts.ts';

export type JobStatus = NonNullable<Job['status']>;

/** At most so many uids at a time: they weigh 20 kB, and one big Job does not hold up the small ones. */
const mostUncounted = 500;

export interface Accounts {
  /** To be written before any finalizer goes. */
  status: JobStatus;
  release: Pod[];
  /** There is more to count than fits: look again. */
  capped: boolean;
}

/** `status` has the counts of this moment already; this adds what has ended, and the outcome if there is one. */
export function account(view: View, status: JobStatus, outcome: Outcome | undefined, now: number): Accounts {
  const next = settle(status, openUids(view));
  const counted = count(view, next, outcome);
  const conditions = outcome ? withOutcome(next, outcome, now) : next.conditions;
  const indexes = isIndexed(view.job) ? indexCounts(view, counted.indexes) : {};
  const { succeeded, failed, release, capped } = counted;
  return {
    status: { ...next, ...indexes, uncountedTerminatedPods: lists(succeeded, failed), conditions },
    release,
    capped,
  };
}

export const openUids = ({ pods, released }: View): Set<string> =>
  new Set(pods.filter((p) => isOpen(p, released)).map(uidOf));

/** The uids of pods without the finalizer become numbers. */
export function settle(status: JobStatus, open: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const left = (uids: string[]) => uids.filter((uid) => open.has(uid));
  const [s, f] = [left(succeeded), left(failed)];
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - s.length || undefined,
    failed: (status.failed ?? 0) + failed.length - f.length || undefined,
    uncountedTerminatedPods: lists(s, f),
  };
}

/** Empty lists are left out, as Go clients write them. */
const lists = (succeeded: string[], failed: string[]) => ({
  ...(succeeded.length ? { succeeded } : {}),
  ...(failed.length ? { failed } : {}),
});

function count(view: View, status: JobStatus, outcome: Outcome | undefined) {
  const { job } = view;
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])];
  const indexes = new Set<number>();
  const release: Pod[] = [];
  for (const pod of view.pods) {
    if (!isOpen(pod, view.released) || !mayRelease(view, pod, outcome)) continue;
    release.push(pod);
    const index = indexOf(pod, job);
    const known = succeeded.includes(uidOf(pod)) || failed.includes(uidOf(pod));
    if (!known && (!isIndexed(job) || index !== undefined)) {
      const verdict = verdictOn(view, pod, outcome);
      // A completed index is counted by its number, which is there once however often it is written.
      if (verdict === 'succeeded' && index !== undefined) indexes.add(index);
      else if (verdict === 'succeeded') succeeded.push(uidOf(pod));
      else if (verdict === 'failed') failed.push(uidOf(pod));
    }
    if (succeeded.length + failed.length + indexes.size >= mostUncounted)
      return { succeeded, failed, indexes, release, capped: true };
  }
  return { succeeded, failed, indexes, release, capped: false };
}

function mayRelease({ job, retained }: View, pod: Pod, outcome: Outcome | undefined): boolean {
  if (job.metadata.deletionTimestamp || outcome || pod.status?.phase === 'Succeeded') return true;
  return isFailed(pod, job) && retained.get(indexOf(pod, job) ?? -1)?.metadata.uid !== uidOf(pod);
}

/** At a failed end every pod that did not succeed has failed; those that run beyond a met success policy have not. */
function verdictOn(view: View, pod: Pod, outcome: Outcome | undefined): 'succeeded' | 'failed' | undefined {
  if (pod.status?.phase === 'Succeeded') return isNewSuccess(view, pod) ? 'succeeded' : undefined;
  if (!isFailed(pod, view.job) && outcome?.type !== 'FailureTarget') return undefined;
  return judgeFailure(view.job, pod).counts ? 'failed' : undefined;
}

function isNewSuccess({ job, completedBefore }: View, pod: Pod): boolean {
  const index = indexOf(pod, job);
  return !isIndexed(job) || (index !== undefined && !hasIndex(completedBefore, index));
}

function indexCounts({ completedBefore, failedIndexes }: View, more: ReadonlySet<number>): Partial<JobStatus> {
  const completed = withIndexes(completedBefore, more);
  return {
    succeeded: countOf(completed) || undefined,
    completedIndexes: formatIndexes(completed) || undefined,
    failedIndexes: failedIndexes && formatIndexes(failedIndexes),
  };
}

const condition = (type: string, reason: string, message: string, now: number, status = 'True') => ({
  type,
  status,
  lastProbeTime: toTime(now),
  lastTransitionTime: toTime(now),
  reason,
  message,
});

function withOutcome(status: JobStatus, { type, reason, message }: Outcome, now: number): any {
  if (findCondition(status.conditions, type)) return status.conditions;
  return [...(status.conditions ?? []), condition(type, reason, message, now)];
}

/** The end: Complete or Failed, once no pod is uncounted or left; undefined before. */
export function finish(status: JobStatus, outcome: Outcome, now: number): JobStatus | undefined {
  const { succeeded, failed } = status.uncountedTerminatedPods ?? {};
  if (succeeded?.length || failed?.length || status.active || status.terminating) return undefined;
  const complete = outcome.type === 'SuccessCriteriaMet';
  // Another clock may have said when it began: an end before that would be refused for ever.
  const at = Math.max(now, timeOf(status.startTime as string | undefined) || 0);
  const end = condition(complete ? 'Complete' : 'Failed', outcome.reason, outcome.message, at);
  return {
    ...status,
    conditions: [...(status.conditions ?? []).filter((c) => c.type !== end.type), end] as never,
    ...(complete ? { completionTime: end.lastTransitionTime as never } : {}),
  };
}

/** The condition Suspended follows the spec; a Job that was never suspended has none. Unchanged: undefined. */
export function suspension(
  job: Job,
  status: JobStatus,
  now: number,
): { status: JobStatus; reason: string } | undefined {
  const old = findCondition(status.conditions, 'Suspended');
  const suspended = job.spec?.suspend === true;
  if (suspended ? old?.status === 'True' : old?.status !== 'True') return undefined;
  const next = suspended
    ? condition('Suspended', 'JobSuspended', 'Job suspended', now)
    : condition('Suspended', 'JobResumed', 'Job resumed', now, 'False');
  const conditions = old ? status.conditions!.map((c) => (c === old ? next : c)) : [...(status.conditions ?? []), next];
  // The active deadline runs from the resumption on.
  const start = suspended ? {} : { startTime: toTime(now) as never };
  return {
    status: { ...status, conditions: conditions as never, ...start },
    reason: suspended ? 'Suspended' : 'Resumed',
  };
}
