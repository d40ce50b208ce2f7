// Which nodes lack their daemon pod, and which pods are where they should not be, have ended, or are one too many.
// Pure. Mirrors: manage, podsShouldBeOnNode and getUnscheduledPodsWithoutNode in pkg/controller/daemon/daemon_controller.go.
// Used by: daemonSet.ts. Next: rolling.ts, which replaces pods of old templates.
import type { DaemonSet, Node, Pod } from '../../apimachinery/types.ts';
import { isAvailable, isReady } from '../common/pods.ts';
import { oldestFirst, type PodsByNode } from './daemonPods.ts';
import { allowsSurge } from './limits.ts';
import { fitOf } from './nodes.ts';
import { hashLabel } from './template.ts';

export interface Placement {
  /** Names of nodes. */
  create: string[];
  remove: Pod[];
  /** Pods that ended by themselves; they are among `remove`. */
  failed: { node: string; pod: Pod }[];
  succeeded: { node: string; pod: Pod }[];
  /** Milliseconds until the next failed pod may be replaced. */
  after?: number;
}

/** `backoff` gives the milliseconds for which a failed pod stays on a node, so that one which the kubelet refuses does not spin; 0: it may go. */
export function planPlacement(
  ds: DaemonSet,
  nodes: readonly Node[],
  byNode: PodsByNode,
  hash: string,
  backoff: (node: string) => number,
  now: number,
): Placement {
  const plan: Placement = { create: [], remove: [], failed: [], succeeded: [] };
  const fits = fitOf(ds);
  for (const node of nodes) {
    const { name } = node.metadata;
    const there = byNode.get(name);
    const { run, stay } = fits(node);
    if (run && !there) plan.create.push(name);
    else if (stay && there) plan.remove.push(...excess(ds, keepEnded(plan, name, there, backoff), hash, now));
    else if (!stay && there) plan.remove.push(...there.filter((p) => !p.metadata.deletionTimestamp));
  }
  plan.remove.push(...withoutNode(nodes, byNode));
  return plan;
}

/** Puts the pods that ended into the plan, and gives those that run. */
function keepEnded(plan: Placement, node: string, pods: readonly Pod[], backoff: (node: string) => number): Pod[] {
  const running: Pod[] = [];
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp) continue;
    const phase = pod.status?.phase;
    if (phase !== 'Failed' && phase !== 'Succeeded') {
      running.push(pod);
      continue;
    }
    const wait = phase === 'Failed' ? backoff(node) : 0;
    if (wait > 0) {
      plan.after = Math.min(plan.after ?? wait, wait);
      continue;
    }
    plan[phase === 'Failed' ? 'failed' : 'succeeded'].push({ node, pod });
    plan.remove.push(pod);
  }
  return running;
}

/** One pod a node; while surging a second one, as long as the new is not available and the old is ready. */
function excess(ds: DaemonSet, running: readonly Pod[], hash: string, now: number): Pod[] {
  if (running.length <= 1) return [];
  const ordered = oldestFirst(running);
  if (!allowsSurge(ds)) return ordered.slice(1);
  const isNew = (pod: Pod) => pod.metadata.labels?.[hashLabel] === hash;
  const [newest, old] = [ordered.find(isNew), ordered.find((pod) => !isNew(pod))];
  const surplus = ordered.filter((pod) => pod !== newest && pod !== old);
  if (newest && old && (!isReady(old) || isAvailable(newest, ds.spec?.minReadySeconds ?? 0, now))) surplus.push(old);
  return surplus;
}

/** Meant for a node that is gone, and never bound: nobody else will delete it. */
function withoutNode(nodes: readonly Node[], byNode: PodsByNode): Pod[] {
  const names = new Set(nodes.map((n) => n.metadata.name));
  return [...byNode].flatMap(([node, pods]) => (names.has(node) ? [] : pods.filter((p) => !p.spec?.nodeName)));
}
