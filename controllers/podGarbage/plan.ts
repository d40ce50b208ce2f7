// Which pods nobody else will clear away: too many that have ended, those of Nodes that are gone or out of service, those that
// were deleted before they had a Node.
// Pure. Mirrors: pkg/controller/podgc/gc_controller.go. Used by: podGarbage.ts.
import type { Node, Pod } from '../../apimachinery/types.ts';
import { isTerminal, timeOf } from '../common/pods.ts';

const outOfService = 'node.kubernetes.io/out-of-service';

/** Those beyond the threshold: evicted ones first, then the oldest. 0: none. */
export function surplusEnded(pods: readonly Pod[], threshold: number): Pod[] {
  const ended = pods.filter(isTerminal);
  if (threshold <= 0 || ended.length <= threshold) return [];
  const isEvicted = (p: Pod) => p.status?.phase === 'Failed' && p.status.reason === 'Evicted';
  const created = (p: Pod) => timeOf(p.metadata.creationTimestamp);
  ended.sort(
    (a, b) =>
      Number(isEvicted(b)) - Number(isEvicted(a)) ||
      created(a) - created(b) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  return ended.slice(0, ended.length - threshold);
}

/** Deleted, on a Node that is not ready and that an administrator has declared out of service: its kubelet will never say that they ended. */
export function lostWithNode(pods: readonly Pod[], nodeOf: (name: string) => Node | undefined): Pod[] {
  return pods.filter((pod) => {
    if (!pod.metadata.deletionTimestamp) return false;
    const node = pod.spec?.nodeName ? nodeOf(pod.spec.nodeName) : undefined;
    const ready = node?.status?.conditions?.find((c) => c.type === 'Ready')?.status === 'True';
    return node !== undefined && !ready && (node.spec?.taints ?? []).some((t) => t.key === outOfService);
  });
}

export const neverScheduled = (pods: readonly Pod[]): Pod[] =>
  pods.filter((p) => p.metadata.deletionTimestamp && !p.spec?.nodeName);

export const nodesMissing = (pods: readonly Pod[], exists: (name: string) => boolean): Set<string> =>
  new Set(
    pods.map((p) => p.spec?.nodeName).filter((name) => name !== undefined && name !== '' && !exists(name)) as string[],
  );
