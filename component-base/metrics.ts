// The numbers a daemon shows under /metrics, on prom-client, with upstream's names.
// Mirrors: staging/src/k8s.io/component-base/metrics and client-go's metrics (workqueue, rest client, leader election).
// Written by client/runner.ts and others; read by healthServer.ts.
import type * as PromClient from 'prom-client';
import { Counter, exposition, Gauge, Histogram, Registry } from './promClient.ts';
import { reportedVersion } from './version.ts';

export interface Metrics {
  registry: PromClient.Registry;
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): PromClient.Counter<L>;
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): PromClient.Gauge<L>;
  /** Buckets in the unit of the metric's name, seconds as a rule. */
  histogram<L extends string>(
    name: string,
    help: string,
    labels?: readonly L[],
    buckets?: number[],
  ): PromClient.Histogram<L>;
  /** Called before each look, for numbers that are worth counting only then. */
  onLook(update: () => void): void;
  /** The text exposition format. */
  text(): Promise<string>;
}

/** A metric asked for twice is the same one. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const known = new Map<string, unknown>();
  const once = <T>(name: string, make: () => T): T => {
    if (!known.has(name)) known.set(name, make());
    return known.get(name) as T;
  };
  const looks: (() => void)[] = [];
  const write = exposition(registry);
  const metrics: Metrics = {
    registry,
    counter: (name, help, labels = []) =>
      once(name, () => new Counter({ name, help, labelNames: labels, registers: [registry] })),
    gauge: (name, help, labels = []) =>
      once(name, () => new Gauge({ name, help, labelNames: labels, registers: [registry] })),
    histogram: (name, help, labels = [], buckets = defaultBuckets) =>
      once(name, () => new Histogram({ name, help, labelNames: labels, buckets, registers: [registry] })),
    onLook: (update) => void looks.push(update),
    text() {
      for (const update of looks) update();
      return write();
    },
  };
  metrics
    .gauge('kubernetes_build_info', 'A metric with a constant 1 value, labeled by the version that is spoken.', [
      'major',
      'minor',
      'git_version',
      'platform',
    ])
    .set(
      { major: '1', minor: '35', git_version: reportedVersion(), platform: `${process.platform}/${process.arch}` },
      1,
    );
  return metrics;
}

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Seconds from `from` on, `count` buckets, each `factor` times the one before. */
export const exponential = (from: number, factor: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from * factor ** i);
