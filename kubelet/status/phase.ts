// A pod's phase, from the states of its containers.
// Reads: pod, container statuses. Writes: one word. Pure.
// Mirrors: pkg/kubelet/kubelet_pods.go (getPhase). Next: podStatus.ts.
import type { Container, ContainerStatus, Pod } from '../../apimachinery/types.ts';
import { initRestartsAfterFailure, restartableInit, restartsAfterExit } from '../container/restartPolicy.ts';
import type { ContainerStatuses } from './containerStatuses.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** `ending`: nothing of the pod will be started any more. */
export function podPhase(pod: Pod, statuses: ContainerStatuses, ending: boolean): Phase {
  const init = countInit(pod, statuses.initContainerStatuses ?? []);
  if (init.failedForGood) return 'Failed';
  const main = countMain(pod, statuses.containerStatuses ?? []);
  const begun = main.running + main.stopped > 0;
  if (init.pending && !begun) return ending && main.waiting + main.unknown === 0 ? 'Failed' : 'Pending';
  if (main.waiting > 0) return 'Pending';
  if (main.running > 0 && main.unknown === 0) return 'Running';
  if (main.running === 0 && main.stopped > 0 && main.unknown === 0) {
    if (!ending && main.restarting > 0) return 'Running';
    return main.stopped === main.succeeded ? 'Succeeded' : 'Failed';
  }
  return 'Pending';
}

function countInit(pod: Pod, statuses: ContainerStatus[]): { pending: boolean; failedForGood: boolean } {
  let pending = false;
  let failedForGood = false;
  for (const c of pod.spec?.initContainers ?? []) {
    const status = statuses.find((s) => s.name === c.name);
    if (restartableInit(c)) {
      if (!status?.started && !status?.state?.terminated) pending = true;
      continue;
    }
    const ended = status?.state?.terminated;
    if (ended?.exitCode === 0) continue;
    pending = true;
    if (ended && !initRestartsAfterFailure(pod, c, ended.exitCode)) failedForGood = true;
  }
  return { pending, failedForGood };
}

interface Counts {
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
  /** Of the stopped ones, those that will run again. */
  restarting: number;
}

function countMain(pod: Pod, statuses: ContainerStatus[]): Counts {
  const n: Counts = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0, restarting: 0 };
  for (const c of pod.spec?.containers ?? [])
    count(
      pod,
      c,
      statuses.find((s) => s.name === c.name),
      n,
    );
  return n;
}

function count(pod: Pod, c: Container, status: ContainerStatus | undefined, n: Counts): void {
  if (!status) n.unknown++;
  else if (status.state?.running) n.running++;
  else if (status.state?.terminated) {
    n.stopped++;
    if (status.state.terminated.exitCode === 0) n.succeeded++;
    if (restartsAfterExit(pod, c, status.state.terminated.exitCode)) n.restarting++;
  } else if (status.lastState?.terminated) {
    // It waits for its next start.
    n.stopped++;
    n.restarting++;
  } else n.waiting++;
}
