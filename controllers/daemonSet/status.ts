// What a DaemonSet says of its pods and nodes.
// Pure. Mirrors: updateDaemonSetStatus in pkg/controller/daemon/daemon_controller.go. Used by: daemonSet.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import type { DaemonSet, Node } from '../../apimachinery/types.ts';
import { isAvailable, isReady } from '../common/pods.ts';
import { oldestFirst, type PodsByNode } from './daemonPods.ts';
import { fitOf } from './nodes.ts';
import { isUpdated } from './template.ts';

type Status = NonNullable<DaemonSet['status']>;

/** `settled`: the cache shows all that was done, so the counts answer this generation. undefined: the status is right as it is. */
export function planStatus(
  ds: DaemonSet,
  nodes: readonly Node[],
  byNode: PodsByNode,
  hash: string,
  settled: boolean,
  now: number,
): Status | undefined {
  const n = { desired: 0, current: 0, misplaced: 0, ready: 0, available: 0, updated: 0 };
  const fits = fitOf(ds);
  for (const node of nodes) {
    const there = byNode.get(node.metadata.name) ?? [];
    if (!fits(node).run) {
      n.misplaced += there.length ? 1 : 0;
      continue;
    }
    n.desired++;
    const pod = oldestFirst(there)[0];
    if (!pod) continue;
    n.current++;
    if (isReady(pod)) n.ready++;
    if (isAvailable(pod, ds.spec?.minReadySeconds ?? 0, now)) n.available++;
    if (isUpdated(pod, ds, hash)) n.updated++;
  }
  const next: Status = {
    ...ds.status,
    observedGeneration: settled ? ds.metadata.generation : ds.status?.observedGeneration,
    desiredNumberScheduled: n.desired,
    currentNumberScheduled: n.current,
    numberMisscheduled: n.misplaced,
    numberReady: n.ready,
    // These three are left out when 0, as Go clients write them.
    updatedNumberScheduled: n.updated || undefined,
    numberAvailable: n.available || undefined,
    numberUnavailable: n.desired - n.available || undefined,
  };
  return deepEqual(counted(next), counted(ds.status)) ? undefined : next;
}

const counted = (s: Partial<Status> | undefined) =>
  (
    [
      'observedGeneration',
      'desiredNumberScheduled',
      'currentNumberScheduled',
      'numberMisscheduled',
      'numberReady',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
    ] as const
  ).map((field) => s?.[field] ?? 0);
