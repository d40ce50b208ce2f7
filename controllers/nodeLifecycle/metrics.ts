// How many Nodes of each zone are well, and how many were tainted for eviction: under the names that dashboards know.
// Mirrors: pkg/controller/nodelifecycle/metrics.go. Written by: nodeLifecycle.ts.
import type { Metrics } from '../../component-base/metrics.ts';
import type { ZoneCount } from './zones.ts';

export interface LifecycleMetrics {
  zones(counts: readonly ZoneCount[]): void;
  evicted(zone: string): void;
}

export function lifecycleMetrics(metrics: Metrics): LifecycleMetrics {
  const labels = ['zone'] as const;
  const size = metrics.gauge(
    'node_collector_zone_size',
    'Gauge measuring number of registered Nodes per zones.',
    labels,
  );
  const health = metrics.gauge(
    'node_collector_zone_health',
    'Gauge measuring percentage of healthy nodes per zone.',
    labels,
  );
  const unhealthy = metrics.gauge(
    'node_collector_unhealthy_nodes_in_zone',
    'Gauge measuring number of not Ready Nodes per zones.',
    labels,
  );
  const evictions = metrics.counter(
    'node_collector_evictions_total',
    'Number of Node evictions that happened since current instance of NodeController started.',
    labels,
  );
  let known = new Set<string>();
  return {
    zones(counts) {
      for (const zone of known) size.set({ zone }, 0);
      for (const { zone, size: all, unhealthy: bad } of counts) {
        size.set({ zone }, all);
        health.set({ zone }, all ? (100 * (all - bad)) / all : 100);
        unhealthy.set({ zone }, bad);
        evictions.inc({ zone }, 0);
      }
      known = new Set(counts.map((c) => c.zone));
    },
    evicted: (zone) => evictions.inc({ zone }),
  };
}
