// The order of init containers: each must have succeeded before the next starts; a sidecar must have started.
// Reads: the pod, its containers in the sandbox of now, probe results. Writes: into the plan. Pure.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go (computeInitContainerActions). Next: syncPod.ts.
import type { Container, Pod } from '../../apimachinery/types.ts';
import type { PodActions } from './computePodActions.ts';
import { type ProbeView, unknownKill, whyKill } from './killReasons.ts';
import { activeSandbox, type ContainerRecord, type PodRecord } from './records.ts';
import { initRestartsAfterFailure, restartableInit } from './restartPolicy.ts';

/**
 * Adds what init containers need to the plan. True when the main containers may go on: all have done their part, or
 * had done it earlier in this sandbox.
 */
export function planInitContainers(pod: Pod, record: PodRecord, probes: ProbeView, plan: PodActions): boolean {
  const containers = pod.spec?.initContainers ?? [];
  const here = (name: string) => inSandbox(record, name);
  const initialized = (pod.spec?.containers ?? []).some((c) => here(c.name));
  // Records of older init containers may have been collected: whatever lies before the last one seen has been passed.
  const reached = containers.findLastIndex((c) => here(c.name));
  for (const [i, container] of containers.entries()) {
    const step = { pod, container, last: here(container.name), probes, plan, initialized, passed: i < reached };
    const done = restartableInit(container) ? sidecarStep(step) : initStep(step);
    if (!done && !initialized) return false;
  }
  return true;
}

const inSandbox = (record: PodRecord, name: string): ContainerRecord | undefined => {
  const sandbox = activeSandbox(record);
  return record.containers.find((c) => c.name === name && c.sandboxId === sandbox?.id);
};

interface Step {
  pod: Pod;
  container: Container;
  last?: ContainerRecord;
  probes: ProbeView;
  plan: PodActions;
  initialized: boolean;
  passed: boolean;
}

/** True when this init container is done. */
function initStep({ pod, container, last, plan, initialized, passed }: Step): boolean {
  if (initialized) return true;
  if (!last) {
    if (!passed) plan.startInit.push(container);
    return passed;
  }
  if (last.state === 'running') return false;
  if (last.state === 'exited' && last.exitCode === 0) return true;
  if (last.state === 'unknown') plan.kill.push(unknownKill(container, last));
  if (last.state === 'exited' && !initRestartsAfterFailure(pod, container, last.exitCode)) {
    plan.killPod = true;
    plan.startInit = [];
    return false;
  }
  plan.startInit.push(container);
  return false;
}

/** True when this sidecar has started, so that what comes after it may. */
function sidecarStep({ pod, container, last, probes, plan }: Step): boolean {
  if (last?.state !== 'running') {
    if (last?.state === 'unknown') plan.kill.push(unknownKill(container, last));
    if (!pod.metadata.deletionTimestamp) plan.startInit.push(container);
    return false;
  }
  const why = whyKill(pod, container, last, probes);
  if (why) {
    plan.kill.push({ record: last, container, reason: why.reason, message: why.message });
    plan.startInit.push(container);
    return false;
  }
  return !container.startupProbe || probes.startup(last.id) === 'success';
}
