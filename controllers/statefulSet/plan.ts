// What a StatefulSet does next: in order, one pod after the other, and nothing while one of them is not ready; or in parallel.
// Pure. Mirrors: updateStatefulSet, processReplica, processCondemned in pkg/controller/statefulset/stateful_set_control.go.
// Used by: statefulSet.ts. Next: rolling.ts for pods of old templates; act.ts carries it out.
import type { Pod, StatefulSet } from '../../apimachinery/types.ts';
import { isAvailable, isReady, isTerminal } from '../common/pods.ts';
import { type ClaimLookup, hasStaleClaim, needsOwners } from './claims.ts';
import { isParallel, isWanted, ordinalOf, replicasOf, revisionOf, startOf } from './names.ts';
import { identityMatches, newPod, storageMatches, type Versions } from './pod.ts';
import { planRolling } from './rolling.ts';

/** `claims`: make those that lack. `correct`: labels, volumes and owners of claims. `own`: owners of claims alone. */
export interface Step {
  do: 'create' | 'delete' | 'claims' | 'correct' | 'own';
  pod: Pod;
}

export interface SetPlan {
  /** One phase after the other; within one, one step after the other, or all at once when the set is parallel. */
  phases: Step[][];
  /** Pods among those deleted that were of the current template, for the update's sake. */
  outdated: number;
}

export interface SetView {
  set: StatefulSet;
  versions: Versions;
  pods: readonly Pod[];
  claims: ClaimLookup;
  now: number;
}

export const isCreated = (pod: Pod): boolean => Boolean(pod.status?.phase);
const isLeaving = (pod: Pod) => Boolean(pod.metadata.deletionTimestamp);
const isRunningReady = (pod: Pod) => pod.status?.phase === 'Running' && isReady(pod);

/** Those that the set wants, with new ones in the gaps; and those beyond, the highest first. */
function sorted({ set, versions, pods }: SetView): { replicas: Pod[]; condemned: Pod[] } {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  const replicas = Array.from({ length: replicasOf(set) }, (_, i) => {
    const ordinal = startOf(set) + i;
    return byOrdinal.get(ordinal) ?? newPod(set, versions, ordinal);
  });
  const condemned = pods.filter((pod) => ordinalOf(pod) >= 0 && !isWanted(set, ordinalOf(pod)));
  return { replicas, condemned: condemned.sort((a, b) => ordinalOf(b) - ordinalOf(a)) };
}

export function planSet(view: SetView, maxUnavailableGate = true): SetPlan {
  const { set, claims, now } = view;
  const plan: SetPlan = { phases: [], outdated: 0 };
  if (set.metadata.deletionTimestamp) return plan;
  const { replicas, condemned } = sorted(view);
  const minReady = set.spec?.minReadySeconds ?? 0;
  // One that ended may still have the condition Ready, if whoever ended it did not take it away.
  const isFit = (pod: Pod) => isRunningReady(pod) && isAvailable(pod, minReady, now) && !isLeaving(pod);
  const inOrder = !isParallel(set);
  const phase = (of: readonly Pod[], step: (pod: Pod) => Outcome): boolean => {
    const { steps, blocked } = collect(of, step, inOrder);
    if (steps.length) plan.phases.push(steps);
    return blocked;
  };
  if (phase(replicas, (pod) => replicaStep(view, pod, isFit))) return plan;
  phase(condemned, (pod) => ({ step: needsOwners(set, pod, claims) ? 'own' : undefined, blocks: false }));
  const firstUnfit = replicas.find((pod) => !isFit(pod)) ?? condemned.findLast((pod) => !isFit(pod));
  // One that has ended cannot get better, so nothing waits for it; upstream's set would stay as it is for ever.
  const canLeave = (pod: Pod) =>
    pod === firstUnfit || isTerminal(pod) || (isRunningReady(pod) && isAvailable(pod, minReady, now));
  const leave = (pod: Pod): Outcome => ({
    step: isLeaving(pod) || (inOrder && !canLeave(pod)) ? undefined : 'delete',
    blocks: true,
  });
  if (phase(condemned, leave)) return plan;
  if (set.spec?.updateStrategy?.type === 'OnDelete') return plan;
  const old = planRolling(set, replicas, view.versions.update.revision, isFit, maxUnavailableGate);
  if (old.length) plan.phases.push(old.map((pod) => ({ do: 'delete', pod })));
  plan.outdated = old.filter((pod) => revisionOf(pod) === view.versions.current.revision).length;
  return plan;
}

/** `blocks`: in order, nothing after this pod may be done yet. */
interface Outcome {
  step: Step['do'] | undefined;
  blocks: boolean;
}

function collect(
  of: readonly Pod[],
  outcome: (pod: Pod) => Outcome,
  inOrder: boolean,
): { steps: Step[]; blocked: boolean } {
  const steps: Step[] = [];
  for (const pod of of) {
    const { step, blocks } = outcome(pod);
    if (step) steps.push({ do: step, pod });
    if (blocks && inOrder) return { steps, blocked: true };
  }
  return { steps, blocked: false };
}

function replicaStep({ set, claims }: SetView, pod: Pod, isFit: (pod: Pod) => boolean): Outcome {
  // An ended pod keeps its name until it is gone; only then is there room for the next.
  if (isTerminal(pod)) return { step: isLeaving(pod) ? undefined : 'delete', blocks: true };
  if (!isCreated(pod)) return { step: hasStaleClaim(set, pod, claims) ? undefined : 'create', blocks: true };
  const blocks = isLeaving(pod) || !isRunningReady(pod) || !isFit(pod);
  if (pod.status?.phase === 'Pending') return { step: 'claims', blocks };
  const isRight = identityMatches(pod) && storageMatches(set, pod) && !needsOwners(set, pod, claims);
  return { step: isRight || (blocks && !isParallel(set)) ? undefined : 'correct', blocks };
}
