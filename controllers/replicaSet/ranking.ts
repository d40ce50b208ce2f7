// Which pods go first when there are too many: those that lose least, as nine comparisons in order.
// Pure. Mirrors: ActivePodsWithRanks in pkg/controller/controller_utils.go. Used by: plan.ts.
import type { Pod } from '../../apimachinery/types.ts';
import { isReady, readySince, timeOf } from '../common/pods.ts';

interface Ranked {
  pod: Pod;
  /** How many related pods share its node. */
  crowd: number;
}

/** Below 0: `a` goes before `b`. 0: the next rule decides. */
type Rule = (a: Ranked, b: Ranked, now: number) => number;

const phases: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const phase = (p: Pod) => phases[p.status?.phase ?? ''] ?? 0;

const rules: Rule[] = [
  /* not on a node yet */ (a, b) => Number(Boolean(a.pod.spec?.nodeName)) - Number(Boolean(b.pod.spec?.nodeName)),
  /* pending, unknown, running */ (a, b) => phase(a.pod) - phase(b.pod),
  /* not ready */ (a, b) => Number(isReady(a.pod)) - Number(isReady(b.pod)),
  /* lower deletion cost */ (a, b) => deletionCost(a.pod) - deletionCost(b.pod),
  /* more company on its node */ (a, b) => b.crowd - a.crowd,
  /* ready for a shorter time */ (a, b, now) =>
    isReady(a.pod) ? younger(readySince(a.pod), readySince(b.pod), a.pod, b.pod, now) : 0,
  /* more restarts */ (a, b) => compareRestarts(a.pod, b.pod),
  /* made later */ (a, b, now) =>
    younger(timeOf(a.pod.metadata.creationTimestamp), timeOf(b.pod.metadata.creationTimestamp), a.pod, b.pod, now),
];

/** The `count` of `candidates` to delete. `related` are all pods that serve the same owner, candidates included. */
export function chooseVictims(candidates: readonly Pod[], related: readonly Pod[], count: number, now: number): Pod[] {
  if (count >= candidates.length) return [...candidates];
  const onNode = new Map<string, number>();
  for (const pod of related) onNode.set(pod.spec?.nodeName ?? '', (onNode.get(pod.spec?.nodeName ?? '') ?? 0) + 1);
  const ranked = candidates.map((pod) => ({ pod, crowd: onNode.get(pod.spec?.nodeName ?? '') ?? 0 }));
  ranked.sort((a, b) => {
    for (const rule of rules) {
      const order = rule(a, b, now);
      if (order) return order;
    }
    return 0;
  });
  return ranked.slice(0, count).map((r) => r.pod);
}

/** The annotation's whole number from −2³¹ to 2³¹−1; anything else counts as 0. */
export function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
  if (!text || !/^(0|-?[1-9]\d*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

/**
 * Ages are compared by order of magnitude, and within one by uid: so that among pods of about the same age the
 * victims are spread at random rather than always the newest.
 */
function younger(a: number, b: number, podA: Pod, podB: Pod, now: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? -1 : 1;
  const order = magnitude(now - a) - magnitude(now - b);
  if (order) return order;
  return (podA.metadata.uid ?? '') < (podB.metadata.uid ?? '') ? -1 : 1;
}

const magnitude = (ms: number) => (ms > 0 ? Math.floor(Math.log2(ms * 1e6)) : -1);

function compareRestarts(a: Pod, b: Pod): number {
  const most = (statuses: { restartCount?: number }[] | undefined) =>
    Math.max(0, ...(statuses ?? []).map((s) => s.restartCount ?? 0));
  const regular = most(b.status?.containerStatuses) - most(a.status?.containerStatuses);
  return regular || most(sidecars(b)) - most(sidecars(a));
}

const sidecars = (pod: Pod) => {
  const names = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => c.name),
  );
  return (pod.status?.initContainerStatuses ?? []).filter((s) => names.has(s.name));
};
