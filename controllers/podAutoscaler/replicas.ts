// How many replicas a metric asks for: what is used over what is wanted, times the pods that it was measured on; pods
// without a sample count so that they dampen the move, and never turn it round. Pure.
// Mirrors: pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go. Used by: metric.ts.
import { isPodReady } from '../../apimachinery/podUtil.ts';
import type { Pod } from '../../apimachinery/types.ts';
import { groupPods, type PodGroups, type PodMetrics, type Warmup } from './podGroups.ts';
import { requestsOf } from './requests.ts';

export interface Tolerances {
  up: number;
  down: number;
}

/** What there is now. */
export interface Current {
  replicas: number;
  pods: readonly Pod[];
  tolerances: Tolerances;
  warmup: Warmup;
}

/** `usage` in thousandths: the average of the pods, or the whole where the target is one. */
export interface Proposal {
  replicas: number;
  usage: bigint;
  /** Percent of the requests. */
  utilization?: number;
}

const mostReplicas = 2 ** 31 - 1;
const mostUsage = 2n ** 63n - 1n;
const roundUp = (n: number): number => Math.min(Math.ceil(n), mostReplicas);
const isWithin = ({ up, down }: Tolerances, ratio: number) => 1 - down <= ratio && ratio <= 1 + up;

/** Usage as a percentage of the requests, aimed at `target` percent. Throws Error in upstream's words. */
export function utilizationReplicas(
  now: Current,
  metrics: PodMetrics,
  target: number,
  resource: string,
  container = '',
): Proposal {
  const groups = grouped(now, metrics, resource);
  const requests = requestsOf(now.pods, container, resource);
  const measure = (samples: PodMetrics) => utilizationRatio(samples, requests, target);
  const { ratio, ...usage } = measure(metrics);
  const percent = BigInt(Math.max(100, target));
  const missing = (pod: string) => ((requests.get(pod) ?? 0n) * percent) / 100n;
  return { replicas: dampened(now, metrics, groups, ratio, (m) => measure(m).ratio, missing), ...usage };
}

/** The average of the pods, aimed at `target` thousandths. Throws Error in upstream's words. */
export function averageReplicas(now: Current, metrics: PodMetrics, target: bigint, resource = ''): Proposal {
  const groups = grouped(now, metrics, resource);
  const measure = (samples: PodMetrics) => {
    const usage = total([...samples.values()].map((m) => m.value)) / BigInt(samples.size);
    return { usage, ratio: Number(usage) / Number(target) };
  };
  const { ratio, usage } = measure(metrics);
  return {
    replicas: dampened(
      now,
      metrics,
      groups,
      ratio,
      (m) => measure(m).ratio,
      () => target,
    ),
    usage,
  };
}

/** One value for all pods, aimed at `target`: the ready pods times the ratio, or the ratio itself where there are none. */
export function wholeReplicas(now: Current, usage: bigint, target: bigint): Proposal {
  const ratio = Number(usage) / Number(target);
  if (now.replicas === 0) return { replicas: roundUp(ratio), usage };
  if (isWithin(now.tolerances, ratio)) return { replicas: now.replicas, usage };
  if (!now.pods.length) throw new Error(`unable to calculate ready pods: ${noPods}`);
  const ready = now.pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return { replicas: roundUp(ratio * ready), usage };
}

/** One value divided by the pods of the status, aimed at `target` for each. */
export function sharedReplicas(replicas: number, tolerances: Tolerances, usage: bigint, target: bigint): Proposal {
  const ratio = Number(usage) / (Number(target) * replicas);
  return {
    replicas: isWithin(tolerances, ratio) ? replicas : roundUp(Number(usage) / Number(target)),
    usage: replicas && usage < mostUsage ? (usage + BigInt(replicas) - 1n) / BigInt(replicas) : mostUsage,
  };
}

/** As an int64 holds it. */
export function total(values: readonly bigint[]): bigint {
  const sum = values.reduce((a, b) => a + b, 0n);
  return sum > mostUsage ? mostUsage : sum;
}

const noPods = 'no pods returned by selector while calculating replica count';

/** Takes the samples of pods that do not count out of `metrics`. */
function grouped({ pods, warmup }: Current, metrics: PodMetrics, resource: string): PodGroups {
  if (!pods.length) throw new Error(noPods);
  const groups = groupPods(pods, metrics, resource, warmup);
  for (const name of [...groups.ignored, ...groups.unready]) metrics.delete(name);
  if (!metrics.size) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  return groups;
}

function utilizationRatio(metrics: PodMetrics, requests: Map<string, bigint>, target: number) {
  const known = [...metrics].filter(([pod]) => requests.has(pod));
  const used = total(known.map(([, m]) => m.value));
  const requested = total(known.map(([pod]) => requests.get(pod)!));
  if (requested === 0n) throw new Error('no metrics returned matched known pods');
  const utilization = Number((used * 100n) / requested);
  return { ratio: utilization / target, utilization, usage: used / BigInt(known.length) };
}

/** `missing`: what a pod without a sample counts for on the way down. Adds those samples to `metrics`. */
function dampened(
  { replicas, tolerances }: Current,
  metrics: PodMetrics,
  groups: PodGroups,
  ratio: number,
  measure: (metrics: PodMetrics) => number,
  missing: (pod: string) => bigint,
): number {
  const countUnready = groups.unready.length > 0 && ratio > 1;
  if (!countUnready && !groups.missing.length)
    return isWithin(tolerances, ratio) ? replicas : roundUp(ratio * groups.ready);
  const add = (pod: string, value: bigint) => metrics.set(pod, { value, at: 0, window: 0 });
  for (const pod of groups.missing) if (ratio !== 1) add(pod, ratio < 1 ? missing(pod) : 0n);
  if (countUnready) for (const pod of groups.unready) add(pod, 0n);
  const next = measure(metrics);
  const turned = (ratio < 1 && next > 1) || (ratio > 1 && next < 1);
  if (turned || isWithin(tolerances, next)) return replicas;
  const wanted = roundUp(next * metrics.size);
  return (next < 1 && wanted > replicas) || (next > 1 && wanted < replicas) ? replicas : wanted;
}
