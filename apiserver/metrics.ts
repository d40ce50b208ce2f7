// What the server counts of itself, under upstream's names, in Prometheus' text.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go. Read at /metrics.
import type { FeatureGates } from '../component-base/featureGates.ts';
import { Counter, exposition, Gauge, Histogram, Registry } from '../component-base/promClient.ts';
import { requestLabels } from './metricLabels.ts';
import type { ApiRequest } from './request.ts';
import { isLongRunning } from './requestInfo.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** A request has ended; `ms` since it came. */
  request(req: ApiRequest, code: number, ms: number): void;
  /** An APIService is not available any more. */
  apiServiceLost(name: string, reason: string): void;
}

const seconds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

export function createMetrics(sources: {
  watches(): number;
  /** By resource and group (`deployments.apps`). */
  objects(): Map<string, number>;
  features: FeatureGates;
  apiServices(): { name: string; available: boolean }[];
}): Metrics {
  const registry = new Registry();
  const labels = ['component', 'verb', 'group', 'version', 'resource', 'subresource', 'scope'] as const;
  const total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests by verb, resource, scope and answer code.',
    labelNames: [...labels, 'dry_run', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'How long requests took, watches left out.',
    labelNames: [...labels, 'dry_run'],
    buckets: seconds,
    registers: [registry],
  });
  new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches that are open now.',
    labelNames: ['verb'],
    registers: [registry],
    collect() {
      this.set({ verb: 'WATCH' }, sources.watches());
    },
  });
  new Gauge({
    name: 'apiserver_storage_objects',
    help: 'Objects by resource.',
    labelNames: ['resource'],
    registers: [registry],
    collect() {
      // A resource may have gone with its definition.
      this.reset();
      for (const [resource, count] of sources.objects()) this.set({ resource }, count);
    },
  });
  new Gauge({
    name: 'aggregator_unavailable_apiservice',
    help: 'APIServices by name: 1 when not available.',
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, available } of sources.apiServices()) this.set({ name }, Number(!available));
    },
  });
  const lost = new Counter({
    name: 'aggregator_unavailable_apiservice_total',
    help: 'How often an APIService has become unavailable, by name and reason.',
    labelNames: ['name', 'reason'],
    registers: [registry],
  });
  const features = new Gauge({
    name: 'kubernetes_feature_enabled',
    help: 'Feature gates by name and stage: 1 when on.',
    labelNames: ['name', 'stage'],
    registers: [registry],
  });
  for (const { name, stage, enabled } of sources.features.list()) features.set({ name, stage }, Number(enabled));
  return {
    contentType: registry.contentType,
    text: exposition(registry),
    apiServiceLost: (name, reason) => lost.inc({ name, reason }),
    request(req, code, ms) {
      if (!req.info) return;
      const of = requestLabels(req);
      total.inc({ ...of, code });
      if (!isLongRunning(req.info)) duration.observe(of, ms / 1000);
    },
  };
}
