// What pods use, as the runtime counts it: /stats/summary for people, /metrics/resource for the metrics API.
// Reads: CRI ListContainerStats, the machine. Mirrors: pkg/kubelet/server/stats (summary.go), metrics/collectors/resource_metrics.go.
// Next: server.ts.
import { freemem, loadavg, totalmem } from 'node:os';
import { toTime } from '../../apimachinery/clock.ts';
import type { ContainerStats } from '../../cri/types.ts';
import { labelNames } from '../container/labels.ts';
import type { KubeletContext } from '../context.ts';

const time = (ns: bigint | undefined, now: number): string => toTime(ns ? Number(ns / 1_000_000n) : now);
const count = (v: { value: bigint } | null | undefined): number => Number(v?.value ?? 0n);

export async function statsSummary(k: KubeletContext): Promise<object> {
  const { stats } = await k.cri.runtime.listContainerStats({});
  const now = k.clock.now();
  const pods = new Map<string, { podRef: object; containers: object[]; startTime?: string }>();
  for (const s of stats) {
    const l = s.attributes?.labels ?? {};
    const uid = l[labelNames.podUid];
    if (!uid) continue;
    const podRef = { name: l[labelNames.podName], namespace: l[labelNames.podNamespace], uid };
    const pod = pods.get(uid) ?? { podRef, containers: [] };
    pods.set(uid, pod);
    pod.containers.push(containerSummary(s, l[labelNames.containerName] ?? '', now));
  }
  const node = {
    nodeName: k.config.nodeName,
    memory: {
      time: toTime(now),
      availableBytes: freemem(),
      usageBytes: totalmem() - freemem(),
      workingSetBytes: totalmem() - freemem(),
    },
    cpu: { time: toTime(now), usageNanoCores: Math.round((loadavg()[0] ?? 0) * 1e9) },
  };
  return { node, pods: [...pods.values()] };
}

const containerSummary = (s: ContainerStats, name: string, now: number) => ({
  name,
  cpu: {
    time: time(s.cpu?.timestamp, now),
    usageNanoCores: count(s.cpu?.usageNanoCores),
    usageCoreNanoSeconds: count(s.cpu?.usageCoreNanoSeconds),
  },
  memory: {
    time: time(s.memory?.timestamp, now),
    usageBytes: count(s.memory?.usageBytes),
    workingSetBytes: count(s.memory?.workingSetBytes),
    rssBytes: count(s.memory?.rssBytes),
  },
});

/** The text exposition format that metrics-server reads. */
export async function resourceMetrics(k: KubeletContext): Promise<string> {
  const { stats } = await k.cri.runtime.listContainerStats({});
  const cpu: string[] = [];
  const memory: string[] = [];
  for (const s of stats) {
    const l = s.attributes?.labels ?? {};
    if (!l[labelNames.podUid]) continue;
    const labels = `{container="${l[labelNames.containerName]}",namespace="${l[labelNames.podNamespace]}",pod="${l[labelNames.podName]}"}`;
    const at = (ns: bigint | undefined) => Number((ns ?? 0n) / 1_000_000n);
    cpu.push(
      `container_cpu_usage_seconds_total${labels} ${count(s.cpu?.usageCoreNanoSeconds) / 1e9} ${at(s.cpu?.timestamp)}`,
    );
    memory.push(
      `container_memory_working_set_bytes${labels} ${count(s.memory?.workingSetBytes)} ${at(s.memory?.timestamp)}`,
    );
  }
  const used = totalmem() - freemem();
  return [
    '# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds',
    '# TYPE container_cpu_usage_seconds_total counter',
    ...cpu,
    '# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes',
    '# TYPE container_memory_working_set_bytes gauge',
    ...memory,
    '# HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes',
    '# TYPE node_memory_working_set_bytes gauge',
    `node_memory_working_set_bytes ${used} ${k.clock.now()}`,
    '',
  ].join('\n');
}
