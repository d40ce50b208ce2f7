// What the Job controller remembers in memory: what it has asked for and the cache does not show yet, and the back-off.
// All of it may be lost with the process: the cache then starts from what is. Mirrors: tracking_utils.go (uidTrackingExpectations).
// Used by: job.ts, managePods.ts, release.ts.
import type { Job, Pod } from '../../apimachinery/types.ts';
import type { Expectations } from '../../client/expectations.ts';
import { keyOf } from '../../client/informerCache.ts';
import type { Freshness } from '../common/freshness.ts';
import type { BackoffRecord } from './backoff.ts';
import { isTracked } from './podFacts.ts';

export interface JobState {
  expected: Expectations;
  fresh: Freshness;
  backoffs: Map<string, BackoffRecord>;
  /** Uids of pods whose finalizer was taken off though the cache may still show it. */
  released(key: string): ReadonlySet<string>;
  releasing(key: string, uid: string): void;
  notReleased(key: string, uid: string): void;
  /** The cache shows this pod, or that it is gone; `job` is the one that controls it. */
  saw(pod: any, job: Job | undefined): void;
  gone(pod: any, job: Job | undefined): void;
  forget(key: string): void;
}

export function createState(expected: Expectations, fresh: Freshness): JobState {
  const releases = new Map<string, Set<string>>();
  const backoffs = new Map<string, BackoffRecord>();
  const unrelease = (key: string, uid: string) => {
    const uids = releases.get(key);
    if (uids?.delete(uid) && !uids.size) releases.delete(key);
  };
  const state: JobState = {
    expected,
    fresh,
    backoffs,
    released: (key) => new Set(releases.get(key)),
    releasing: (key, uid) => void releases.set(key, (releases.get(key) ?? new Set()).add(uid)),
    notReleased: unrelease,
    saw(pod: Pod, job) {
      if (!job) return;
      const key = keyOf(job);
      if (!isTracked(pod)) unrelease(key, pod.metadata.uid!);
      if (pod.metadata.deletionTimestamp) expected.deletionObserved(key, keyOf(pod));
    },
    gone(pod: Pod, job) {
      if (!job) return;
      unrelease(keyOf(job), pod.metadata.uid!);
      expected.deletionObserved(keyOf(job), keyOf(pod));
    },
    forget(key) {
      expected.forget(key);
      releases.delete(key);
      backoffs.delete(key);
    },
  };
  return state;
}
