// Which pods of an old template go now: from the highest number down to the partition, and no more at a time than may be away.
// Pure. Mirrors: updateStatefulSetAfterInvariantEstablished in pkg/controller/statefulset/stateful_set_control.go. Used by: plan.ts.
import { type IntOrString, scaledIntOrPercent } from '../../apimachinery/intOrString.ts';
import type { Pod, StatefulSet } from '../../apimachinery/types.ts';
import { isParallel, replicasOf, revisionOf } from './names.ts';

/** Percentages are rounded down, to 1 at least. Without the gate MaxUnavailableStatefulSet it is 1. */
function maxUnavailable(set: StatefulSet, gate: boolean): number {
  const value = set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable as IntOrString | undefined;
  return gate ? Math.max(scaledIntOrPercent(value ?? 1, replicasOf(set), false), 1) : 1;
}

/** `replicas` by number; `isFit`: available, and not on its way out. */
export function planRolling(
  set: StatefulSet,
  replicas: readonly Pod[],
  revision: string,
  isFit: (pod: Pod) => boolean,
  gate: boolean,
): Pod[] {
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const outdated = replicas
    .slice(partition)
    .reverse()
    .filter((pod) => revisionOf(pod) !== revision && !pod.metadata.deletionTimestamp);
  const room = Math.max(maxUnavailable(set, gate) - replicas.filter((pod) => !isFit(pod)).length, 0);
  if (!isParallel(set)) return outdated.slice(0, room);
  // In parallel nothing waits for an unfit pod to mend: it would block the update that mends it. Losing it costs nothing.
  const unfit = outdated.filter((pod) => !isFit(pod));
  return [...unfit, ...outdated.filter(isFit).slice(0, room)];
}
