// The whole status of a pod as the kubelet would report it now.
// Reads: pod (and the status it had), record, addresses, probes. Writes: a PodStatus. Pure but for the inputs' look-ups.
// Mirrors: pkg/kubelet/kubelet_pods.go (generateAPIPodStatus). Next: manager.ts, which sends it.
import { toTime } from '../../apimachinery/clock.ts';
import type { Pod, PodCondition, PodStatus } from '../../apimachinery/types.ts';
import { qosClass } from '../container/qos.ts';
import { activeSandbox, type PodRecord } from '../container/records.ts';
import { ownConditions, podConditions } from './conditions.ts';
import { containerStatuses, hasNetwork, lost, type StatusInputs } from './containerStatuses.ts';
import { type Phase, podPhase } from './phase.ts';

export interface PodStatusInputs extends StatusInputs {
  hostIPs: string[];
  now: number;
  /** Nothing of the pod will be started any more. */
  ending: boolean;
  /** Nothing of the pod runs any more either: what is not known to have ended is written off. */
  ended?: boolean;
  /** Why the pod failed as a whole: evicted, deadline exceeded, not admitted. It wins over the containers' states. */
  failed?: { reason: string; message: string };
  /** Fields that keep the pod from running. */
  unsupported?: string[];
}

export function podStatus(pod: Pod, record: PodRecord, old: PodStatus, o: PodStatusInputs): PodStatus {
  const statuses = containerStatuses(pod, record, old, o);
  if (o.ended) writeOff(statuses);
  const settled = [old, pod.status].find(hasEnded);
  const phase = settled?.phase ?? settlePhase(podPhase(pod, statuses, o.ending), o);
  const network = hasNetwork(record);
  const ips = podIPs(record, old, o);
  const conditions = podConditions({ ...pod, status: old }, statuses, phase, network) as PodCondition[];
  if (o.unsupported?.length) conditions.push(unsupportedCondition(o.unsupported));
  const foreign = (old.conditions ?? []).filter((c) => !(ownConditions as readonly string[]).includes(c.type));
  return {
    ...statuses,
    phase,
    ...reasonOf(settled ?? old, phase, o),
    conditions: [...foreign, ...stamped(conditions, old, pod.metadata.generation, o.now)],
    hostIP: o.hostIPs[0] ?? old.hostIP,
    hostIPs: o.hostIPs.length ? o.hostIPs.map((ip) => ({ ip })) : old.hostIPs,
    ...(ips.length ? { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) } : {}),
    qosClass: old.qosClass ?? qosClass(pod),
    startTime: old.startTime ?? toTime(o.now),
    ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
  } as PodStatus;
}

/** A pod that has ended stays so, also when somebody else has said it to the API server. */
export const hasEnded = (status: PodStatus | undefined): status is PodStatus & { phase: Phase } =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** One that was failed as a whole is Failed whatever its containers say. */
function settlePhase(phase: Phase, o: PodStatusInputs): Phase {
  if (o.failed && (o.ending || o.ended)) return 'Failed';
  if (o.unsupported?.length) return 'Pending';
  if (o.ended && phase !== 'Succeeded') return 'Failed';
  return phase;
}

function reasonOf(old: PodStatus, phase: Phase, o: PodStatusInputs): { reason?: string; message?: string } {
  if (o.failed) return o.failed;
  if (o.unsupported?.length) return { reason: 'UnsupportedField', message: unsupportedMessage(o.unsupported) };
  return phase === 'Failed' && old.reason ? { reason: old.reason, message: old.message } : {};
}

/** The text of the condition and of the event. */
export const unsupportedMessage = (fields: string[]): string =>
  `this kubelet cannot honour ${fields.join(', ')}; the pod will not be started`;

const unsupportedCondition = (fields: string[]): PodCondition => ({
  type: 'UnsupportedField',
  status: 'True',
  reason: 'UnsupportedField',
  message: unsupportedMessage(fields),
});

/** The sandbox's addresses; those reported last while there is none. */
function podIPs(record: PodRecord, old: PodStatus, o: PodStatusInputs): string[] {
  const sandbox = activeSandbox(record);
  if (sandbox?.hostNetwork) return o.hostIPs;
  if (sandbox?.ips.length) return sandbox.ips;
  return (old.podIPs ?? []).map((p) => p.ip);
}

/** lastTransitionTime moves only with the status; the pod's generation is what was looked at. */
function stamped(
  conditions: PodCondition[],
  old: PodStatus,
  generation: number | undefined,
  now: number,
): PodCondition[] {
  return conditions.map((c) => {
    const before = old.conditions?.find((x) => x.type === c.type);
    const same = before?.status === c.status && before.lastTransitionTime;
    return {
      ...c,
      ...(generation ? { observedGeneration: generation } : {}),
      lastTransitionTime: same ? before.lastTransitionTime : toTime(now),
    };
  });
}

/** After the pod has ended nothing may be left as waiting or running. An init container that never ran stays as it is. */
function writeOff(s: ReturnType<typeof containerStatuses>): void {
  for (const status of [...(s.containerStatuses ?? []), ...(s.ephemeralContainerStatuses ?? [])]) {
    if (status.state?.terminated) continue;
    if (!status.containerID && !status.state?.running) {
      if (s.initContainerStatuses?.some((i) => !i.ready)) continue;
    }
    if (status.lastState?.terminated && status.state?.waiting) {
      status.state = status.lastState;
      status.lastState = {};
    } else status.state = { terminated: lost('The container could not be located when the pod was terminated') };
    status.ready = false;
    status.started = false;
  }
}
