// How many pods a ReplicaSet lacks, or which of them are too many.
// Pure. Mirrors: manageReplicas in pkg/controller/replicaset/replica_set.go.
// Used by: replicaSet.ts. Next: ranking.ts.
import type { Pod, ReplicaSet } from '../../apimachinery/types.ts';
import { chooseVictims } from './ranking.ts';

/** At most so many creations or deletions in one go. */
export const burst = 500;

export interface ReplicaPlan {
  create: number;
  remove: Pod[];
}

/** `active` are the pods that count; `related` gives those of sibling ReplicaSets too, and is asked only when needed. */
export function planReplicas(
  rs: ReplicaSet,
  active: readonly Pod[],
  related: () => readonly Pod[],
  now: number,
): ReplicaPlan {
  const missing = (rs.spec?.replicas ?? 1) - active.length;
  if (missing >= 0) return { create: Math.min(missing, burst), remove: [] };
  return { create: 0, remove: chooseVictims(active, related(), Math.min(-missing, burst), now) };
}
