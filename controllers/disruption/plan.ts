// The status of a PodDisruptionBudget: how many of its pods are healthy, how many must be, and so how many may be evicted now.
// Pure. Mirrors: trySync, countHealthyPods, buildDisruptedPodMap, updatePdbStatus in pkg/controller/disruption/disruption.go and
// pdbhelper.UpdateDisruptionAllowedCondition of component-helpers. Used by: disruption.ts.
// Read by: the eviction subresource, which takes a disruption for each pod it lets go.
import { toTime } from '../../apimachinery/clock.ts';
import { findCondition, withCondition } from '../../apimachinery/conditions.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { type IntOrString, scaledIntOrPercent } from '../../apimachinery/intOrString.ts';
import type { Pod, PodDisruptionBudget } from '../../apimachinery/types.ts';
import { isReady, timeOf } from '../common/pods.ts';

export type BudgetStatus = NonNullable<PodDisruptionBudget['status']>;

/** A pod whose eviction was granted counts as gone for so long; if it is still there then, it stays. */
const deletionTimeout = 120_000;

export interface Expected {
  pods: number;
  healthy: number;
}

/** Does the answer hang on how many pods their owners want? A plain minAvailable does not. */
export const needsScale = ({ spec }: PodDisruptionBudget): boolean =>
  spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';

/** `scale` is what the owners of the pods want together. Throws IntOrStringError on a text that is no percentage. */
export function expectedOf({ spec }: PodDisruptionBudget, podCount: number, scale: number): Expected {
  const [least, most] = [spec?.minAvailable, spec?.maxUnavailable] as (IntOrString | undefined)[];
  if (most !== undefined) return { pods: scale, healthy: Math.max(scale - scaledIntOrPercent(most, scale, true), 0) };
  if (typeof least === 'string') return { pods: scale, healthy: scaledIntOrPercent(least, scale, true) };
  return least === undefined ? { pods: 0, healthy: 0 } : { pods: podCount, healthy: least };
}

export interface Disrupted {
  /** Pods whose eviction was granted and that are still to go, with the time of that. */
  pods: Record<string, string>;
  /** Those that should be gone by now. */
  overdue: Pod[];
  /** Milliseconds until the next of them is overdue. */
  after?: number;
}

export function planDisrupted(budget: PodDisruptionBudget, pods: readonly Pod[], now: number): Disrupted {
  const granted = (budget.status?.disruptedPods ?? {}) as Record<string, string>;
  const plan: Disrupted = { pods: {}, overdue: [] };
  for (const pod of pods) {
    const at = granted[pod.metadata.name];
    if (pod.metadata.deletionTimestamp || at === undefined) continue;
    const left = timeOf(at) + deletionTimeout - now;
    if (left < 0) {
      plan.overdue.push(pod);
      continue;
    }
    plan.pods[pod.metadata.name] = at;
    plan.after = Math.min(plan.after ?? left, left);
  }
  return plan;
}

const isHealthy = (pod: Pod, disrupted: Disrupted): boolean =>
  !pod.metadata.deletionTimestamp && disrupted.pods[pod.metadata.name] === undefined && isReady(pod);

/** undefined: the status is right as it is. */
export function planStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  expected: Expected,
  disrupted: Disrupted,
  now: number,
): BudgetStatus | undefined {
  const currentHealthy = pods.filter((pod) => isHealthy(pod, disrupted)).length;
  // With no pods none may go: the first ones would otherwise be free until they are counted.
  const disruptionsAllowed = expected.pods > 0 ? Math.max(currentHealthy - expected.healthy, 0) : 0;
  const condition = {
    type: 'DisruptionAllowed',
    status: disruptionsAllowed > 0 ? 'True' : 'False',
    reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation,
  };
  const next: BudgetStatus = {
    ...(Object.keys(disrupted.pods).length ? { disruptedPods: disrupted.pods as never } : {}),
    observedGeneration: budget.metadata.generation,
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy: expected.healthy,
    expectedPods: expected.pods,
    conditions: withCondition(budget.status?.conditions as never[], condition as never, toTime(now)) as never,
  };
  return isSame(next, budget.status) ? undefined : next;
}

/** Nothing may go while it is not known how many there should be. undefined: that is said already. */
export function planFailed(budget: PodDisruptionBudget, error: string, now: number): BudgetStatus | undefined {
  const old = budget.status;
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'SyncFailed',
    message: error,
    observedGeneration: old?.observedGeneration,
  };
  const conditions = withCondition(old?.conditions as never[], condition as never, toTime(now)) as never;
  const counts = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  const next: BudgetStatus = { ...counts, ...old, disruptionsAllowed: 0, conditions };
  return isSame(next, old) ? undefined : next;
}

const isSame = (next: BudgetStatus, old: BudgetStatus | undefined): boolean =>
  deepEqual(compared(next), compared(old)) &&
  deepEqual(findCondition(next.conditions, 'DisruptionAllowed'), findCondition(old?.conditions, 'DisruptionAllowed'));

const compared = (s: Partial<BudgetStatus> | undefined) => [
  s?.currentHealthy ?? 0,
  s?.desiredHealthy ?? 0,
  s?.expectedPods ?? 0,
  s?.disruptionsAllowed ?? 0,
  s?.observedGeneration ?? 0,
  s?.disruptedPods ?? {},
];
