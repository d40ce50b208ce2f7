// May this pod be evicted, as far as disruption budgets go? Takes one disruption from its budget, so that the next one is counted right.
// Reads: PodDisruptionBudgets. Writes: status.disruptionsAllowed and disruptedPods of the one that guards the pod.
// Mirrors: checkAndDecrement in pkg/registry/core/pod/storage/eviction.go. Called by: eviction.ts.
import { toTime } from '../../../apimachinery/clock.ts';
import { findCondition, withCondition } from '../../../apimachinery/conditions.ts';
import { selectorOf } from '../../../apimachinery/labelSelector.ts';
import { isPodReady } from '../../../apimachinery/podUtil.ts';
import { forbidden, StatusError } from '../../../apimachinery/status.ts';
import type { Context } from '../kind.ts';

const budgets = { group: 'policy', plural: 'poddisruptionbudgets' };
const maxDisrupted = 2000;

/** 429 with the budget as its cause. `seconds` 0: no hint when to come again. */
function refused(message: string, seconds = 0): StatusError {
  return new StatusError(
    {
      code: 429,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: { causes: [{ reason: 'DisruptionBudget', message }], ...(seconds && { retryAfterSeconds: seconds }) },
    },
    seconds ? { 'retry-after': String(seconds) } : {},
  );
}

export const beingProcessed = (budget: string): StatusError =>
  refused(`The disruption budget ${budget} is still being processed by the server.`, 10);

const text = (name: string, more = '') => `The disruption budget ${name} does not allow evicting pods currently${more}`;

function whyNone({ metadata: { name }, status = {} }: any): string {
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  const condition: any = findCondition(status.conditions, 'DisruptionAllowed');
  const told = condition?.status === 'False' && condition.message ? condition : undefined;
  if (told?.reason === 'SyncFailed') return text(name, ` because it failed sync: ${told.message}`);
  if (currentHealthy <= desiredHealthy)
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return text(name, told ? ` (${told.reason}): ${told.message}` : '');
}

/** Counts one disruption in the budget, in place. Throws 429, or 403 for a budget that cannot be right. */
function take(budget: any, podName: string, now: number): void {
  const { name, generation = 0 } = budget.metadata;
  budget.status ??= {};
  const { status } = budget;
  const allowed = status.disruptionsAllowed ?? 0;
  if ((status.observedGeneration ?? 0) < generation) throw beingProcessed(name);
  const wrong = (why: string) => forbidden({ group: 'policy', plural: 'poddisruptionbudget' }, name, why);
  if (allowed < 0) throw wrong('pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisrupted)
    throw wrong('DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (allowed === 0) throw refused(whyNone(budget));
  status.disruptionsAllowed = allowed - 1;
  if (allowed === 1) {
    const condition = {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'InsufficientPods',
      message: '',
      observedGeneration: status.observedGeneration,
    };
    status.conditions = withCondition(status.conditions, condition, toTime(now));
  }
  status.disruptedPods = { ...status.disruptedPods, [podName]: toTime(now) };
}

/** An unready pod is not counted: it may go when its budget says so, or when enough others are healthy. */
function isUnguarded(pod: any, { spec, status = {} }: any): boolean {
  if (isPodReady(pod)) return false;
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  return spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

function selects(budget: any, pod: any): boolean {
  try {
    return selectorOf(budget.spec?.selector).matches(pod.metadata.labels ?? {});
  } catch {
    return false;
  }
}

const isGoing = ({ metadata, status }: any): boolean =>
  Boolean(metadata.deletionTimestamp) || ['Succeeded', 'Failed'].includes(status?.phase);

/** The answer to an eviction. */
export type Verdict = 'go' | 'several' | 'whilePending' | { whileUnready: string };

/**
 * `go`: nothing is in the way. `whilePending`: it runs nothing yet; when it does, ask again. `whileUnready`: only as the pod is now, by
 * this budget. `several`: more budgets than one, which upstream does not sort out. Throws 429 when the budget is used up.
 */
export async function askBudget(pod: any, context: Context, dryRun: boolean): Promise<Verdict> {
  if (isGoing(pod)) return 'go';
  if (pod.status?.phase === 'Pending') return 'whilePending';
  const { name, namespace } = pod.metadata;
  const mine = context.cluster.cachedList(budgets, namespace).filter((budget) => selects(budget, pod));
  const budget = mine[0];
  if (!budget) return 'go';
  if (mine.length > 1) return 'several';
  if (isUnguarded(pod, budget)) return { whileUnready: budget.metadata.name };
  if (dryRun) take(structuredClone(budget), name, context.now());
  else
    await context.cluster.update(
      budgets,
      budget.metadata.name,
      namespace,
      (live) => {
        take(live, name, context.now());
        return true;
      },
      { subresource: 'status' },
    );
  return 'go';
}
