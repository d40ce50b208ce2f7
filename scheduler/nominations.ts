// Pods that wait for a node on which preemption makes room: others of no higher priority must leave that room alone.
// Mirrors: pkg/scheduler/backend/queue/nominator.go. Written by failure.ts and eventHandlers.ts; read by schedule.ts.
import type { PodInfo } from './podInfo.ts';

export interface Nominations {
  set(pod: PodInfo, node: string): void;
  remove(uid: string): void;
  nodeOf(uid: string): string | undefined;
  /** Those waiting for this node. */
  on(node: string): readonly PodInfo[];
}

const none: readonly PodInfo[] = [];

export function createNominations(): Nominations {
  const nodes = new Map<string, PodInfo[]>();
  const places = new Map<string, string>();

  function remove(uid: string): void {
    const node = places.get(uid);
    if (node === undefined) return;
    places.delete(uid);
    const left = nodes.get(node)!.filter((p) => p.uid !== uid);
    if (left.length) nodes.set(node, left);
    else nodes.delete(node);
  }

  return {
    set(pod, node) {
      remove(pod.uid);
      places.set(pod.uid, node);
      nodes.set(node, [...(nodes.get(node) ?? none), pod]);
    },
    remove,
    nodeOf: (uid) => places.get(uid),
    on: (node) => nodes.get(node) ?? none,
  };
}
