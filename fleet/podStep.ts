// What a simulated node does next with a pod: report it, remove it, or wait. Pure: the decision of pods.ts.
// Mirrors: what a kubelet's writes look like from the API server (pkg/kubelet/status, pod_workers.go).
import { toTime } from '../apimachinery/clock.ts';
import { isPodTerminal, isRestartableInit } from '../apimachinery/podUtil.ts';
import type { ContainerStatus, Pod, PodCondition } from '../apimachinery/types.ts';
import { behaviourOf } from './behaviour.ts';
import { type Containers, containersAt, stoppedStatus } from './containers.ts';

export type Step =
  /** A strategic merge patch of the status, now; and when to look again, in milliseconds since the epoch. */
  | { report: object; next: number }
  | { remove: true }
  /** Nothing before then, unless the pod changes. */
  | { next: number };

export interface Place {
  hostIP: string;
  podIP: string;
}

export function podStep(pod: Pod, place: Place, now: number): Step {
  if (pod.metadata.deletionTimestamp) return ending(pod, now);
  if (isPodTerminal(pod)) return { next: Number.POSITIVE_INFINITY };
  const containers = containersAt(pod, now);
  const phase = phaseOf(containers);
  const conditions = changedConditions(pod, phase, containers, now);
  if (!containers.changed && !conditions.length) return { next: containers.next };
  const isFirst = !pod.status?.startTime;
  const report = {
    ...(phase !== pod.status?.phase && { phase }),
    ...(isFirst && { startTime: toTime(now), ...addresses(pod, place) }),
    ...statuses(containers),
    conditions,
    ...observed(pod),
  };
  return { report, next: containers.next };
}

const statuses = ({ init, main }: Containers) => ({
  ...(init.length && { initContainerStatuses: init }),
  containerStatuses: main,
});

const observed = ({ metadata }: Pod) => (metadata.generation ? { observedGeneration: metadata.generation } : {});

function addresses(pod: Pod, { hostIP, podIP }: Place): object {
  const ip = pod.spec?.hostNetwork ? hostIP : podIP;
  return { hostIP, hostIPs: [{ ip: hostIP }], podIP: ip, podIPs: [{ ip }] };
}

function phaseOf({ main, next }: Containers): 'Running' | 'Succeeded' | 'Failed' {
  const isOver = main.every((s) => s.state?.terminated) && next === Number.POSITIVE_INFINITY;
  if (!isOver) return 'Running';
  return main.every((s) => s.state!.terminated!.exitCode === 0) ? 'Succeeded' : 'Failed';
}

// --- conditions --------------------------------------------------------------------------------------------------------

type Bare = Pick<PodCondition, 'type' | 'status'> & { reason?: string; message?: string };

/** Those that are not as the pod's status has them. */
function changedConditions(pod: Pod, phase: string, containers: Containers, now: number): PodCondition[] {
  const generation = pod.metadata.generation;
  return wanted(pod, phase, containers).flatMap((c) => {
    const old = pod.status?.conditions?.find((o) => o.type === c.type);
    const seen = old?.observedGeneration === generation || c.type === 'PodScheduled';
    if (old?.status === c.status && (old.reason ?? '') === (c.reason ?? '') && seen) return [];
    const since = old?.status === c.status ? old.lastTransitionTime : undefined;
    const told = { ...c, reason: c.reason ?? null, message: c.message ?? null };
    return [
      { ...told, ...(generation && { observedGeneration: generation }), lastTransitionTime: since ?? toTime(now) },
    ] as unknown as PodCondition[];
  });
}

function wanted(pod: Pod, phase: string, { init, main }: Containers): Bare[] {
  const hasInit = (pod.spec?.initContainers?.length ?? 0) > 0;
  const over = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : '';
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isRestartableInit).map((c) => c.name));
  const unready = [...init.filter((s) => sidecars.has(s.name)), ...main].filter((s) => !s.ready).map((s) => s.name);
  const ready: Bare = over
    ? { type: 'ContainersReady', status: 'False', reason: over }
    : unready.length
      ? {
          type: 'ContainersReady',
          status: 'False',
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]`,
        }
      : { type: 'ContainersReady', status: 'True' };
  return [
    { type: 'PodReadyToStartContainers', status: over ? 'False' : 'True' },
    { type: 'Initialized', status: 'True', ...(hasInit && phase === 'Succeeded' && { reason: 'PodCompleted' }) },
    readyCondition(pod, ready),
    ready,
    { type: 'PodScheduled', status: 'True' },
  ];
}

/** All containers, and every condition that a readiness gate names. */
function readyCondition(pod: Pod, containers: Bare): Bare {
  if (containers.status !== 'True') return { ...containers, type: 'Ready' };
  const missing = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find((c) => c.type === conditionType);
    if (found?.status === 'True') return [];
    return found
      ? [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`]
      : [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
  });
  if (!missing.length) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}

// --- the end -----------------------------------------------------------------------------------------------------------

/**
 * Stops when its containers have taken the time that they take, at the latest when the grace period is over. Where finalizers
 * hold the pod, its end is told first; else nobody could see it before it is gone, and it is removed at once.
 */
function ending(pod: Pod, now: number): Step {
  const grace = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  const asked = Date.parse(String(pod.metadata.deletionTimestamp)) - grace;
  const stopping = isPodTerminal(pod) ? [] : (pod.status?.containerStatuses ?? []).filter((s) => s.state?.running);
  const behaviour = (s: ContainerStatus) => behaviourOf(s.name, s.restartCount, pod.metadata.annotations);
  const end = asked + Math.min(grace, Math.max(0, ...stopping.map((s) => behaviour(s).stopAfter)));
  if (end > now) return { next: end };
  if (pod.metadata.finalizers?.length && !isPodTerminal(pod)) return { report: lastReport(pod, grace, now), next: now };
  return grace === 0 ? { next: Number.POSITIVE_INFINITY } : { remove: true };
}

function lastReport(pod: Pod, grace: number, now: number): object {
  const stop = (s: ContainerStatus): ContainerStatus => {
    if (s.state?.terminated) return s;
    const b = behaviourOf(s.name, s.restartCount, pod.metadata.annotations);
    const killed = b.stopAfter > grace;
    const exitCode = killed ? 137 : b.stopExitCode;
    return stoppedStatus(s, exitCode, exitCode === 0 ? 'Completed' : 'Error', now);
  };
  const main = (pod.status?.containerStatuses ?? []).map(stop);
  const init = (pod.status?.initContainerStatuses ?? []).map(stop);
  const isWell = main.length > 0 && main.every((s) => s.state!.terminated!.exitCode === 0);
  const phase = isWell ? 'Succeeded' : 'Failed';
  const containers = { init, main, changed: true, next: Number.POSITIVE_INFINITY };
  const conditions = changedConditions(pod, phase, containers, now);
  return { phase, ...statuses(containers), conditions, ...observed(pod) };
}
