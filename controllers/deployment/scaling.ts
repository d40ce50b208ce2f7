// What a change of a Deployment's size does to its ReplicaSets: in the middle of a rollout each gets its share. Pure.
// Mirrors: scale and isScalingEvent in pkg/controller/deployment/sync.go, GetReplicaSetProportion in util.
// Used by: rollout.ts.
import type { Deployment, ReplicaSet } from '../../apimachinery/types.ts';
import { isRolling, maxSurge } from './limits.ts';
import { desiredAnnotation, maxAnnotation } from './names.ts';
import { isWanted, largestNewestFirst, largestOldestFirst, newestFirst, replicasOf, sumWanted } from './replicaSets.ts';
import { sizeAnnotation } from './revisions.ts';
import type { Sizes } from './rolling.ts';

/** Was the size changed since the ReplicaSets were last sized? */
export const isScaling = (d: Deployment, all: readonly ReplicaSet[]): boolean =>
  all.filter(isWanted).some((rs) => {
    const desired = sizeAnnotation(rs, desiredAnnotation);
    return desired !== undefined && desired !== replicasOf(d);
  });

/** Sizes after scaling. ReplicaSets that keep theirs are in it too: their annotations are brought up to date. */
export function planScale(d: Deployment, newRs: ReplicaSet | undefined, old: readonly ReplicaSet[]): Sizes {
  const single = activeOrLatest(newRs, old);
  // Also when it has that size by chance, half-way through a rollout: with its old annotation the rollout would never go on, as upstream's.
  if (single) return [{ rs: single, to: replicasOf(d) }];
  if (newRs && isSaturated(d, newRs)) return old.filter(isWanted).map((rs) => ({ rs, to: 0 }));
  const active = [...old, ...(newRs ? [newRs] : [])].filter(isWanted);
  // One that was rolling until a moment ago is to be recreated now: what is there only takes note of the new size.
  return isRolling(d) ? proportional(d, active) : active.map((rs) => ({ rs, to: replicasOf(rs) }));
}

/** The only one with pods, or the latest when none has; undefined in the middle of a rollout. */
function activeOrLatest(newRs: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const active = [...old, ...(newRs ? [newRs] : [])].filter(isWanted);
  if (active.length > 1) return undefined;
  return active[0] ?? newRs ?? newestFirst(old)[0];
}

const isSaturated = (d: Deployment, rs: ReplicaSet): boolean =>
  replicasOf(rs) === replicasOf(d) &&
  sizeAnnotation(rs, desiredAnnotation) === replicasOf(d) &&
  (rs.status?.availableReplicas ?? 0) === replicasOf(d);

function proportional(d: Deployment, active: readonly ReplicaSet[]): Sizes {
  const allowed = replicasOf(d) > 0 ? replicasOf(d) + maxSurge(d) : 0;
  const toAdd = allowed - sumWanted(active);
  const order = toAdd > 0 ? largestNewestFirst(active) : toAdd < 0 ? largestOldestFirst(active) : active;
  let added = 0;
  const sizes = order.map((rs) => {
    const share = toAdd === 0 ? 0 : shareOf(rs, d, toAdd, added);
    added += share;
    return { rs, to: replicasOf(rs) + share };
  });
  // What rounding left over goes to the largest.
  if (sizes[0] && toAdd !== 0) sizes[0].to = Math.max(sizes[0].to + toAdd - added, 0);
  return sizes;
}

/** This one's part of `toAdd` (which may be below 0), of which `added` are given out. */
function shareOf(rs: ReplicaSet, d: Deployment, toAdd: number, added: number): number {
  if (replicasOf(rs) === 0 || toAdd === added) return 0;
  const fraction = fractionOf(rs, d);
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added);
}

function fractionOf(rs: ReplicaSet, d: Deployment): number {
  if (replicasOf(d) === 0) return -replicasOf(rs);
  const before = sizeAnnotation(rs, maxAnnotation) || (d.status?.replicas ?? 0);
  if (!before) return 0;
  const size = (replicasOf(rs) * (replicasOf(d) + maxSurge(d))) / before;
  return Math.trunc(size < 0 ? size - 0.5 : size + 0.5) - replicasOf(rs);
}
