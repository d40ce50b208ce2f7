// Counts for each PodDisruptionBudget how many of its pods may be evicted now, and takes back marks of disruptions that never came.
// Reads: poddisruptionbudgets, pods, the workloads that own them. Writes: poddisruptionbudgets/status, pods/status, Events.
// Mirrors: pkg/controller/disruption/disruption.go. Next: plan.ts; the API server's eviction reads what is written.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import {
  deployments,
  podDisruptionBudgets,
  pods,
  type Resource,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { LabelSelector, Pod, PodDisruptionBudget } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { goSelector } from '../common/goSelector.ts';
import { wouldSelect } from '../common/owners.ts';
import { isReady } from '../common/pods.ts';
import { indexPodsByLabel, podsMatching } from '../common/selected.ts';
import { type BudgetStatus, expectedOf, needsScale, planDisrupted, planFailed, planStatus } from './plan.ts';
import { expectedScale } from './scale.ts';
import { takeBack, untilStale } from './staleCondition.ts';

/** Keys of two kinds share the queue. */
const budgetKey = (budget: PodDisruptionBudget) => `budget ${keyOf(budget)}`;
const podKey = (pod: Pod) => `pod ${keyOf(pod)}`;

export function disruptionController(): Controller {
  let fresh: Freshness;
  const readOnly: Resource<any>[] = [deployments, replicaSets, replicationControllers, statefulSets];
  return {
    name: 'disruption-controller',
    eventSource: 'controllermanager',
    watches: [
      watch({ resource: podDisruptionBudgets, keys: (budget) => [budgetKey(budget)] }),
      watch({
        resource: pods,
        keys: (pod, context) => [...budgetsOf(pod as Pod, context).map(budgetKey), ...staleKey(pod as Pod, context)],
        when: (pod, old) => !deepEqual(relevant(pod as Pod), relevant(old as Pod)),
      }),
      ...readOnly.map((resource) => watch({ resource, keys: () => [] })),
    ],
    setup(context) {
      const { informers, clock } = context;
      indexPodsByLabel(informers);
      fresh = createFreshness(informers.informer(podDisruptionBudgets), clock);
      const tell = (pod: Pod) => tellSeveral(pod, context);
      informers.informer(pods).addHandler({
        added: tell,
        updated: (pod, old) => (deepEqual(pod.metadata.labels, old.metadata.labels) ? undefined : tell(pod)),
      });
    },
    async reconcile(key, context) {
      const [kind, name] = key.split(' ') as [string, string];
      if (kind === 'pod') return cleanUp(name, context);
      const budget = context.informers.informer(podDisruptionBudgets).get(name);
      if (!budget) return undefined;
      if (!fresh.isFresh(name)) return { after: 1000, postponed: true };
      return sync(budget, context, fresh);
    },
  };
}

/** All of a pod that a budget or the clean-up looks at. */
const relevant = (pod: Pod) => [
  pod.metadata.uid,
  pod.metadata.labels,
  pod.metadata.ownerReferences,
  pod.metadata.deletionTimestamp,
  isReady(pod),
  pod.status?.phase,
  pod.status?.conditions?.find((c) => c.type === 'DisruptionTarget'),
];

const budgetsOf = (pod: Pod, { informers }: ControllerContext): PodDisruptionBudget[] =>
  informers
    .informer(podDisruptionBudgets)
    .list(pod.metadata.namespace)
    .filter((budget) => wouldSelect(budget.spec?.selector, pod));

const staleKey = (pod: Pod, { clock }: ControllerContext): string[] =>
  untilStale(pod, clock.now()) === undefined ? [] : [podKey(pod)];

function tellSeveral(pod: Pod, context: ControllerContext): void {
  const [first, second] = budgetsOf(pod, context);
  if (!first || !second) return;
  const { namespace, name } = pod.metadata;
  const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${first.metadata.name}" arbitrarily.`;
  context.events.event(pod, 'Warning', 'MultiplePodDisruptionBudgets', message);
}

async function cleanUp(key: string, { client, informers, clock }: ControllerContext): Promise<Result> {
  const pod = informers.informer(pods).get(key);
  const left = pod && untilStale(pod, clock.now());
  if (left) return { after: left };
  if (left === 0) await takeBack(client, pod!, clock.now());
  return undefined;
}

async function sync(budget: PodDisruptionBudget, context: ControllerContext, fresh: Freshness): Promise<Result> {
  try {
    return await trySync(budget, context, fresh);
  } catch (error) {
    // Somebody else wrote, most likely an eviction: from what it wrote we count again.
    if (isReason(error, 'Conflict')) throw error;
    const failed = planFailed(budget, (error as Error).message, context.clock.now());
    if (failed) await write(budget, failed, context, fresh);
    throw error;
  }
}

async function trySync(budget: PodDisruptionBudget, context: ControllerContext, fresh: Freshness): Promise<Result> {
  const { informers, events, clock } = context;
  const selector = selectorOf(budget.spec?.selector);
  const mine = podsMatching(selector, budget.metadata.namespace, informers);
  if (!mine.length) events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
  const expected = await expect(budget, mine, context);
  const disrupted = planDisrupted(budget, mine, clock.now());
  const { namespace, name } = budget.metadata;
  for (const pod of disrupted.overdue) {
    const message = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
    events.event(pod, 'Warning', 'NotDeleted', message);
  }
  const status = planStatus(budget, mine, expected, disrupted, clock.now());
  if (status) await write(budget, status, context, fresh);
  // A moment later than due, so that it is due then.
  return disrupted.after === undefined ? undefined : { after: disrupted.after + 1 };
}

async function expect(budget: PodDisruptionBudget, mine: readonly Pod[], context: ControllerContext) {
  const { events } = context;
  try {
    const scale = needsScale(budget) ? await expectedScale(context, mine) : { total: 0, unmanaged: [] };
    if (scale.unmanaged.length) events.event(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget.spec?.selector));
    return expectedOf(budget, mine.length, scale.total);
  } catch (error) {
    const message = `Failed to calculate the number of expected pods: ${(error as Error).message}`;
    events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
    throw error;
  }
}

const unmanagedText = (selector: LabelSelector | undefined): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${goSelector(selector)}) were found to be unmanaged. As a result, ` +
  'the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
  'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.';

/** With the version that was counted from: an eviction in between makes it a conflict. */
async function write(
  budget: PodDisruptionBudget,
  status: BudgetStatus,
  { client }: ControllerContext,
  fresh: Freshness,
) {
  fresh.wrote(keyOf(budget), await client.updateStatus(podDisruptionBudgets, { ...budget, status } as never));
}
