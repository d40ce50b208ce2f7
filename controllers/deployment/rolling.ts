// The next sizes of a rolling update: the new ReplicaSet grows while the whole stays below its ceiling, old ones shrink
// while enough stays available. Pure. Mirrors: pkg/controller/deployment/rolling.go and NewRSNewReplicas.
// Used by: rollout.ts, which asks again after each change is seen.
import type { Deployment, ReplicaSet } from '../../apimachinery/types.ts';
import { isRolling, maxSurge, maxUnavailable } from './limits.ts';
import { isWanted, oldestFirst, replicasOf, sumWanted } from './replicaSets.ts';

/** ReplicaSets to resize, in order. */
export type Sizes = { rs: ReplicaSet; to: number }[];

/** How large the new one may be now; `all` are all that the Deployment has, the new one included. */
export function newReplicas(d: Deployment, all: readonly ReplicaSet[], current: number): number {
  if (!isRolling(d)) return replicasOf(d);
  const room = replicasOf(d) + maxSurge(d) - sumWanted(all);
  return room <= 0 ? current : current + Math.min(room, replicasOf(d) - current);
}

/** The new one's next size; nothing when it has it. */
export function planNew(d: Deployment, all: readonly ReplicaSet[], newRs: ReplicaSet): Sizes {
  const now = replicasOf(newRs);
  const to = now > replicasOf(d) ? replicasOf(d) : newReplicas(d, all, now);
  return to === now ? [] : [{ rs: newRs, to }];
}

/** The old ones' next sizes: first those that cannot become available anyway, then as many as availability allows. */
export function planOld(d: Deployment, newRs: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const active = oldestFirst(old.filter(isWanted));
  if (!active.length) return [];
  const minAvailable = replicasOf(d) - maxUnavailable(d);
  const newUnavailable = replicasOf(newRs) - (newRs.status?.availableReplicas ?? 0);
  let budget = sumWanted(active) + replicasOf(newRs) - minAvailable - newUnavailable;
  if (budget <= 0) return [];
  const sizes = new Map(active.map((rs) => [rs, replicasOf(rs)]));
  for (const rs of active) {
    const unhealthy = Math.max(replicasOf(rs) - (rs.status?.availableReplicas ?? 0), 0);
    const drop = Math.min(budget, unhealthy);
    sizes.set(rs, replicasOf(rs) - drop);
    budget -= drop;
    if (budget <= 0) break;
  }
  let spare = [...active, newRs].reduce((sum, rs) => sum + lasting(rs), 0) - minAvailable;
  for (const rs of active) {
    if (spare <= 0) break;
    const drop = Math.min(sizes.get(rs)!, spare);
    sizes.set(rs, sizes.get(rs)! - drop);
    spare -= drop;
  }
  return [...sizes].filter(([rs, to]) => to !== replicasOf(rs)).map(([rs, to]) => ({ rs, to }));
}

/**
 * Its available pods less those that are to go but may still be counted in its status. Upstream goes by the status alone, and so takes
 * more away than maxUnavailable when a ReplicaSet has not told yet of its last shrinking.
 */
const lasting = (rs: ReplicaSet): number => Math.min(rs.status?.availableReplicas ?? 0, replicasOf(rs));
