// The container statuses of a pod, from what the runtime says, what was reported before, and why a start failed.
// Reads: pod, record, old statuses, probe results, waiting reasons. Writes: API container statuses. Pure.
// Mirrors: pkg/kubelet/kubelet_pods.go (convertToAPIContainerStatuses). Next: podStatus.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { canonicalQuantity } from '../../apimachinery/quantity.ts';
import type { Container, ContainerState, ContainerStatus, Pod } from '../../apimachinery/types.ts';
import { activeSandbox, type ContainerRecord, type PodRecord } from '../container/records.ts';
import { restartableInit, shouldStart } from '../container/restartPolicy.ts';

/** Why a container is not running yet: the last failure to start it. */
export interface WaitingReason {
  reason: string;
  message: string;
}

export interface StatusInputs {
  /** `containerd`: the part before `://` of container ids. */
  runtimeName: string;
  waiting(container: string): WaitingReason | undefined;
  /** Whether a running container has passed its startup probe, and its readiness probe. */
  started(record: ContainerRecord, container: Container): boolean;
  ready(record: ContainerRecord, container: Container): boolean;
}

export interface ContainerStatuses {
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
}

export function containerStatuses(
  pod: Pod,
  record: PodRecord,
  old: ContainerStatuses,
  s: StatusInputs,
): ContainerStatuses {
  const spec = pod.spec;
  const hasInit = !!spec?.initContainers?.length;
  const of = (list: Container[], before: ContainerStatus[] | undefined, o: { init: boolean; reason: string }) =>
    list.map((c) => oneStatus({ pod, container: c, record, old: before?.find((x) => x.name === c.name), s, ...o }));
  const waitsFor = hasInit ? 'PodInitializing' : 'ContainerCreating';
  const main = of(spec?.containers ?? [], old.containerStatuses, { init: false, reason: waitsFor });
  const init = of(spec?.initContainers ?? [], old.initContainerStatuses, { init: true, reason: 'PodInitializing' });
  const ephemeral = of((spec?.ephemeralContainers ?? []) as Container[], old.ephemeralContainerStatuses, {
    init: false,
    reason: 'ContainerCreating',
  });
  const byName = (a: ContainerStatus, b: ContainerStatus) => (a.name < b.name ? -1 : 1);
  return {
    containerStatuses: main.sort(byName),
    ...(init.length ? { initContainerStatuses: init } : {}),
    ...(ephemeral.length ? { ephemeralContainerStatuses: ephemeral.sort(byName) } : {}),
  };
}

interface One {
  pod: Pod;
  container: Container;
  record: PodRecord;
  old: ContainerStatus | undefined;
  s: StatusInputs;
  init: boolean;
  reason: string;
}

function oneStatus(o: One): ContainerStatus {
  const [latest, before] = o.record.containers.filter((c) => c.name === o.container.name);
  const status = latest ? known(o, latest, before) : unknown(o);
  const why = o.s.waiting(o.container.name);
  const ended = latest === undefined || latest.state !== 'running';
  if (why && ended && (o.init ? waitsToRestart(o, latest) : shouldStart(o.pod, o.container, o.record))) {
    if (status.state?.terminated) status.lastState = status.state;
    status.state = { waiting: { reason: why.reason, ...(why.message ? { message: why.message } : {}) } };
  }
  status.ready = isReady(o, status, latest);
  status.started = isStarted(o, status, latest);
  return status;
}

/** An init container that failed, or was never made, waits for its next start with the reason of the last failure. */
const waitsToRestart = (o: One, latest: ContainerRecord | undefined): boolean =>
  !o.pod.metadata.deletionTimestamp &&
  !(latest?.state === 'exited' && latest.exitCode === 0 && !restartableInit(o.container));

function known(o: One, latest: ContainerRecord, before: ContainerRecord | undefined): ContainerStatus {
  const last = before ? stateOf(before, o.s, o.reason) : o.old?.lastState;
  return {
    name: o.container.name,
    image: latest.image || (o.container.image ?? ''),
    imageID: latest.imageId,
    containerID: `${o.s.runtimeName}://${latest.id}`,
    restartCount: latest.restartCount,
    state: stateOf(latest, o.s, o.reason),
    lastState: last?.terminated ? { terminated: last.terminated } : {},
    ready: false,
    ...resourcesOf(o.container, latest),
    ...mountStatuses(o.container),
    ...userOf(latest),
  };
}

function stateOf(c: ContainerRecord, s: StatusInputs, waitingReason: string): ContainerState {
  if (c.state === 'running') return { running: { startedAt: toTime(c.startedAt) } };
  if (c.state === 'created') return { waiting: { reason: waitingReason } };
  const unknown = c.state === 'unknown';
  return {
    terminated: {
      exitCode: unknown && c.exitCode === 0 ? 137 : c.exitCode,
      reason: c.reason || (unknown ? 'ContainerStatusUnknown' : c.exitCode === 0 ? 'Completed' : 'Error'),
      ...(c.message ? { message: c.message } : {}),
      ...(c.startedAt ? { startedAt: toTime(c.startedAt) } : {}),
      ...(c.finishedAt ? { finishedAt: toTime(c.finishedAt) } : {}),
      containerID: `${s.runtimeName}://${c.id}`,
    },
  };
}

/** Nothing in the runtime: not made yet, or gone. What was reported as running has ended, nobody knows how. */
function unknown(o: One): ContainerStatus {
  const { old, container } = o;
  const status: ContainerStatus = {
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    restartCount: old?.restartCount ?? 0,
    state: { waiting: { reason: o.reason } },
    lastState: old?.lastState ?? {},
    ready: false,
    ...mountStatuses(container),
  };
  if (!old) return status;
  if (old.state?.terminated) return { ...old, ready: o.init && old.state.terminated.exitCode === 0 };
  if (old.state?.running) {
    status.lastState = {
      terminated: lost(
        'The container could not be located when the pod was deleted.  The container used to be Running',
      ),
    };
    status.restartCount += 1;
  }
  return status;
}

/** The state of a container of which nothing more can be learnt. */
export const lost = (message: string): NonNullable<ContainerState['terminated']> => ({
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message,
});

function isStarted(o: One, status: ContainerStatus, latest: ContainerRecord | undefined): boolean {
  if (!status.state?.running || !latest) return false;
  if (o.init && !restartableInit(o.container)) return false;
  return o.s.started(latest, o.container);
}

function isReady(o: One, status: ContainerStatus, latest: ContainerRecord | undefined): boolean {
  if (o.init && !restartableInit(o.container)) return status.state?.terminated?.exitCode === 0;
  if (!status.state?.running || !latest) return false;
  return o.s.started(latest, o.container) && o.s.ready(latest, o.container);
}

function resourcesOf(c: Container, latest: ContainerRecord): Partial<ContainerStatus> {
  const { requests, limits } = c.resources ?? {};
  if (latest.state !== 'running') return {};
  const canonical = (map: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(map).map(([k, v]) => [k, canonicalQuantity(v as string)]));
  return {
    ...(requests ? { allocatedResources: canonical(requests) } : {}),
    resources: {
      ...(limits ? { limits: canonical(limits) } : {}),
      ...(requests ? { requests: canonical(requests) } : {}),
    },
  } as Partial<ContainerStatus>;
}

function mountStatuses(c: Container): Partial<ContainerStatus> {
  if (!c.volumeMounts?.length) return {};
  const volumeMounts = c.volumeMounts.map((m) => ({
    name: m.name,
    mountPath: m.mountPath,
    ...(m.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
  }));
  return { volumeMounts };
}

const userOf = (c: ContainerRecord): Partial<ContainerStatus> => (c.user ? { user: { linux: c.user } } : {});

/** Has the pod a sandbox with an address? */
export const hasNetwork = (record: PodRecord): boolean => {
  const sandbox = activeSandbox(record);
  return !!sandbox && (sandbox.hostNetwork || sandbox.ips.length > 0);
};
