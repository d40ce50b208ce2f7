// Conditions of a Node as taints: NoSchedule at once, NoExecute (which evicts) only when allowed. Pure.
// Mirrors: nodeConditionToTaintKeyStatusMap, doNoScheduleTaintingPass and processTaintBaseEviction in
// pkg/controller/nodelifecycle/node_lifecycle_controller.go. Used by: nodeLifecycle.ts.
import { toTime } from '../../apimachinery/clock.ts';
import type { Node, Taint } from '../../apimachinery/types.ts';
import { readyOf } from './health.ts';

export const notReady = 'node.kubernetes.io/not-ready';
export const unreachable = 'node.kubernetes.io/unreachable';

/** Condition type and status, and the taint they mean. */
const keys: [type: string, status: string, key: string][] = [
  ['Ready', 'False', notReady],
  ['Ready', 'Unknown', unreachable],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
];
const unschedulable = 'node.kubernetes.io/unschedulable';
const ours = new Set([...keys.map(([, , key]) => key), unschedulable]);

function wantedNoSchedule(node: Node): string[] {
  const conditions = node.status?.conditions ?? [];
  const wanted = keys
    .filter(([type, status]) => conditions.some((c) => c.type === type && c.status === status))
    .map(([, , key]) => key);
  return node.spec?.unschedulable ? [...wanted, unschedulable] : wanted;
}

/** The NoExecute taint that the Ready condition asks for. */
export function wantedNoExecute(node: Node): string | undefined {
  const status = readyOf(node)?.status;
  return status === 'False' ? notReady : status === 'Unknown' ? unreachable : undefined;
}

const isEviction = (t: Taint) => t.effect === 'NoExecute' && (t.key === notReady || t.key === unreachable);
export const isTaintedForEviction = (node: Node): boolean => Boolean(node.spec?.taints?.some(isEviction));

/**
 * The Node's taints; undefined when they stay. `evict`: one more Node may be tainted with NoExecute now; a Node that has
 * the wrong one of the two swaps it in any case. `calm`: nothing is evicted anywhere, so what is there is taken off.
 */
export function planTaints(node: Node, o: { evict: boolean; calm: boolean }, now: number): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const noSchedule = wantedNoSchedule(node);
  const noExecute = o.calm || !(o.evict || isTaintedForEviction(node)) ? undefined : wantedNoExecute(node);
  const kept = current.filter((t) => {
    if (isEviction(t)) return t.key === noExecute;
    return !(t.effect === 'NoSchedule' && ours.has(t.key)) || noSchedule.includes(t.key);
  });
  const has = (key: string, effect: string) => kept.some((t) => t.key === key && t.effect === effect);
  const added: Taint[] = noSchedule
    .filter((key) => !has(key, 'NoSchedule'))
    .map((key) => ({ key, effect: 'NoSchedule', timeAdded: toTime(now) }));
  if (noExecute && !has(noExecute, 'NoExecute'))
    added.push({ key: noExecute, effect: 'NoExecute', timeAdded: toTime(now) });
  return added.length || kept.length !== current.length ? [...kept, ...added] : undefined;
}
