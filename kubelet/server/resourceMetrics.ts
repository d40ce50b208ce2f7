// /metrics/resource: what the node, its pods and their containers use, in the form that metrics-server and Prometheus read.
// Reads: the runtime's stats and containers, the machine. Mirrors: pkg/kubelet/metrics/collectors/resource_metrics.go.
// Used by: server.ts. Beside it: stats.ts, the same for people.
import { cpus, freemem, totalmem } from 'node:os';
import type { ContainerStats, CpuUsage, MemoryUsage, PodSandboxStats, SwapUsage } from '../../cri/types.ts';
import { labelNames } from '../container/labels.ts';
import type { KubeletContext } from '../context.ts';

export interface ResourceUsage {
  node: { cpuSeconds: number; memoryBytes: number; at: number };
  containers: readonly ContainerStats[];
  sandboxes: readonly PodSandboxStats[];
  /** Nanoseconds at which each container was made, by its id. */
  started: ReadonlyMap<string, bigint>;
}

export async function resourceMetrics(k: KubeletContext): Promise<string> {
  const { runtime } = k.cri;
  try {
    const [{ stats: containers }, { stats: sandboxes }, all] = await Promise.all([
      runtime.listContainerStats({}),
      runtime.listPodSandboxStats({}),
      runtime.listContainers({}),
    ]);
    const started = new Map(all.containers.map((c) => [c.id, c.createdAt]));
    const node = { cpuSeconds: busySeconds(), memoryBytes: totalmem() - freemem(), at: k.clock.now() };
    return resourceText({ node, containers, sandboxes, started });
  } catch (error) {
    k.log.warn({ error: (error as Error).message }, 'the runtime did not say what its containers use');
    return resourceText(undefined);
  }
}

/** Of all processors since the machine started. */
function busySeconds(): number {
  const busy = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return busy.reduce((a, b) => a + b, 0) / 1000;
}

/** A metric with its help, as upstream has it, and its samples. */
interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  samples: string[];
}

/** undefined: it could not be found out, which is all that is told then. */
export function resourceText(usage: ResourceUsage | undefined): string {
  const failed = usage ? 0 : 1;
  const what = '1 if there was an error while getting container metrics, 0 otherwise';
  const metrics: Metric[] = [
    ...(usage ? [...ofContainers(usage), ...ofNode(usage), ...ofPods(usage)] : []),
    gauge('resource_scrape_error', `[STABLE] ${what}`, [`resource_scrape_error ${failed}`]),
    gauge('scrape_error', `[ALPHA] (Deprecated since 1.29.0) ${what}`, [`scrape_error ${failed}`]),
  ];
  const shown = metrics.filter(({ samples }) => samples.length).sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = shown.flatMap((m) => [`# HELP ${m.name} ${m.help}`, `# TYPE ${m.name} ${m.type}`, ...m.samples]);
  return `${lines.join('\n')}\n`;
}

const gauge = (name: string, help: string, samples: string[]): Metric => ({ name, help, type: 'gauge', samples });
const counter = (name: string, help: string, samples: string[]): Metric => ({ name, help, type: 'counter', samples });

const cpuHelp = (of: string) => `[STABLE] Cumulative cpu time consumed by the ${of} in core-seconds`;
const memoryHelp = (of: string) => `[STABLE] Current working set of the ${of} in bytes`;
const swapHelp = (what: string) => `[ALPHA] ${what} in bytes. Reported only on non-windows systems`;

const ofNode = ({ node: { cpuSeconds, memoryBytes, at } }: ResourceUsage): Metric[] => [
  counter('node_cpu_usage_seconds_total', cpuHelp('node'), [`node_cpu_usage_seconds_total ${cpuSeconds} ${at}`]),
  gauge('node_memory_working_set_bytes', memoryHelp('node'), [`node_memory_working_set_bytes ${memoryBytes} ${at}`]),
];

function ofContainers({ containers, started }: ResourceUsage): Metric[] {
  const named = newest(containers, started).map((s) => ({ ...s, text: labelsOf(s, true) }));
  const starts = named.flatMap(({ attributes, text }) => {
    const at = started.get(attributes?.id ?? '');
    return at ? [`container_start_time_seconds${text} ${Number(at) / 1e9}`] : [];
  });
  return [
    counter('container_cpu_usage_seconds_total', cpuHelp('container'), named.flatMap(cpuOf('container'))),
    gauge('container_memory_working_set_bytes', memoryHelp('container'), named.flatMap(memoryOf('container'))),
    gauge('container_swap_usage_bytes', swapHelp('Current amount of the container swap usage'), named.flatMap(swapOf)),
    gauge('container_start_time_seconds', '[STABLE] Start time of the container since unix epoch in seconds', starts),
  ];
}

function ofPods({ sandboxes }: ResourceUsage): Metric[] {
  const named = sandboxes
    .filter((s) => s.attributes?.labels?.[labelNames.podUid])
    .map((s) => ({ cpu: s.linux?.cpu ?? null, memory: s.linux?.memory ?? null, text: labelsOf(s, false) }));
  return [
    counter('pod_cpu_usage_seconds_total', cpuHelp('pod'), named.flatMap(cpuOf('pod'))),
    gauge('pod_memory_working_set_bytes', memoryHelp('pod'), named.flatMap(memoryOf('pod'))),
  ];
}

/** Of the containers of one name in a pod the last that was made: one that is gone may still be counted by the runtime. */
function newest(all: readonly ContainerStats[], started: ReadonlyMap<string, bigint>): ContainerStats[] {
  const at = (s: ContainerStats) => started.get(s.attributes?.id ?? '') ?? 0n;
  const byName = new Map<string, ContainerStats>();
  for (const s of all) {
    const labels = s.attributes?.labels ?? {};
    if (!labels[labelNames.podUid]) continue;
    const key = `${labels[labelNames.podUid]}/${labels[labelNames.containerName]}`;
    const known = byName.get(key);
    if (!known || at(s) > at(known)) byName.set(key, s);
  }
  return [...byName.values()];
}

function labelsOf({ attributes }: ContainerStats | PodSandboxStats, withContainer: boolean): string {
  const l = attributes?.labels ?? {};
  const container = withContainer ? `container="${l[labelNames.containerName]}",` : '';
  return `{${container}namespace="${l[labelNames.podNamespace]}",pod="${l[labelNames.podName]}"}`;
}

interface Named {
  cpu: CpuUsage | null;
  memory: MemoryUsage | null;
  swap?: SwapUsage | null;
  text: string;
}

const millis = (ns: bigint | undefined): number => Number((ns ?? 0n) / 1_000_000n);

const cpuOf =
  (of: string) =>
  ({ cpu, text }: Named): string[] => {
    const nanos = cpu?.usageCoreNanoSeconds;
    return nanos ? [`${of}_cpu_usage_seconds_total${text} ${Number(nanos.value) / 1e9} ${millis(cpu.timestamp)}`] : [];
  };

const memoryOf =
  (of: string) =>
  ({ memory, text }: Named): string[] => {
    const bytes = memory?.workingSetBytes;
    return bytes ? [`${of}_memory_working_set_bytes${text} ${bytes.value} ${millis(memory.timestamp)}`] : [];
  };

const swapOf = ({ swap, text }: Named): string[] => {
  const bytes = swap?.swapUsageBytes;
  return bytes ? [`container_swap_usage_bytes${text} ${bytes.value} ${millis(swap.timestamp)}`] : [];
};
