// What a Deployment says of its rollout: counts, Available, Progressing, and the failures of its ReplicaSets. Pure.
// Mirrors: calculateStatus in sync.go, syncRolloutStatus in progress.go and DeploymentComplete, -Progressing, -TimedOut.
// Used by: rollout.ts. `kubectl rollout status` waits on what is written here.
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';
import { condition, findCondition, hasDeadline, withCondition, withoutCondition } from './conditions.ts';
import { maxUnavailable } from './limits.ts';
import { reasons } from './names.ts';
import { replicasOf, sumStatus, sumWanted } from './replicaSets.ts';

/** Counts, and Available. */
export function planCounts(
  d: Deployment,
  all: readonly ReplicaSet[],
  newRs: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const available = sumStatus(all, 'availableReplicas');
  const enough = available >= replicasOf(d) - maxUnavailable(d);
  const availability = enough
    ? condition('Available', 'True', reasons.available, 'Deployment has minimum availability.', now)
    : condition('Available', 'False', reasons.unavailable, 'Deployment does not have minimum availability.', now);
  const told = all.every((rs) => rs.status?.terminatingReplicas !== undefined);
  return {
    observedGeneration: d.metadata.generation,
    replicas: orAbsent(sumStatus(all, 'replicas')),
    updatedReplicas: orAbsent(newRs?.status?.replicas ?? 0),
    readyReplicas: orAbsent(sumStatus(all, 'readyReplicas')),
    availableReplicas: orAbsent(available),
    unavailableReplicas: orAbsent(Math.max(sumWanted(all) - available, 0)),
    ...(told ? { terminatingReplicas: sumStatus(all, 'terminatingReplicas') } : {}),
    ...(d.status?.collisionCount === undefined ? {} : { collisionCount: d.status.collisionCount }),
    conditions: withCondition(d.status?.conditions, availability),
  };
}

/** A count of 0 is left out, as Go clients write it. */
const orAbsent = (count: number): number | undefined => count || undefined;

/** The same with Progressing and ReplicaFailure, in the course of a rollout. */
export function planRolloutStatus(
  d: Deployment,
  all: readonly ReplicaSet[],
  newRs: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const status = planCounts(d, all, newRs, now);
  let conditions = hasDeadline(d) ? status.conditions : withoutCondition(status.conditions, 'Progressing');
  const current = findCondition(d.status?.conditions, 'Progressing');
  const wasComplete = status.replicas === status.updatedReplicas && current?.reason === reasons.newReplicaSetAvailable;
  if (hasDeadline(d) && !wasComplete) {
    const next = progress(d, { ...status, conditions }, newRs, now);
    // Moving on counts as news even with the same reason: the deadline starts again.
    if (next?.reason === reasons.replicaSetUpdated) {
      const lastTransitionTime = current?.status === 'True' ? current.lastTransitionTime : next.lastTransitionTime;
      conditions = [...withoutCondition(conditions, 'Progressing'), { ...next, lastTransitionTime }];
    } else if (next) conditions = withCondition(conditions, next);
  }
  const failure = replicaFailure(all, newRs);
  conditions = failure ? withCondition(conditions, failure) : withoutCondition(conditions, 'ReplicaFailure');
  return { ...status, conditions };
}

/** What Progressing has to say now; undefined when nothing new. */
function progress(
  d: Deployment,
  status: DeploymentStatus,
  newRs: ReplicaSet | undefined,
  now: number,
): DeploymentCondition | undefined {
  const who = newRs ? `ReplicaSet "${newRs.metadata.name}"` : `Deployment "${d.metadata.name}"`;
  if (isComplete(d, status))
    return condition('Progressing', 'True', reasons.newReplicaSetAvailable, `${who} has successfully progressed.`, now);
  if (isProgressing(d, status))
    return condition('Progressing', 'True', reasons.replicaSetUpdated, `${who} is progressing.`, now);
  if (isTimedOut(d, status, now))
    return condition('Progressing', 'False', reasons.deadlineExceeded, `${who} has timed out progressing.`, now);
  return undefined;
}

export const isComplete = (d: Deployment, status: DeploymentStatus | undefined): boolean =>
  (status?.updatedReplicas ?? 0) === replicasOf(d) &&
  (status?.replicas ?? 0) === replicasOf(d) &&
  (status?.availableReplicas ?? 0) === replicasOf(d) &&
  (status?.observedGeneration ?? 0) >= (d.metadata.generation ?? 0);

function isProgressing(d: Deployment, next: DeploymentStatus): boolean {
  const n = (v: number | undefined) => v ?? 0;
  const before = d.status ?? {};
  const oldPods = (s: DeploymentStatus) => n(s.replicas) - n(s.updatedReplicas);
  return (
    n(next.updatedReplicas) > n(before.updatedReplicas) ||
    oldPods(next) < oldPods(before) ||
    n(next.readyReplicas) > n(before.readyReplicas) ||
    n(next.availableReplicas) > n(before.availableReplicas)
  );
}

function isTimedOut(d: Deployment, status: DeploymentStatus, now: number): boolean {
  const current = findCondition(status.conditions, 'Progressing');
  if (!current || current.reason === reasons.newReplicaSetAvailable) return false;
  if (current.reason === reasons.deadlineExceeded) return true;
  return timeOf(current.lastUpdateTime) + d.spec!.progressDeadlineSeconds! * 1000 < now;
}

/** Milliseconds until a rollout that makes no more progress is to be looked at again; undefined when it need not be. */
export function untilDeadline(d: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const current = findCondition(status.conditions, 'Progressing');
  if (!hasDeadline(d) || !current || isComplete(d, status) || current.reason === reasons.deadlineExceeded)
    return undefined;
  const left = timeOf(current.lastUpdateTime) + d.spec!.progressDeadlineSeconds! * 1000 - now;
  return Math.max(left, 0) + 1000;
}

/** The first failure that a ReplicaSet reports, the new one's before all. */
function replicaFailure(all: readonly ReplicaSet[], newRs: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const rs of newRs ? [newRs, ...all] : all) {
    const failed = rs.status?.conditions?.find((c) => c.type === 'ReplicaFailure');
    if (failed) return { ...failed, lastUpdateTime: failed.lastTransitionTime };
  }
  return undefined;
}
