// How many pods of each node match something, kept along with the snapshot: a cycle looks again only at nodes that changed.
// Reads: the snapshot. Used by: podTopologySpread.ts, for which upstream scans every pod in every cycle. See domainSums.ts.
import type { PodInfo } from './podInfo.ts';
import type { Snapshot } from './snapshot.ts';

/** The counts, one a position of `snapshot.nodes`. Do not keep: the next call changes them. */
export type PodCounter = () => Int32Array;

function createPodCounter(snapshot: Snapshot, matches: (pod: PodInfo) => boolean): PodCounter {
  let counts = new Int32Array(0);
  let epoch = -1;
  let seen = 0;
  const countAt = (position: number) => {
    let n = 0;
    for (const pod of snapshot.nodes[position]!.pods) if (matches(pod)) n++;
    counts[position] = n;
  };
  return () => {
    const changes = epoch === snapshot.epoch ? snapshot.changesSince(seen) : undefined;
    if (changes) for (const position of changes) countAt(position);
    else {
      counts = new Int32Array(snapshot.nodes.length);
      for (let i = 0; i < counts.length; i++) countAt(i);
    }
    epoch = snapshot.epoch;
    seen = snapshot.changeCount;
    return counts;
  };
}

export interface PodCounters {
  /** The counts of pods for `key`; `matches` must be the same for the same key. */
  count(key: string, matches: (pod: PodInfo) => boolean): Int32Array;
  /** When what `matches` reads besides the pod has changed. */
  clear(): void;
}

/** The counters used last, so that the pods of one workload share theirs. */
export function createPodCounters(snapshot: Snapshot, most = 256): PodCounters {
  const counters = new Map<string, PodCounter>();
  return {
    count(key, matches) {
      const counter = counters.get(key) ?? createPodCounter(snapshot, matches);
      counters.delete(key);
      counters.set(key, counter);
      if (counters.size > most) counters.delete(counters.keys().next().value!);
      return counter();
    },
    clear: () => counters.clear(),
  };
}
