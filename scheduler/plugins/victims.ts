// Which pods would have to leave a node, and on which node that hurts least. Pure.
// Mirrors: SelectVictimsOnNode in defaultpreemption/default_preemption.go, pickOneNodeForPreemption in framework/preemption.
// Used by: defaultPreemption.ts.
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import type { PodDisruptionBudget } from '../../apimachinery/types.ts';
import { imagine } from '../filters.ts';
import { type NodeFilter, type Status, unresolvable } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';

export interface Victims {
  /** The most important first; never empty. */
  pods: readonly PodInfo[];
  /** How many of them a PodDisruptionBudget does not let go. */
  violations: number;
}

export interface Candidate extends Victims {
  node: string;
}

const noVictims = unresolvable('DefaultPreemption', 'No preemption victims found for incoming pod');

const startOf = ({ pod }: PodInfo, now: number): number =>
  pod.status?.startTime ? Date.parse(pod.status.startTime) : now;

/** Higher priority first, then the longer running. */
const byImportance = (now: number) => (a: PodInfo, b: PodInfo) =>
  b.priority - a.priority || startOf(a, now) - startOf(b, now);

export interface Question {
  pod: PodInfo;
  filters: readonly NodeFilter[];
  budgets: readonly PodDisruptionBudget[];
  /** Pods that wait for this node: it must fit whether they come or not. */
  waiting: readonly PodInfo[];
  /** Milliseconds. */
  now: number;
}

/** As few of the pods of lower priority as will do, those within budgets first; a Status when not even all of them would. */
export function selectVictims({ pod, filters, budgets, waiting, now }: Question, node: NodeInfo): Victims | Status {
  const lower = node.pods.filter((p) => p.priority < pod.priority);
  if (!lower.length) return noVictims;
  const worlds = [imagine(filters, node)];
  const ahead = waiting.filter((p) => p.uid !== pod.uid && p.priority >= pod.priority);
  if (ahead.length) worlds.push(imagine(filters, node));
  for (const p of ahead) worlds[1]!.add(p);
  const remove = (p: PodInfo) => worlds.forEach((w) => void w.remove(p));
  const refusal = () => worlds.map((w) => w.refusal()).find((r) => r !== undefined);
  for (const p of lower) remove(p);
  const refused = refusal();
  if (refused) return refused;
  const mustGo = (p: PodInfo) => {
    for (const w of worlds) w.add(p);
    const stays = refusal() === undefined;
    if (!stays) remove(p);
    return !stays;
  };
  const byRank = byImportance(now);
  const { violating, others } = byBudget(lower.sort(byRank), budgets);
  // Those whose budget is used up have the first chance to stay.
  const violators = violating.filter(mustGo);
  const pods = [...violators, ...others.filter(mustGo)].sort(byRank);
  return pods.length ? { pods, violations: violators.length } : noVictims;
}

/** Whom a budget would not let go once the more important ones before it are gone. */
export function byBudget(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { violating: PodInfo[]; others: PodInfo[] } {
  const known = budgets.map((budget) => ({
    budget,
    selector: selectorOf(budget.spec?.selector),
    left: budget.status?.disruptionsAllowed ?? 0,
  }));
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const info of pods) {
    const { name, namespace, labels } = info.pod.metadata;
    let violates = false;
    for (const entry of Object.keys(labels ?? {}).length ? known : []) {
      const { budget, selector } = entry;
      if (budget.metadata.namespace !== namespace || !selector.requirements.length || !selector.matches(labels))
        continue;
      // The API server has counted that one already.
      if (budget.status?.disruptedPods?.[name] !== undefined) continue;
      entry.left--;
      violates ||= entry.left < 0;
    }
    (violates ? violating : others).push(info);
  }
  return { violating, others };
}

/** Lower is better, one after the other. Sums count each victim, so that fewer are better among equals of priority. */
const measures: ((victims: readonly PodInfo[], violations: number) => number)[] = [
  (_victims, violations) => violations,
  (victims) => victims[0]!.priority,
  (victims) => victims.reduce((sum, v) => sum + v.priority + 2 ** 31, 0),
  (victims) => victims.length,
  (victims) => -Math.min(...victims.filter((v) => v.priority === victims[0]!.priority).map((v) => startOf(v, 8.64e15))),
];

export function bestCandidate(candidates: readonly Candidate[]): Candidate {
  let left = candidates;
  for (const measure of measures) {
    if (left.length === 1) break;
    const values = left.map((c) => measure(c.pods, c.violations));
    const least = Math.min(...values);
    left = left.filter((_, i) => values[i] === least);
  }
  return left[0]!;
}
