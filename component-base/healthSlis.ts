// How the health checks went, for /metrics/slis: the last outcome of each, and how often it was which.
// Mirrors: staging/src/k8s.io/component-base/metrics/prometheus/slis. Written and served by healthServer.ts.
import { Counter, Gauge, Registry } from './promClient.ts';

export interface HealthSlis {
  /** `type` is the page: healthz, livez or readyz. */
  observe(name: string, type: string, ok: boolean): void;
  /** The text exposition format. */
  text(): Promise<string>;
}

export function createHealthSlis(): HealthSlis {
  const registry = new Registry();
  const last = new Gauge({
    name: 'kubernetes_healthcheck',
    help: 'This metric records the result of a single healthcheck.',
    labelNames: ['name', 'type'],
    registers: [registry],
  });
  const total = new Counter({
    name: 'kubernetes_healthchecks_total',
    help: 'This metric records the results of all healthcheck.',
    labelNames: ['name', 'type', 'status'],
    registers: [registry],
  });
  return {
    observe(name, type, ok) {
      last.set({ name, type }, ok ? 1 : 0);
      total.inc({ name, type, status: ok ? 'success' : 'error' });
    },
    text: () => registry.metrics(),
  };
}
