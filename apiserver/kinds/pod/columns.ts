// The line of a pod in `kubectl get pods`: how far it has come, in one word, and how often it was restarted.
// Mirrors: printPod in pkg/printers/internalversion/printers.go.
// Called by: ../pod.ts.
import { ageColumn, column, nameColumn, since } from '../columns.ts';
import type { Column, TableRowCondition } from '../kind.ts';

interface Summary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** RFC 3339; empty when nothing ended before. */
  lastRestart: string;
}

const isSidecar = (container: any) => container?.restartPolicy === 'Always';
const isTrue = (pod: any, type: string) =>
  (pod.status?.conditions ?? []).some((c: any) => c.type === type && c.status === 'True');
const later = (a: string, b: string | undefined) => (b && (a === '' || Date.parse(b) > Date.parse(a)) ? b : a);
const endedBefore = (status: any): string | undefined => status.lastState?.terminated?.finishedAt;

function endReason(ended: any, prefix = ''): string {
  if (ended.reason) return prefix + ended.reason;
  return ended.signal ? `${prefix}Signal:${ended.signal}` : `${prefix}ExitCode:${ended.exitCode ?? 0}`;
}

/** Init containers in order; the first that is not done says why. False: all are done. */
function lookAtInit(pod: any, sum: Summary, sidecars: { restarts: number; last: string }): boolean {
  const specs = new Map<string, any>((pod.spec?.initContainers ?? []).map((c: any) => [c.name, c]));
  const statuses: any[] = pod.status?.initContainerStatuses ?? [];
  for (let i = 0; i < statuses.length; i++) {
    const status = statuses[i];
    const sidecar = isSidecar(specs.get(status.name));
    sum.restarts += status.restartCount ?? 0;
    sum.lastRestart = later(sum.lastRestart, endedBefore(status));
    if (sidecar) {
      sidecars.restarts += status.restartCount ?? 0;
      sidecars.last = later(sidecars.last, endedBefore(status));
    }
    const { terminated, waiting } = status.state ?? {};
    if (terminated && !terminated.exitCode) continue;
    if (sidecar && status.started) {
      if (status.ready) sum.ready++;
      continue;
    }
    if (terminated) sum.reason = endReason(terminated, 'Init:');
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') sum.reason = `Init:${waiting.reason}`;
    else sum.reason = `Init:${i}/${specs.size}`;
    return true;
  }
  return false;
}

/** The main containers, last first, so that the first one's trouble is what shows. */
function lookAtMain(pod: any, sum: Summary): void {
  let running = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    sum.restarts += status.restartCount ?? 0;
    sum.lastRestart = later(sum.lastRestart, endedBefore(status));
    const { terminated, waiting, running: runs } = status.state ?? {};
    if (waiting?.reason) sum.reason = waiting.reason;
    else if (terminated) sum.reason = endReason(terminated);
    else if (status.ready && runs) {
      running = true;
      sum.ready++;
    }
  }
  if (sum.reason === 'Completed' && running) sum.reason = isTrue(pod, 'Ready') ? 'Running' : 'NotReady';
}

export function summarize(pod: any): Summary {
  const { spec = {}, status = {} } = pod;
  const total = (spec.containers ?? []).length + (spec.initContainers ?? []).filter(isSidecar).length;
  const sum: Summary = { ready: 0, total, reason: status.reason || status.phase || '', restarts: 0, lastRestart: '' };
  if (status.conditions?.some((c: any) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated'))
    sum.reason = 'SchedulingGated';
  const sidecars = { restarts: 0, last: '' };
  const initializing = lookAtInit(pod, sum, sidecars);
  if (!initializing || isTrue(pod, 'Initialized')) {
    sum.restarts = sidecars.restarts;
    sum.lastRestart = sidecars.last;
    lookAtMain(pod, sum);
  }
  if (pod.metadata?.deletionTimestamp) {
    if (status.reason === 'NodeLost') sum.reason = 'Unknown';
    else if (status.phase !== 'Failed' && status.phase !== 'Succeeded') sum.reason = 'Terminating';
  }
  return sum;
}

function restartsText(pod: any, now: number): string {
  const { restarts, lastRestart } = summarize(pod);
  return restarts && lastRestart ? `${restarts} (${since(lastRestart, now)} ago)` : String(restarts);
}

function readinessGates(pod: any): string {
  const gates: any[] = pod.spec?.readinessGates ?? [];
  if (!gates.length) return '<none>';
  const met = gates.filter(
    (gate) => (pod.status?.conditions ?? []).find((c: any) => c.type === gate.conditionType)?.status === 'True',
  );
  return `${met.length}/${gates.length}`;
}

export const podColumns: readonly Column[] = [
  nameColumn,
  column('Ready', 'Containers that are ready, of all that keep running.', (pod) => {
    const { ready, total } = summarize(pod);
    return `${ready}/${total}`;
  }),
  column('Status', 'How the pod fares: its phase, or what keeps it from the next one.', (pod) => summarize(pod).reason),
  column('Restarts', 'How often its containers were restarted, and when last.', restartsText),
  ageColumn,
  column('IP', 'Its address in the pod network.', (pod) => pod.status?.podIPs?.[0]?.ip || '<none>', 1),
  column('Node', 'The node that it runs on.', (pod) => pod.spec?.nodeName || '<none>', 1),
  column(
    'Nominated Node',
    'The node that is being cleared for it.',
    (pod) => pod.status?.nominatedNodeName || '<none>',
    1,
  ),
  column('Readiness Gates', 'Conditions of others that it waits for: met, of all.', readinessGates, 1),
];

const completed = (reason: string, message: string): readonly TableRowCondition[] => [
  { type: 'Completed', status: 'True', reason, message },
];
const byPhase = new Map([
  ['Succeeded', completed('Succeeded', 'The pod has completed successfully.')],
  ['Failed', completed('Failed', 'The pod failed.')],
]);

/** A pod that has ended says so beside its cells. */
export const podRowConditions = (pod: any): readonly TableRowCondition[] | undefined => byPhase.get(pod.status?.phase);
