// Usage of simulated containers: what the annotations cpu and memory say, for as long as the container has run.
// Reads: node.ts, life.ts. Mirrors: containerd internal/cri/server/container_stats*.go, sandbox_stats*.go.
// Used by: runtimeService.ts.
import type { Sent, ServiceImplementation } from '../cri/messages.ts';
import type { ContainerStats, PodSandboxStats, RuntimeServiceMethods } from '../cri/types.ts';
import { toNanos } from './clock.ts';
import { select } from './containers.ts';
import type { Life } from './life.ts';
import type { SimulatedNode } from './node.ts';
import type { ContainerRecord, SandboxRecord } from './records.ts';
import { matches } from './status.ts';

interface Usage {
  cores: number;
  coreNanos: number;
  bytes: number;
}

export function statsMethods(node: SimulatedNode, life: Life): ServiceImplementation<RuntimeServiceMethods> {
  const container = (c: ContainerRecord) => containerStats(node, c, usage(node, life, c));
  const sandbox = (s: SandboxRecord) => sandboxStats(node, life, s, container);
  return {
    containerStats: ({ containerId }) => ({ stats: container(node.container(containerId)) }),
    listContainerStats: ({ filter }) => ({
      stats: select(node, filter?.id, filter?.podSandboxId)
        .filter((c) => c.state === 'running' && matches(c.labels, filter?.labelSelector))
        .map(container),
    }),
    podSandboxStats: ({ podSandboxId }) => ({ stats: sandbox(node.sandbox(podSandboxId)) }),
    listPodSandboxStats: ({ filter }) => ({
      stats: [...node.sandboxes.values()]
        .filter(
          (s) => s.ready && (!filter?.id || s.id.startsWith(filter.id)) && matches(s.labels, filter?.labelSelector),
        )
        .map(sandbox),
    }),
    // No metrics of its own beside the stats above.
    listMetricDescriptors: () => ({ descriptors: [] }),
    listPodSandboxMetrics: () => ({ podMetrics: [] }),
  };
}

function usage(node: SimulatedNode, life: Life, c: ContainerRecord): Usage {
  if (c.state !== 'running') return { cores: 0, coreNanos: 0, bytes: 0 };
  const { cpu, memory } = life.behaviourOf(c);
  const micros = node.host.clock.now() - c.startedAt;
  return { cores: cpu, coreNanos: Math.round(micros * 1000 * cpu), bytes: Math.round(memory) };
}

const cpuAndMemory = (node: SimulatedNode, u: Usage) => {
  const timestamp = toNanos(node.host.clock.now());
  return {
    cpu: {
      timestamp,
      usageCoreNanoSeconds: { value: u.coreNanos },
      usageNanoCores: { value: Math.round(u.cores * 1e9) },
    },
    memory: {
      timestamp,
      workingSetBytes: { value: u.bytes },
      usageBytes: { value: u.bytes },
      rssBytes: { value: u.bytes },
      pageFaults: { value: 0 },
      majorPageFaults: { value: 0 },
    },
  };
};

const containerStats = (node: SimulatedNode, c: ContainerRecord, u: Usage): Sent<ContainerStats> => ({
  attributes: {
    id: c.id,
    metadata: { name: c.name, attempt: c.attempt },
    labels: c.labels,
    annotations: c.annotations,
  },
  ...cpuAndMemory(node, u),
  writableLayer: {
    timestamp: toNanos(node.host.clock.now()),
    fsId: { mountpoint: node.host.rootDir },
    usedBytes: { value: 0 },
    inodesUsed: { value: 0 },
  },
});

function sandboxStats(
  node: SimulatedNode,
  life: Life,
  s: SandboxRecord,
  container: (c: ContainerRecord) => Sent<ContainerStats>,
): Sent<PodSandboxStats> {
  const running = node.containersOf(s.id).filter((c) => c.state === 'running');
  const all = running.map((c) => usage(node, life, c));
  const sum = (of: (u: Usage) => number) => all.reduce((total, u) => total + of(u), 0);
  const total = { cores: sum((u) => u.cores), coreNanos: sum((u) => u.coreNanos), bytes: sum((u) => u.bytes) };
  return {
    attributes: { id: s.id, metadata: s.metadata, labels: s.labels, annotations: s.annotations },
    linux: {
      ...cpuAndMemory(node, total),
      process: { timestamp: toNanos(node.host.clock.now()), processCount: { value: running.length } },
      containers: running.map(container),
    },
  };
}
