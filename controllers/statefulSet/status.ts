// What a StatefulSet says of its pods and of the two templates that they may be of.
// Pure. Mirrors: updateStatus, completeRollingUpdate and inconsistentStatus in pkg/controller/statefulset. Used by: statefulSet.ts.
import type { Pod, StatefulSet } from '../../apimachinery/types.ts';
import { isAvailable, isReady } from '../common/pods.ts';
import { replicasOf, revisionOf } from './names.ts';
import { isCreated } from './plan.ts';
import type { Versions } from './pod.ts';

type Status = NonNullable<StatefulSet['status']>;

/** `outdated`: so many pods of the current template were just deleted. undefined: the status is right as it is. */
export function planStatus(
  set: StatefulSet,
  versions: Versions,
  pods: readonly Pod[],
  collisionCount: number,
  outdated: number,
  now: number,
): Status | undefined {
  const there = pods.filter(isCreated);
  const staying = there.filter((pod) => !pod.metadata.deletionTimestamp);
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod));
  const n = {
    replicas: there.length,
    ready: ready.length,
    available: ready.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, now)).length,
    current: staying.filter((pod) => revisionOf(pod) === versions.current.revision).length - outdated,
    updated: staying.filter((pod) => revisionOf(pod) === versions.update.revision).length,
  };
  const isComplete =
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    [n.updated, n.ready, n.replicas].every((count) => count === replicasOf(set));
  const next: Status = {
    observedGeneration: set.metadata.generation,
    replicas: n.replicas,
    // Left out when 0, as Go clients write them.
    readyReplicas: n.ready || undefined,
    currentReplicas: (isComplete ? n.updated : n.current) || undefined,
    updatedReplicas: n.updated || undefined,
    currentRevision: isComplete ? versions.update.revision : versions.current.revision,
    updateRevision: versions.update.revision,
    collisionCount,
    availableReplicas: n.available,
  };
  return isSame(next, set.status) ? undefined : next;
}

const compared = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;

const isSame = (next: Status, old: Partial<Status> | undefined): boolean =>
  (next.observedGeneration ?? 0) <= (old?.observedGeneration ?? 0) &&
  compared.every((field) => (next[field] ?? 0) === (old?.[field] ?? 0)) &&
  next.currentRevision === old?.currentRevision &&
  next.updateRevision === old?.updateRevision;
