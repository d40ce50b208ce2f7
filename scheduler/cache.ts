// What the scheduler knows of nodes and the pods on them, bound or about to be bound.
// Written by eventHandlers.ts and scheduler.ts (assume, forget); read as a snapshot once a cycle.
// Mirrors: pkg/scheduler/backend/cache/cache.go. Next along the chain: snapshot.ts.
import { isDeepStrictEqual } from 'node:util';
import type { Node } from '../apimachinery/types.ts';
import { nodeUpdate } from './clusterEvents.ts';
import { emptyNodeInfo, type NodeInfo, withNode, withoutPod, withPod } from './nodeInfo.ts';
import type { PodInfo } from './podInfo.ts';
import type { Snapshot } from './snapshot.ts';

export interface SchedulerCache {
  setNode(node: Node): void;
  removeNode(name: string): void;
  /** A pod that the API server says is on a node: new, changed, or one that was assumed. */
  setPod(pod: PodInfo): void;
  removePod(uid: string): void;
  /** Counts the pod as on the node before the API server has heard of it. */
  assume(pod: PodInfo, node: string): void;
  /** Takes an assumption back. Does nothing when the API server has confirmed it in the meantime. */
  forget(uid: string): boolean;
  isAssumed(uid: string): boolean;
  counts(): { nodes: number; pods: number; assumedPods: number };
  /** Brings a snapshot up to date. There is one snapshot a cache. */
  refresh(snapshot: Snapshot): void;
}

interface PodState {
  info: PodInfo;
  node: string;
  assumed: boolean;
}

export function createCache(): SchedulerCache {
  const nodes = new Map<string, NodeInfo>();
  const pods = new Map<string, PodState>();
  const changed = new Set<string>();
  let assumedPods = 0;

  const infoOf = (name: string) => nodes.get(name) ?? emptyNodeInfo(name);

  function put(name: string, info: NodeInfo): void {
    if (!info.node && !info.pods.length) nodes.delete(name);
    else nodes.set(name, info);
    changed.add(name);
  }

  function place(info: PodInfo, node: string, assumed: boolean): void {
    pods.set(info.uid, { info, node, assumed });
    if (assumed) assumedPods++;
    put(node, withPod(infoOf(node), info));
  }

  function drop(uid: string): void {
    const state = pods.get(uid);
    if (!state) return;
    pods.delete(uid);
    if (state.assumed) assumedPods--;
    put(state.node, withoutPod(infoOf(state.node), uid));
  }

  /** Another state of a pod that changes nothing for scheduling: the snapshot need not hear of it. */
  function swap(state: PodState, info: PodInfo): void {
    if (state.assumed) assumedPods--;
    const node = infoOf(state.node);
    const exchange = (list: readonly PodInfo[]) => list.map((p) => (p.uid === info.uid ? info : p));
    nodes.set(state.node, {
      ...node,
      pods: exchange(node.pods),
      podsWithAffinity: exchange(node.podsWithAffinity),
      podsWithAntiAffinity: exchange(node.podsWithAntiAffinity),
    });
    pods.set(info.uid, { info, node: state.node, assumed: false });
  }

  return {
    setNode(node) {
      const name = node.metadata.name;
      const old = nodes.get(name);
      // A heartbeat: nothing that plugins read has changed.
      if (old?.node && !nodeUpdate(node, old.node) && sameImages(node, old.node)) nodes.set(name, { ...old, node });
      else put(name, withNode(infoOf(name), node));
    },
    removeNode(name) {
      const info = nodes.get(name);
      if (info) put(name, { ...emptyNodeInfo(name), ...podsOf(info) });
    },
    setPod(info) {
      const node = info.pod.spec?.nodeName ?? '';
      const state = pods.get(info.uid);
      if (state && state.node === node && countsTheSame(state.info, info)) return swap(state, info);
      drop(info.uid);
      place(info, node, false);
    },
    removePod: drop,
    assume(info, node) {
      if (pods.has(info.uid)) throw new Error(`pod ${info.key} is in the cache, so it cannot be assumed`);
      const { pod } = info;
      place({ ...info, pod: { ...pod, spec: { ...pod.spec!, nodeName: node } } }, node, true);
    },
    forget(uid) {
      if (!pods.get(uid)?.assumed) return false;
      drop(uid);
      return true;
    },
    isAssumed: (uid) => pods.get(uid)?.assumed ?? false,
    counts: () => ({ nodes: nodes.size, pods: pods.size, assumedPods }),
    refresh(snapshot) {
      if (!changed.size) return;
      snapshot.update(
        Array.from(changed, (name) => {
          const info = nodes.get(name);
          return [name, info?.node ? info : undefined];
        }),
      );
      changed.clear();
    },
  };
}

const podsOf = ({
  pods,
  podsWithAffinity,
  podsWithAntiAffinity,
  requested,
  nonZeroCPU,
  nonZeroMemory,
  hostPorts,
}: NodeInfo) => ({
  pods,
  podsWithAffinity,
  podsWithAntiAffinity,
  requested,
  nonZeroCPU,
  nonZeroMemory,
  hostPorts,
});

const sameImages = (a: Node, b: Node) => isDeepStrictEqual(a.status?.images, b.status?.images);

/** Of a pod on its node, specs are fixed but for resources; labels and deletion are what else counts. */
const countsTheSame = (a: PodInfo, b: PodInfo): boolean =>
  a.pod.metadata.deletionTimestamp === b.pod.metadata.deletionTimestamp &&
  isDeepStrictEqual(a.pod.metadata.labels, b.pod.metadata.labels) &&
  isDeepStrictEqual(a.requests, b.requests) &&
  isDeepStrictEqual(a.nonZero, b.nonZero);
