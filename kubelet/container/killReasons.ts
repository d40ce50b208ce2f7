// Why a running container must end: its definition changed, a probe gave it up, or nobody knows its state.
// Reads: pod, container, record, probe results. Writes: one line of the plan. Pure.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go. Next: computePodActions.ts, initActions.ts.
import type { Container, Pod } from '../../apimachinery/types.ts';
import { containerHash } from './containerHash.ts';
import type { ContainerRecord } from './records.ts';
import { restartableInit, restartsAfterExit } from './restartPolicy.ts';

export type ProbeOutcome = 'success' | 'failure' | 'unknown';

/** What the probes found of a running container; undefined when it has no such probe or no result yet. */
export interface ProbeView {
  liveness(id: string): ProbeOutcome | undefined;
  startup(id: string): ProbeOutcome | undefined;
}

export interface KillPlan {
  record: ContainerRecord;
  container: Container;
  /** The text of the Killing event. */
  message: string;
  reason: 'livenessProbe' | 'startupProbe' | 'definitionChanged' | 'unknownState' | 'podKilled';
}

export const unknownKill = (container: Container, record: ContainerRecord): KillPlan => ({
  record,
  container,
  reason: 'unknownState',
  message: 'Container is in unknown state, try killing it before starting another one',
});

/** Why a running container must end: its definition changed, or a probe gave it up. */
export function whyKill(
  pod: Pod,
  container: Container,
  record: ContainerRecord,
  probes: ProbeView,
): { reason: KillPlan['reason']; message: string; restart: boolean } | undefined {
  const ended = (reason: KillPlan['reason'], what: string, restart: boolean) => ({
    reason,
    restart,
    message: `Container ${container.name} ${what}${restart ? ', will be restarted' : ''}`,
  });
  if (record.hash && record.hash !== containerHash(container)) {
    return ended('definitionChanged', 'definition changed', true);
  }
  const restart = restartableInit(container) || restartsAfterExit(pod, container, 137);
  if (probes.liveness(record.id) === 'failure') return ended('livenessProbe', 'failed liveness probe', restart);
  if (probes.startup(record.id) === 'failure') return ended('startupProbe', 'failed startup probe', restart);
  return undefined;
}
