// Ticks off the pods that a controller asked to be made or deleted, as its cache shows them: one that begins to go counts as gone.
// Reads: the pod informer. Mirrors: addPod, updatePod and deletePod in pkg/controller/{replicaset,daemon}.
// Used by: replicaSet/ and daemonSet/. Next: podControl.ts, which sets what is expected.
import type { KubeObject, Pod } from '../../apimachinery/types.ts';
import type { Expectations } from '../../client/expectations.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/informerCache.ts';
import { controllerOf } from './owners.ts';

/** Call in a controller's setup. `owners` are the objects whose keys are expected for, all of one kind. */
export function observePods(podInformer: Informer<any>, owners: Informer<any>, expected: Expectations): void {
  const ownerKeyOf = (pod: Pod): string | undefined => {
    const ref = controllerOf(pod);
    if (ref?.kind !== owners.resource.kind) return undefined;
    const key = `${pod.metadata.namespace}/${ref.name}`;
    return (owners.get(key) as KubeObject | undefined)?.metadata.uid === ref.uid ? key : undefined;
  };
  const gone = (pod: Pod) => {
    const key = ownerKeyOf(pod);
    if (key) expected.deletionObserved(key, keyOf(pod));
  };
  podInformer.addHandler({
    added(pod) {
      if (pod.metadata.deletionTimestamp) return gone(pod);
      const key = ownerKeyOf(pod);
      if (key) expected.creationObserved(key);
    },
    updated: (pod) => (pod.metadata.deletionTimestamp ? gone(pod) : undefined),
    deleted: gone,
  });
}
