// The unschedulable pods, found by the plugins that refused them: an event looks only at those that it could concern.
// Used by: queue.ts. Mirrors: unschedulablePods in pkg/scheduler/backend/queue, which has no such index.
import type { ClusterEvent } from './clusterEvents.ts';
import type { Profile } from './profile.ts';
import type { QueuedPod } from './queue.ts';

export interface Waiting {
  readonly size: number;
  get(uid: string): QueuedPod | undefined;
  /** Under its `refusedBy` of now, which must not change while it is here. */
  add(pod: QueuedPod): void;
  delete(uid: string): void;
  values(): Iterable<QueuedPod>;
  /** Those that were refused by a plugin with a hint for this event, and those that nobody in particular refused. */
  concernedBy(event: ClusterEvent): QueuedPod[];
}

type Bucket = Map<string, QueuedPod>;
const nobody = '';

export function createWaiting(): Waiting {
  const all = new Map<string, QueuedPod>();
  const buckets = new Map<Profile, Map<string, Bucket>>();

  function bucketsOf(pod: QueuedPod): Bucket[] {
    const ofProfile = buckets.get(pod.profile) ?? new Map<string, Bucket>();
    buckets.set(pod.profile, ofProfile);
    return (pod.refusedBy.size ? [...pod.refusedBy] : [nobody]).map((plugin) => {
      const bucket = ofProfile.get(plugin) ?? new Map<string, QueuedPod>();
      ofProfile.set(plugin, bucket);
      return bucket;
    });
  }

  return {
    get size() {
      return all.size;
    },
    get: (uid) => all.get(uid),
    add(pod) {
      all.set(pod.info.uid, pod);
      for (const bucket of bucketsOf(pod)) bucket.set(pod.info.uid, pod);
    },
    delete(uid) {
      const pod = all.get(uid);
      if (!pod) return;
      all.delete(uid);
      for (const bucket of bucketsOf(pod)) bucket.delete(uid);
    },
    values: () => all.values(),
    concernedBy(event) {
      const found = new Set<QueuedPod>();
      for (const [profile, ofProfile] of buckets)
        for (const plugin of [nobody, ...profile.hintsFor(event).map((h) => h.plugin)])
          for (const pod of ofProfile.get(plugin)?.values() ?? []) found.add(pod);
      return [...found];
    },
  };
}
