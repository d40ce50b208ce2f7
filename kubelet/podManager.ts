// The pods of this node by uid and by name, and which mirror belongs to which static pod.
// Written by: kubelet.ts, from the sources. Mirrors: pkg/kubelet/pod/pod_manager.go. Next: podWorkers.ts.
import type { Pod } from '../apimachinery/types.ts';
import { isMirror } from './sources/staticPods.ts';

export interface PodManager {
  /** Takes in a pod of the API server or of a file. */
  set(pod: Pod): void;
  remove(pod: Pod): void;
  get(uid: string): Pod | undefined;
  /** The pod (not a mirror) of that name. */
  named(namespace: string, name: string): Pod | undefined;
  /** All pods but mirrors. */
  list(): Pod[];
  mirrorOf(pod: Pod): Pod | undefined;
  mirrors(): Pod[];
}

const fullName = (pod: Pod): string => `${pod.metadata.namespace}/${pod.metadata.name}`;

export function createPodManager(): PodManager {
  const byUid = new Map<string, Pod>();
  const mirrors = new Map<string, Pod>();
  return {
    set(pod) {
      if (isMirror(pod)) mirrors.set(fullName(pod), pod);
      else byUid.set(pod.metadata.uid ?? '', pod);
    },
    remove(pod) {
      if (!isMirror(pod)) byUid.delete(pod.metadata.uid ?? '');
      else if (mirrors.get(fullName(pod))?.metadata.uid === pod.metadata.uid) mirrors.delete(fullName(pod));
    },
    get: (uid) => byUid.get(uid),
    named(namespace, name) {
      const found = [...byUid.values()].filter((p) => p.metadata.namespace === namespace && p.metadata.name === name);
      // While a pod ends, another of its name may already be there.
      return found.find((p) => !p.metadata.deletionTimestamp) ?? found[0];
    },
    list: () => [...byUid.values()],
    mirrorOf: (pod) => mirrors.get(fullName(pod)),
    mirrors: () => [...mirrors.values()],
  };
}
