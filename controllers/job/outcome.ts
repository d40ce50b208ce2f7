// Has a Job come to its end, and to which? The first rule that applies says so as a condition, SuccessCriteriaMet or
// FailureTarget, which stands until the last pod is gone and Complete or Failed follows.
// Pure. Mirrors: syncJob in pkg/controller/job/job_controller.go. Used by: job.ts. Next: replicas.ts.
import { findCondition } from '../../apimachinery/conditions.ts';
import type { Job, Pod } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';
import { judgeFailure } from './failurePolicy.ts';
import { countOf } from './indexes.ts';
import type { View } from './observe.ts';
import { isFailed, isIndexed, isSuspended } from './podFacts.ts';
import { metPolicy } from './successPolicy.ts';

export interface Outcome {
  type: 'SuccessCriteriaMet' | 'FailureTarget';
  reason: string;
  message: string;
}

type Rule = (view: View, now: number) => Outcome | undefined;

const failure = (reason: string, message: string): Outcome => ({ type: 'FailureTarget', reason, message });

const standing =
  (type: Outcome['type']): Rule =>
  ({ job }) => {
    const found = findCondition(job.status?.conditions, type);
    return found?.status === 'True' ? { type, reason: found.reason ?? '', message: found.message ?? '' } : undefined;
  };

const rules: Rule[] = [
  standing('SuccessCriteriaMet'),
  standing('FailureTarget'),
  ({ job, pods }) => {
    if (!job.spec?.podFailurePolicy) return undefined;
    for (const pod of pods) {
      const message = isFailed(pod, job) ? judgeFailure(job, pod).message : undefined;
      if (message !== undefined) return failure('PodFailurePolicy', message);
    }
    return undefined;
  },
  ({ job, pods, failed }) =>
    failed > (job.spec?.backoffLimit ?? 6) || restartsExceed(job, pods)
      ? failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
      : undefined,
  ({ job }, now) =>
    untilDeadline(job, now) <= 0
      ? failure('DeadlineExceeded', 'Job was active longer than specified deadline')
      : undefined,
  ({ job, failedIndexes }) =>
    failedIndexes && job.spec?.maxFailedIndexes !== undefined && countOf(failedIndexes) > job.spec.maxFailedIndexes
      ? failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
      : undefined,
  ({ job, failedIndexes, completed }) =>
    failedIndexes?.length && countOf(failedIndexes) + countOf(completed) >= (job.spec?.completions ?? 0)
      ? failure('FailedIndexes', 'Job has failed indexes')
      : undefined,
  ({ job, completed }) => {
    const message = isIndexed(job) ? metPolicy(job, completed) : undefined;
    return message === undefined ? undefined : { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message };
  },
];

export function outcomeOf(view: View, now: number): Outcome | undefined {
  for (const rule of rules) {
    const outcome = rule(view, now);
    if (outcome) return outcome;
  }
  return undefined;
}

/** All that were asked for have succeeded and none runs; of a Job without a number, one has. */
export const completion = ({ job, succeeded }: View, active: number): Outcome | undefined => {
  const completions = job.spec?.completions;
  const enough = completions === undefined ? succeeded > 0 : succeeded >= completions;
  if (!enough || active > 0) return undefined;
  const message = 'Reached expected number of succeeded pods';
  return { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message };
};

/** Milliseconds until the active deadline; Infinity without one, or while the Job is suspended or has not begun. */
export function untilDeadline(job: Job, now: number): number {
  const seconds = job.spec?.activeDeadlineSeconds;
  const start = timeOf(job.status?.startTime as string | undefined);
  if (seconds === undefined || isSuspended(job) || Number.isNaN(start)) return Number.POSITIVE_INFINITY;
  return start + seconds * 1000 - now;
}

/** Pods that restart in place fail without a failed pod: their restarts count. */
function restartsExceed(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const living = pods.filter((p) => p.status?.phase === 'Running' || p.status?.phase === 'Pending');
  const statuses = living.flatMap((p) => [
    ...(p.status?.initContainerStatuses ?? []),
    ...(p.status?.containerStatuses ?? []),
  ]);
  const restarts = statuses.reduce((sum, s) => sum + (s.restartCount ?? 0), 0);
  const limit = job.spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}
