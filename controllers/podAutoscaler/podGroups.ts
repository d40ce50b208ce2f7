// Which pods have samples to go by, and which are too young, silent or on their way out. Pure.
// Mirrors: groupPods in pkg/controller/podautoscaler/replica_calculator.go. Used by: replicas.ts.
import { getPodCondition } from '../../apimachinery/podUtil.ts';
import type { Pod } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';

/** One pod's sample: thousandths, and when and over how many milliseconds it was taken. */
export interface PodMetric {
  value: bigint;
  at: number;
  window: number;
}

/** By pod name. */
export type PodMetrics = Map<string, PodMetric>;

export interface Warmup {
  cpuInitializationPeriod: number;
  initialReadinessDelay: number;
  now: number;
}

export interface PodGroups {
  ready: number;
  /** Not running yet, or, for CPU, with a sample that shows its start rather than its work. */
  unready: string[];
  /** Running, without a sample. */
  missing: string[];
  /** Going or failed. */
  ignored: string[];
}

export function groupPods(pods: readonly Pod[], metrics: PodMetrics, resource: string, warmup: Warmup): PodGroups {
  const groups: PodGroups = { ready: 0, unready: [], missing: [], ignored: [] };
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const metric = metrics.get(name);
    if (deletionTimestamp || pod.status?.phase === 'Failed') groups.ignored.push(name);
    else if (pod.status?.phase === 'Pending') groups.unready.push(name);
    else if (!metric) groups.missing.push(name);
    else if (resource === 'cpu' && isWarmingUp(pod, metric, warmup)) groups.unready.push(name);
    else groups.ready++;
  }
  return groups;
}

function isWarmingUp(pod: Pod, metric: PodMetric, o: Warmup): boolean {
  const condition = getPodCondition(pod, 'Ready');
  const started = timeOf(pod.status?.startTime);
  if (!condition || Number.isNaN(started)) return true;
  const unready = condition.status === 'False';
  const changed = timeOf(condition.lastTransitionTime);
  // In its first minutes the sample must be all of the time since it became ready.
  if (started + o.cpuInitializationPeriod > o.now) return unready || metric.at < changed + metric.window;
  // Later on one that is unready counts, unless it never was ready.
  return unready && started + o.initialReadinessDelay > changed;
}
