// A DaemonSet's pods by the node that each is on or meant for.
// Pure. Mirrors: getNodesToDaemonPods and podByCreationTimestampAndPhase in pkg/controller/daemon/daemon_controller.go.
// Used by: placement.ts, rolling.ts, status.ts.
import type { Pod } from '../../apimachinery/types.ts';
import { isTerminal } from '../common/pods.ts';
import { targetNode } from './template.ts';

export type PodsByNode = ReadonlyMap<string, readonly Pod[]>;

/** One that has ended and is being deleted holds its place no longer. */
export function podsByNode(owned: readonly Pod[]): PodsByNode {
  const byNode = new Map<string, Pod[]>();
  for (const pod of owned) {
    if (isTerminal(pod) && pod.metadata.deletionTimestamp) continue;
    const node = targetNode(pod);
    if (node === undefined) continue;
    const there = byNode.get(node);
    if (there) there.push(pod);
    else byNode.set(node, [pod]);
  }
  return byNode;
}

/** Those that are on their node first, then the oldest, then by name. */
export const oldestFirst = (pods: readonly Pod[]): Pod[] =>
  [...pods].sort(
    (a, b) =>
      Number(!a.spec?.nodeName) - Number(!b.spec?.nodeName) ||
      compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
      compare(a.metadata.name, b.metadata.name),
  );

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
