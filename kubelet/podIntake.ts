// Takes in what the sources say: new and changed pods go to their workers, mirrors to their static pods.
// Reads: pods of the API server and of files. Writes: podManager, podWorkers; asks admission about new ones.
// Mirrors: pkg/kubelet/kubelet.go (HandlePodAdditions, HandlePodUpdates, HandlePodRemoves). Next: podWorkers.ts.
import type { Cause } from '../apimachinery/cause.ts';
import type { Pod } from '../apimachinery/types.ts';
import { withCauses } from '../client/causes.ts';
import { admit } from './admission.ts';
import type { KubeletContext } from './context.ts';
import type { NodeFacts } from './node/nodeFacts.ts';
import type { PodManager } from './podManager.ts';
import type { PodWorkers } from './podWorkers.ts';
import { isMirror, isStatic } from './sources/staticPods.ts';
import type { StatusManager } from './status/statusManager.ts';

export interface PodIntake {
  /** A pod of the API server, new or changed. */
  apiPod(pod: Pod, causes: readonly Cause[]): void;
  apiPodGone(pod: Pod, causes: readonly Cause[]): void;
  /** All static pods that there are now. */
  filePods(pods: Pod[], causes: readonly Cause[]): void;
}

interface Parts {
  manager: PodManager;
  workers: PodWorkers;
  status: StatusManager;
  node: NodeFacts;
}

export function createPodIntake(k: KubeletContext, { manager, workers, status, node }: Parts): PodIntake {
  /** A pod that an earlier kubelet had let in (it has a start time) is not asked again. */
  function admitNew(pod: Pod, causes: readonly Cause[]): void {
    if (pod.status?.startTime || pod.metadata.deletionTimestamp) return;
    const others = manager.list().filter((p) => p !== pod && takesRoom(p));
    const rejection = admit(pod, node.node(), others, k.config['allowed-unsafe-sysctls']);
    if (!rejection) return;
    withCauses(causes, () => k.events.event(pod, 'Warning', rejection.reason, rejection.message));
    workers.kill(pod.metadata.uid ?? '', { failed: rejection }, causes);
  }

  const takesRoom = (pod: Pod): boolean =>
    pod.status?.phase !== 'Succeeded' &&
    pod.status?.phase !== 'Failed' &&
    workers.state(pod.metadata.uid ?? '') !== 'terminated';

  function mirrorChanged(mirror: Pod, causes: readonly Cause[]): void {
    const pod = manager.named(mirror.metadata.namespace ?? '', mirror.metadata.name);
    if (!pod || !isStatic(pod)) return;
    workers.update(pod, manager.mirrorOf(pod), causes);
    const { uid } = pod.metadata;
    withCauses(causes, () => status.observed({ ...mirror, metadata: { ...mirror.metadata, uid } }));
  }

  return {
    apiPod(pod, causes) {
      manager.set(pod);
      if (isMirror(pod)) {
        mirrorChanged(pod, causes);
        return;
      }
      const known = workers.state(pod.metadata.uid ?? '') !== undefined;
      workers.update(pod, undefined, causes);
      if (!known) admitNew(pod, causes);
      withCauses(causes, () => status.observed(pod));
    },
    apiPodGone(pod, causes) {
      manager.remove(pod);
      if (isMirror(pod)) mirrorChanged(pod, causes);
      else workers.remove(pod.metadata.uid ?? '', causes);
    },
    filePods(pods, causes) {
      const wanted = new Set(pods.map((p) => p.metadata.uid));
      for (const gone of manager.list().filter((p) => isStatic(p) && !wanted.has(p.metadata.uid))) {
        manager.remove(gone);
        workers.remove(gone.metadata.uid ?? '', causes);
      }
      for (const pod of pods) {
        manager.set(pod);
        workers.update(pod, manager.mirrorOf(pod), causes);
      }
    },
  };
}
