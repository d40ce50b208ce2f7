// Which old ReplicaSets are forgotten: the lowest revisions beyond the limit, and only those that are done. Pure.
// Mirrors: cleanupDeployment in pkg/controller/deployment/sync.go. Used by: rollout.ts.
import type { Deployment, ReplicaSet } from '../../apimachinery/types.ts';
import { replicasOf } from './replicaSets.ts';
import { revisionOf } from './revisions.ts';

export function planCleanup(d: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = d.spec?.revisionHistoryLimit;
  if (limit === undefined || limit === null || limit === 2 ** 31 - 1) return [];
  const living = old.filter((rs) => !rs.metadata.deletionTimestamp);
  const surplus = living.length - limit;
  if (surplus <= 0) return [];
  const byRevision = living.sort((a, b) => {
    const [ra, rb] = [revisionOf(a), revisionOf(b)];
    if (ra !== rb) return ra < rb ? -1 : 1;
    return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1;
  });
  return byRevision.slice(0, surplus).filter(isDone);
}

const isDone = (rs: ReplicaSet): boolean =>
  (rs.status?.replicas ?? 0) === 0 &&
  replicasOf(rs) === 0 &&
  (rs.metadata.generation ?? 0) <= (rs.status?.observedGeneration ?? 0);
