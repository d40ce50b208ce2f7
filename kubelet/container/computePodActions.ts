// What must be done to bring a pod's sandbox and containers to what its spec asks for: decided here, done in syncPod.ts.
// Reads: the pod, what the runtime says of it, what probes found. Writes: a plan. Pure.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions). Next: initActions.ts, syncPod.ts.
import type { Container, Pod } from '../../apimachinery/types.ts';
import { planInitContainers } from './initActions.ts';
import { type KillPlan, type ProbeView, unknownKill, whyKill } from './killReasons.ts';
import { newestContainer, type PodRecord } from './records.ts';
import { restartsAfterExit, shouldStart } from './restartPolicy.ts';

export interface PodActions {
  /** Everything of the pod ends: its sandbox changed, or nothing is left that should run. */
  killPod: boolean;
  createSandbox: boolean;
  sandboxId?: string;
  /** The number of the sandbox to create. */
  attempt: number;
  kill: KillPlan[];
  startInit: Container[];
  start: Container[];
  startEphemeral: Container[];
}

export function computePodActions(pod: Pod, record: PodRecord, probes: ProbeView): PodActions {
  const { changed, attempt, sandboxId } = sandboxChanged(pod, record);
  const plan: PodActions = {
    killPod: changed,
    createSandbox: changed,
    sandboxId,
    attempt,
    kill: [],
    startInit: [],
    start: [],
    startEphemeral: [],
  };
  if (changed) return planFreshSandbox(pod, record, plan);

  plan.startEphemeral = (pod.spec?.ephemeralContainers ?? []).filter(
    (c) => !newestContainer(record, c.name),
  ) as Container[];
  const initialized = planInitContainers(pod, record, probes, plan);
  if (plan.killPod || !initialized) return plan;
  planMainContainers(pod, record, probes, plan);
  return plan;
}

/** A pod keeps its sandbox while exactly one is up, on the right network, with an address. */
function sandboxChanged(pod: Pod, record: PodRecord): { changed: boolean; attempt: number; sandboxId?: string } {
  const newest = record.sandboxes[0];
  if (!newest) return { changed: true, attempt: 0 };
  const again = { changed: true, attempt: newest.attempt + 1, sandboxId: newest.id };
  if (record.sandboxes.filter((s) => s.ready).length > 1) return again;
  if (!newest.ready) return again;
  const hostNetwork = pod.spec?.hostNetwork === true;
  if (newest.hostNetwork !== hostNetwork) return { ...again, sandboxId: '' };
  if (!hostNetwork && !newest.ips.length) return again;
  return { changed: false, attempt: newest.attempt, sandboxId: newest.id };
}

/** A new sandbox is made only when something is to run in it. */
function planFreshSandbox(pod: Pod, record: PodRecord, plan: PodActions): PodActions {
  const restartsAnything = mainContainers(pod).some((c) => restartsAfterExit(pod, c, 1));
  if (!restartsAnything && plan.attempt !== 0 && record.containers.length) return { ...plan, createSandbox: false };
  const start = mainContainers(pod).filter((c) => {
    const last = newestContainer(record, c.name);
    return !(last?.state === 'exited' && !restartsAfterExit(pod, c, last.exitCode));
  });
  if (!start.length) return { ...plan, createSandbox: false };
  const first = pod.spec?.initContainers?.[0];
  if (first) return { ...plan, startInit: [first] };
  return { ...plan, start };
}

const mainContainers = (pod: Pod): Container[] => pod.spec?.containers ?? [];

function planMainContainers(pod: Pod, record: PodRecord, probes: ProbeView, plan: PodActions): void {
  let keep = 0;
  for (const container of mainContainers(pod)) {
    const last = newestContainer(record, container.name);
    if (last?.state !== 'running') {
      if (!shouldStart(pod, container, record)) continue;
      if (last?.state === 'unknown') plan.kill.push(unknownKill(container, last));
      plan.start.push(container);
      continue;
    }
    const why = whyKill(pod, container, last, probes);
    if (!why) {
      keep++;
      continue;
    }
    if (why.restart) plan.start.push(container);
    plan.kill.push({ record: last, container, reason: why.reason, message: why.message });
  }
  if (keep === 0 && plan.start.length === 0) {
    plan.killPod = true;
    plan.startInit = [];
  }
}
