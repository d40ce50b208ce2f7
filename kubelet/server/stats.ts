// What pods use, as the runtime counts it: /stats/summary for people.
// Reads: CRI ListContainerStats, the machine. Mirrors: pkg/kubelet/server/stats (summary.go).
// Used by: server.ts. Beside it: resourceMetrics.ts, the same for the metrics API.
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
