// A pod's conditions as the kubelet judges them: Initialized, ContainersReady, Ready, PodReadyToStartContainers.
// Reads: pod, container statuses, phase. Writes: conditions without times. Pure.
// Mirrors: pkg/kubelet/status/generate.go. Next: podStatus.ts, manager.ts (which sets lastTransitionTime).
import type { Container, ContainerStatus, Pod, PodCondition } from '../../apimachinery/types.ts';
import { restartableInit } from '../container/restartPolicy.ts';
import type { ContainerStatuses } from './containerStatuses.ts';
import type { Phase } from './phase.ts';

type Bare = Pick<PodCondition, 'type' | 'status'> & { reason?: string; message?: string };

/** The types that the kubelet owns; conditions of others are left alone. */
export const ownConditions = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  'PodResizePending',
  'PodResizeInProgress',
  'UnsupportedField',
] as const;

const done = (type: string): Bare => ({ type, status: 'True' });

export function podConditions(pod: Pod, statuses: ContainerStatuses, phase: Phase, hasNetwork: boolean): Bare[] {
  const containersReady = containersReadyCondition(pod, statuses, phase);
  return [
    { type: 'PodReadyToStartContainers', status: hasNetwork ? 'True' : 'False' },
    initializedCondition(pod, statuses, phase),
    readyCondition(pod, containersReady),
    containersReady,
    done('PodScheduled'),
  ];
}

function initializedCondition(pod: Pod, s: ContainerStatuses, phase: Phase): Bare {
  const type = 'Initialized';
  const containers = pod.spec?.initContainers ?? [];
  if (!containers.length || phase === 'Succeeded')
    return containers.length ? { ...done(type), reason: 'PodCompleted' } : done(type);
  const statuses = s.initContainerStatuses ?? [];
  const mainBegun = (s.containerStatuses ?? []).some(
    (c) => c.started || c.lastState?.terminated || c.state?.terminated,
  );
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const c of containers) {
    const status = statuses.find((x) => x.name === c.name);
    if (!status) unknown.push(c.name);
    else if (!initDone(c, status) && !(mainBegun && restartableInit(c))) incomplete.push(c.name);
  }
  return verdict(type, 'ContainersNotInitialized', { incomplete, unknown });
}

const initDone = (c: Container, status: ContainerStatus): boolean =>
  restartableInit(c) ? status.started === true : status.ready;

function containersReadyCondition(pod: Pod, s: ContainerStatuses, phase: Phase): Bare {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  if (!s.containerStatuses) return { type, status: 'False', reason: 'UnknownContainerStatuses' };
  const unknown: string[] = [];
  const unready: string[] = [];
  const look = (c: Container, statuses: ContainerStatus[] | undefined) => {
    const status = statuses?.find((x) => x.name === c.name);
    if (!status) unknown.push(c.name);
    else if (!status.ready) unready.push(c.name);
  };
  for (const c of (pod.spec?.initContainers ?? []).filter(restartableInit)) look(c, s.initContainerStatuses);
  for (const c of pod.spec?.containers ?? []) look(c, s.containerStatuses);
  return verdict(type, 'ContainersNotReady', { unready, unknown });
}

/** All containers, and every condition that a readiness gate names. */
function readyCondition(pod: Pod, containersReady: Bare): Bare {
  const type = 'Ready';
  if (containersReady.status !== 'True') return { ...containersReady, type };
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find((c) => c.type === conditionType);
    if (!found) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (found.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  if (!messages.length) return done(type);
  return { type, status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

/** `containers with unready status: [a b]`, unknown ones first, as upstream says it. */
function verdict(type: string, reason: string, lists: Record<string, string[]>): Bare {
  const words = Object.entries(lists)
    .filter(([, names]) => names.length)
    .sort(([a], [b]) => (a === 'unknown' ? -1 : b === 'unknown' ? 1 : 0))
    .map(([word, names]) => `containers with ${word} status: [${names.join(' ')}]`);
  return words.length ? { type, status: 'False', reason, message: words.join(', ') } : done(type);
}
