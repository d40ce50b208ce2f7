// Which pods would have to leave a node, and on which node that hurts least. Pure.
// Mirrors: SelectVictimsOnNode in defaultpreemption/default_preemption.go, pickOneNodeForPreemption in framework/preemption.
// Used by: defaultPreemption.ts.
import { imagine } from '../filters.ts';
import { type NodeFilter, type Status, unresolvable } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';

export interface Candidate {
  node: string;
  /** The most important first; never empty. */
  victims: readonly PodInfo[];
}

const noVictims = unresolvable('DefaultPreemption', 'No preemption victims found for incoming pod');

const startOf = ({ pod }: PodInfo, now: number): number =>
  pod.status?.startTime ? Date.parse(pod.status.startTime) : now;

/** Higher priority first, then the longer running. */
const byImportance = (now: number) => (a: PodInfo, b: PodInfo) =>
  b.priority - a.priority || startOf(a, now) - startOf(b, now);

/** As few of the pods of lower priority as will do; a Status when not even all of them would. `now` in milliseconds. */
export function selectVictims(
  pod: PodInfo,
  node: NodeInfo,
  filters: readonly NodeFilter[],
  now: number,
): readonly PodInfo[] | Status {
  const lower = node.pods.filter((p) => p.priority < pod.priority);
  if (!lower.length) return noVictims;
  const world = imagine(filters, node);
  for (const p of lower) world.remove(p);
  const refusal = world.refusal();
  if (refusal) return refusal;
  const victims = lower.sort(byImportance(now)).filter((p) => {
    world.add(p);
    const mustGo = world.refusal() !== undefined;
    if (mustGo) world.remove(p);
    return mustGo;
  });
  return victims.length ? victims : noVictims;
}

/** Lower is better, one after the other. Sums count each victim, so that fewer are better among equals of priority. */
const measures: ((victims: readonly PodInfo[]) => number)[] = [
  (victims) => victims[0]!.priority,
  (victims) => victims.reduce((sum, v) => sum + v.priority + 2 ** 31, 0),
  (victims) => victims.length,
  (victims) => -Math.min(...victims.filter((v) => v.priority === victims[0]!.priority).map((v) => startOf(v, 8.64e15))),
];

export function bestCandidate(candidates: readonly Candidate[]): Candidate {
  let left = candidates;
  for (const measure of measures) {
    if (left.length === 1) break;
    const values = left.map((c) => measure(c.victims));
    const least = Math.min(...values);
    left = left.filter((_, i) => values[i] === least);
  }
  return left[0]!;
}
