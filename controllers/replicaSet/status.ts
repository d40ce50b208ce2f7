// What a ReplicaSet says of its pods, and of the last failure to make or delete them.
// Pure. Mirrors: pkg/controller/replicaset/replica_set_utils.go. Used by: replicaSet.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { selectorFromLabels } from '../../apimachinery/labelSelector.ts';
import type { Pod, ReplicaSet, ReplicaSetStatus } from '../../apimachinery/types.ts';
import { isActive, isAvailable, isReady, isTerminating } from '../common/pods.ts';

export interface ManageFailure {
  reason: 'FailedCreate' | 'FailedDelete';
  message: string;
}

/** The new status; undefined when the one that is there is right. `owned` are all pods of this ReplicaSet. */
export function planStatus(
  rs: ReplicaSet,
  owned: readonly Pod[],
  failure: ManageFailure | undefined,
  now: number,
  countsTerminating = true,
): ReplicaSetStatus | undefined {
  const active = owned.filter(isActive);
  const template = selectorFromLabels(rs.spec?.template?.metadata?.labels ?? {});
  const minReady = rs.spec?.minReadySeconds ?? 0;
  const next: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: orAbsent(active.filter((p) => template.matches(p.metadata.labels)).length),
    readyReplicas: orAbsent(active.filter(isReady).length),
    availableReplicas: orAbsent(active.filter((p) => isAvailable(p, minReady, now)).length),
    ...(countsTerminating ? { terminatingReplicas: owned.filter(isTerminating).length } : {}),
    observedGeneration: rs.metadata.generation,
    conditions: conditions(rs.status?.conditions, failure, now),
  };
  return deepEqual(counted(next), counted(rs.status)) ? undefined : next;
}

/** A count of 0 is left out, as Go clients write it; `replicas` alone is always there. */
const orAbsent = (count: number): number | undefined => count || undefined;

/** Counts that are 0 and empty lists are absent on the wire; they mean the same. */
const counted = (s: Partial<ReplicaSetStatus> | undefined) => ({
  replicas: s?.replicas ?? 0,
  fullyLabeledReplicas: s?.fullyLabeledReplicas ?? 0,
  readyReplicas: s?.readyReplicas ?? 0,
  availableReplicas: s?.availableReplicas ?? 0,
  // 0 is said, absent is "not known": so these differ.
  terminatingReplicas: s?.terminatingReplicas,
  observedGeneration: s?.observedGeneration ?? 0,
  conditions: s?.conditions ?? [],
});

function conditions(
  current: ReplicaSetStatus['conditions'],
  failure: ManageFailure | undefined,
  now: number,
): ReplicaSetStatus['conditions'] {
  const failed = current?.find((c) => c.type === 'ReplicaFailure');
  if (failure && failed) return current;
  const others = (current ?? []).filter((c) => c.type !== 'ReplicaFailure');
  if (!failure) return others.length ? others : undefined;
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: toTime(now), ...failure }];
}
