// How long no new pod is made after failures: 10 s, 20 s, 40 s … up to 10 min since the last one.
// Pure; the record lives in memory, as upstream's: a controller that starts afresh owes no wait. Mirrors: pkg/controller/job/backoff_utils.go.
// Used by: observe.ts (the Job's), replicas.ts (an index's).
import type { Pod } from '../../apimachinery/types.ts';
import { failuresBefore, finishedAt, ignoredFailuresBefore } from './podFacts.ts';

const first = 10_000;
const most = 600_000;

export interface BackoffRecord {
  /** Failures since the last success. */
  failures: number;
  lastFailure?: number;
}

/** The record with what has ended since. */
export function nextBackoff(
  before: BackoffRecord = { failures: 0 },
  succeeded: readonly Pod[],
  failed: readonly Pod[],
): BackoffRecord {
  if (!succeeded.length && !failed.length) return before;
  const ends = failed.map(finishedAt);
  const lastSuccess = Math.max(...succeeded.map(finishedAt));
  const since = succeeded.length ? ends.filter((at) => at > lastSuccess) : ends;
  const failures = (succeeded.length ? 0 : before.failures) + since.length;
  return since.length ? { failures, lastFailure: Math.max(...since) } : { failures: 0 };
}

/** Milliseconds still to wait; 0 when there is nothing to wait for. */
export function remaining({ failures, lastFailure }: BackoffRecord, now: number): number {
  if (!failures || lastFailure === undefined) return 0;
  const wait = Math.min(first * 2 ** (failures - 1), most);
  return Math.max(0, lastFailure + wait - now);
}

/** The same for one index, whose last failed pod says how often it had failed before. */
export const remainingFor = (lastFailed: Pod | undefined, now: number): number =>
  lastFailed
    ? remaining(
        {
          failures: failuresBefore(lastFailed) + ignoredFailuresBefore(lastFailed) + 1,
          lastFailure: finishedAt(lastFailed),
        },
        now,
      )
    : 0;
