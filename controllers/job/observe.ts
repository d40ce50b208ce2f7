// What a Job and its pods come to at one moment: who is active, who has ended and is not counted yet, which indexes are done.
// Pure. Mirrors: syncJobCtx and its makers in pkg/controller/job/job_controller.go. Used by: job.ts. Next: outcome.ts.
import type { Job, Pod } from '../../apimachinery/types.ts';
import { isActive, isReady, isTerminating } from '../common/pods.ts';
import { type BackoffRecord, nextBackoff } from './backoff.ts';
import { judgeFailure } from './failurePolicy.ts';
import { countOf, hasIndex, type Indexes, parseIndexes, withIndexes } from './indexes.ts';
import {
  failuresBefore,
  finishedAt,
  ignoredFailuresBefore,
  indexOf,
  isFailed,
  isIndexed,
  isPerIndex,
  isTracked,
  uidOf,
} from './podFacts.ts';

export interface View {
  job: Job;
  /** In the order of their indexes. */
  pods: readonly Pod[];
  active: readonly Pod[];
  ready: number;
  terminating: number;
  /** All that succeeded and failed, those not written down yet included; what a failure policy ignores is not in `failed`. */
  succeeded: number;
  failed: number;
  /** Those that status.completedIndexes knew, and those with the pods that ended since. */
  completedBefore: Indexes;
  completed: Indexes;
  /** Of a Job with a back-off limit per index alone. */
  failedIndexes?: Indexes;
  /** The last failed pod of an index that is to be tried again: kept until its successor carries its count. */
  retained: ReadonlyMap<number, Pod>;
  backoff: BackoffRecord;
  /** Pods whose finalizer was taken off though the cache still shows it. */
  released: ReadonlySet<string>;
}

/** What the controller remembers of a Job between looks. */
export interface Memory {
  backoff?: BackoffRecord;
  released: ReadonlySet<string>;
}

export function observe(job: Job, pods: readonly Pod[], memory: Memory): View {
  const active = pods.filter(isActive);
  const uncounted = new Set([
    ...(job.status?.uncountedTerminatedPods?.succeeded ?? []),
    ...(job.status?.uncountedTerminatedPods?.failed ?? []),
  ]);
  const countable = (p: Pod) => isOpen(p, memory.released) && (!isIndexed(job) || indexOf(p, job) !== undefined);
  const fresh = pods.filter((p) => countable(p) && !uncounted.has(uidOf(p)));
  const succeeded = fresh.filter((p) => p.status?.phase === 'Succeeded');
  const failed = fresh.filter((p) => isFailed(p, job));
  const before = job.status ?? {};
  const completedBefore = isIndexed(job) ? parseIndexes(before.completedIndexes, job.spec?.completions ?? 0) : [];
  const completed = isIndexed(job) ? withIndexes(completedBefore, endedIndexes(job, pods, memory.released)) : [];
  const failedIndexes = isPerIndex(job) ? withFailedIndexes(job, pods) : undefined;
  return {
    job,
    pods: isIndexed(job) ? [...pods].sort((a, b) => (indexOf(a, job) ?? -1) - (indexOf(b, job) ?? -1)) : pods,
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter(isTerminating).length,
    succeeded: isIndexed(job)
      ? countOf(completed)
      : (before.succeeded ?? 0) + succeeded.length + (before.uncountedTerminatedPods?.succeeded?.length ?? 0),
    failed:
      (before.failed ?? 0) +
      failed.filter((p) => judgeFailure(job, p).counts).length +
      (before.uncountedTerminatedPods?.failed?.length ?? 0),
    completedBefore,
    completed,
    failedIndexes,
    retained: failedIndexes ? retainedPods(job, pods.filter(countable), active, completed, failedIndexes) : new Map(),
    backoff: nextBackoff(memory.backoff, succeeded, failed),
    released: memory.released,
  };
}

/** Neither counted nor let go of. */
export const isOpen = (pod: Pod, released: ReadonlySet<string>): boolean => isTracked(pod) && !released.has(uidOf(pod));

/** A pod that was written down as failed while it was going stays so, even if it succeeded after all. */
function endedIndexes(job: Job, pods: readonly Pod[], released: ReadonlySet<string>): number[] {
  const failed = new Set(job.status?.uncountedTerminatedPods?.failed);
  const ended = pods.filter((p) => p.status?.phase === 'Succeeded' && isOpen(p, released) && !failed.has(uidOf(p)));
  return ended.map((p) => indexOf(p, job)).filter((i) => i !== undefined);
}

function withFailedIndexes(job: Job, pods: readonly Pod[]): Indexes {
  const limit = job.spec?.backoffLimitPerIndex ?? 0;
  const exhausted = pods.filter((pod) => {
    if (!isFailed(pod, job)) return false;
    const { counts, action } = judgeFailure(job, pod);
    return action === 'FailIndex' || (counts && failuresBefore(pod) >= limit);
  });
  const failed = exhausted.map((p) => indexOf(p, job)).filter((i) => i !== undefined);
  return withIndexes(parseIndexes(job.status?.failedIndexes, job.spec?.completions ?? 0), failed);
}

/** The latest failed pod of each index that neither runs nor is done. */
function retainedPods(
  job: Job,
  pods: readonly Pod[],
  active: readonly Pod[],
  completed: Indexes,
  failed: Indexes,
): Map<number, Pod> {
  const running = new Set(active.map((p) => indexOf(p, job)));
  const retained = new Map<number, Pod>();
  for (const pod of pods) {
    const index = indexOf(pod, job);
    if (index === undefined || !isFailed(pod, job) || running.has(index)) continue;
    if (hasIndex(completed, index) || hasIndex(failed, index)) continue;
    const last = retained.get(index);
    if (!last || (attempts(last) <= attempts(pod) && finishedAt(last) <= finishedAt(pod))) retained.set(index, pod);
  }
  return retained;
}

const attempts = (pod: Pod) => failuresBefore(pod) + ignoredFailuresBefore(pod);
