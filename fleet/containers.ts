// The life of the containers of a pod, told by their statuses alone: started, ended as told, started again after a back-off.
// Pure: pod and time in, statuses and the next moment at which something happens out. Next: podStep.ts.
// Mirrors: what pkg/kubelet reports of containers (kubelet_pods.go, kuberuntime_container.go).
import { createHash } from 'node:crypto';
import { toTime } from '../apimachinery/clock.ts';
import { isRestartableInit } from '../apimachinery/podUtil.ts';
import type { Container, ContainerState, ContainerStatus, Pod } from '../apimachinery/types.ts';
import { behaviourOf } from './behaviour.ts';

export interface Containers {
  init: ContainerStatus[];
  main: ContainerStatus[];
  /** Something differs from what the pod's status says. */
  changed: boolean;
  /** When the next thing happens by itself, in milliseconds since the epoch. */
  next: number;
}

/** All containers of the pod as they are at `now`. */
export function containersAt(pod: Pod, now: number): Containers {
  const main = (pod.spec?.containers ?? []).map((c) => step(pod, c, statusOf(pod.status?.containerStatuses, c), now));
  const ended = main.every((m) => m.status.state?.terminated && m.next === Number.POSITIVE_INFINITY);
  const init = (pod.spec?.initContainers ?? []).map((c) => {
    const old = statusOf(pod.status?.initContainerStatuses, c);
    return isRestartableInit(c) ? sidecar(pod, c, old, ended, now) : initialised(pod, c, old, now);
  });
  const all = [...init, ...main];
  return {
    init: init.map((s) => s.status),
    main: main.map((s) => s.status),
    changed: all.some((s) => s.changed),
    next: Math.min(Number.POSITIVE_INFINITY, ...all.map((s) => s.next)),
  };
}

interface Stepped {
  status: ContainerStatus;
  changed: boolean;
  next: number;
}

const never = Number.POSITIVE_INFINITY;
const statusOf = (list: ContainerStatus[] | undefined, c: Container) => list?.find((s) => s.name === c.name);
const milliseconds = (time: unknown) => Date.parse(String(time));

function step(pod: Pod, c: Container, old: ContainerStatus | undefined, now: number): Stepped {
  if (!old?.containerID) return { status: running(pod, c, old?.restartCount ?? 0, now), changed: true, next: never };
  const state = old.state;
  if (state?.running) return fromRunning(pod, c, old, now);
  if (!restarts(pod, c, lastEnd(old)?.exitCode ?? 0)) return { status: old, changed: false, next: never };
  return fromEnded(pod, c, old, now);
}

const lastEnd = (s: ContainerStatus) => s.state?.terminated ?? s.lastState?.terminated;

function fromRunning(pod: Pod, c: Container, old: ContainerStatus, now: number): Stepped {
  const startedAt = milliseconds(old.state!.running!.startedAt);
  const b = behaviourOf(c.name, old.restartCount, pod.metadata.annotations);
  // Another image is another container; it is started at once, as the change was asked for.
  if (old.image !== c.image) {
    const end = terminated(old, 0, 'Completed', now);
    return { status: running(pod, c, old.restartCount + 1, now, end), changed: true, next: never };
  }
  const exitAt = b.exitAfter === undefined ? never : startedAt + b.exitAfter;
  if (exitAt > now) {
    const resources = resourcesOf(c);
    const resized = JSON.stringify(resources.resources) !== JSON.stringify(old.resources ?? {});
    return { status: resized ? { ...old, ...resources } : old, changed: resized, next: exitAt };
  }
  const state = terminated(old, b.exitCode, b.exitReason, now);
  const { resources: _, allocatedResources: __, ...rest } = old as ContainerStatus & { allocatedResources?: unknown };
  const status = { ...rest, state, ready: false, started: false } as ContainerStatus;
  const next = restarts(pod, c, b.exitCode) ? now + backOff(old.restartCount) : never;
  return { status, changed: true, next };
}

/** Waits out its back-off, said so after its second end as the kubelet does, then starts again. */
function fromEnded(pod: Pod, c: Container, old: ContainerStatus, now: number): Stepped {
  const due = milliseconds(lastEnd(old)?.finishedAt) + backOff(old.restartCount);
  const last = { terminated: lastEnd(old) } as ContainerState;
  if (!(due > now)) return { status: running(pod, c, old.restartCount + 1, now, last), changed: true, next: never };
  if (old.state?.waiting) return { status: old, changed: false, next: due };
  const waiting = { reason: 'CrashLoopBackOff', message: message(pod, c, old.restartCount) };
  return { status: { ...old, state: { waiting }, lastState: last }, changed: true, next: due };
}

/** The first time at once; then ten seconds, doubled up to five minutes. */
const backOff = (restarts: number) => (restarts === 0 ? 0 : Math.min(10_000 * 2 ** (restarts - 1), 300_000));

const message = ({ metadata }: Pod, c: Container, restarts: number) => {
  const seconds = backOff(restarts) / 1000;
  const time = seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`;
  return `back-off ${time} restarting failed container=${c.name} pod=${metadata.name}_${metadata.namespace}(${metadata.uid})`;
};

function restarts(pod: Pod, c: Container, exitCode: number): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  const own = (c as { restartPolicy?: string }).restartPolicy;
  const policy = own ?? pod.spec?.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** Done as soon as it is looked at. */
function initialised(pod: Pod, c: Container, old: ContainerStatus | undefined, now: number): Stepped {
  if (old?.containerID) return { status: old, changed: false, next: never };
  const status = running(pod, c, 0, now);
  const state = terminated(status, 0, 'Completed', now);
  return { status: { ...status, state, ready: true, started: false }, changed: true, next: never };
}

/** Runs as long as one of the others does or may again. */
function sidecar(pod: Pod, c: Container, old: ContainerStatus | undefined, ended: boolean, now: number): Stepped {
  if (!old?.containerID) return { status: running(pod, c, 0, now), changed: true, next: never };
  if (!ended || old.state?.terminated) return { status: old, changed: false, next: never };
  return { status: stoppedStatus(old, 0, 'Completed', now), changed: true, next: never };
}

/** Ended because its pod does. */
export const stoppedStatus = (old: ContainerStatus, exitCode: number, reason: string, now: number): ContainerStatus =>
  ({ ...old, state: terminated(old, exitCode, reason, now), ready: false, started: false }) as ContainerStatus;

const terminated = (old: ContainerStatus, exitCode: number, reason: string, now: number): ContainerState =>
  ({
    terminated: {
      exitCode,
      reason,
      startedAt: old.state?.running?.startedAt ?? toTime(now),
      finishedAt: toTime(now),
      containerID: old.containerID,
    },
  }) as unknown as ContainerState;

function running(pod: Pod, c: Container, attempt: number, now: number, last: ContainerState = {}): ContainerStatus {
  const id = createHash('sha256').update(`${pod.metadata.uid} ${c.name} ${attempt}`).digest('hex');
  return {
    name: c.name,
    image: c.image ?? '',
    imageID: c.image ?? '',
    containerID: `simulated://${id}`,
    restartCount: attempt,
    state: { running: { startedAt: toTime(now) } },
    lastState: last,
    ready: true,
    started: true,
    ...resourcesOf(c),
  } as unknown as ContainerStatus;
}

/** What it has is what it asks for; a resize is granted by saying so. */
function resourcesOf(c: Container): Pick<ContainerStatus, 'resources' | 'allocatedResources'> {
  const { requests, limits } = c.resources ?? {};
  return {
    ...(requests && { allocatedResources: requests }),
    resources: { ...(limits && { limits }), ...(requests && { requests }) },
  } as Pick<ContainerStatus, 'resources' | 'allocatedResources'>;
}
