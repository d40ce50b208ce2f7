// Syncs as numbers, with upstream's names.
// Mirrors: pkg/proxy/metrics/metrics.go. Used by: main.ts, as one of those who hear of each sync.
import { exponential, type Metrics } from '../component-base/metrics.ts';
import type { ReportSync } from './reportSync.ts';

export function syncMetrics(metrics: Metrics): ReportSync {
  const family = ['ip_family'] as const;
  const duration = metrics.histogram(
    'kubeproxy_sync_proxy_rules_duration_seconds',
    'Duration of a sync of the rules, in seconds.',
    family,
    exponential(0.001, 2, 15),
  );
  const last = metrics.gauge(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    'When the rules were last synced, in seconds since the epoch.',
    family,
  );
  const total = metrics.gauge('kubeproxy_sync_proxy_rules_iptables_total', 'Rules that are in force.', family);
  const written = metrics.gauge('kubeproxy_sync_proxy_rules_iptables_last', 'Rules written by the last sync.', family);
  const failures = metrics.counter(
    'kubeproxy_sync_proxy_rules_iptables_restore_failures_total',
    'Syncs that the kernel refused.',
    family,
  );
  return (r) => {
    const labels = { ip_family: r.family };
    duration.observe(labels, (r.finishedAt - r.startedAt) / 1000);
    if (r.error !== undefined) return failures.inc(labels);
    last.set(labels, r.finishedAt / 1000);
    total.set(labels, r.total);
    written.set(labels, r.written);
  };
}
