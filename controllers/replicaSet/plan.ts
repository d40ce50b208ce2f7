// How many pods a ReplicaSet lacks, or which of them are too many. And what a new one looks like.
// Pure. Mirrors: manageReplicas in pkg/controller/replicaset/replica_set.go and GetPodFromTemplate.
// Used by: replicaSet.ts. Next: ranking.ts.
import { replicaSets } from '../../apimachinery/resources.ts';
import type { NewObject, Pod, ReplicaSet } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
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

export function podFromTemplate(rs: ReplicaSet): NewObject<Pod & { metadata: any }> {
  const template = rs.spec?.template;
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    metadata: {
      generateName: `${rs.metadata.name}-`,
      namespace: rs.metadata.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerRef(rs, replicaSets)],
    },
    spec: template?.spec,
  };
}
