// What happened while a pod was being scheduled: had it been among the waiting, it would have been woken.
// Mirrors: the in-flight pods and events of pkg/scheduler/backend/queue/active_queue.go. Used by: queue.ts.
import type { Cause } from '../apimachinery/cause.ts';
import type { ClusterEvent } from './clusterEvents.ts';

export interface Happening {
  event: ClusterEvent;
  old: unknown;
  now: unknown;
  causes: readonly Cause[];
  /** The uid of a pod that it does not help. */
  except?: string;
}

export interface InFlight {
  start(uid: string): void;
  has(uid: string): boolean;
  note(happening: Happening): void;
  /** What happened since `start`; the pod is no longer in flight. */
  end(uid: string): Happening[];
  /** The same when nobody needs to know. */
  drop(uid: string): void;
}

export function createInFlight(): InFlight {
  /** Where in the list of happenings each pod began. Pods are in the order of their start, so the first began first. */
  const starts = new Map<string, number>();
  let happenings: Happening[] = [];
  let forgotten = 0;

  function trim(): void {
    const first = starts.values().next();
    const keepFrom = first.done ? forgotten + happenings.length : first.value;
    // Not for each: taking from the front moves all that is behind.
    if (!first.done && keepFrom - forgotten < 1000) return;
    happenings = happenings.slice(keepFrom - forgotten);
    forgotten = keepFrom;
  }

  return {
    start: (uid) => void starts.set(uid, forgotten + happenings.length),
    has: (uid) => starts.has(uid),
    note(happening) {
      if (starts.size) happenings.push(happening);
    },
    end(uid) {
      const start = starts.get(uid);
      if (start === undefined) return [];
      starts.delete(uid);
      const since = happenings.slice(start - forgotten);
      trim();
      return since;
    },
    drop(uid) {
      if (starts.delete(uid)) trim();
    },
  };
}
