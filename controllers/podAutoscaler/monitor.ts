// The autoscaler's own numbers: how often it looked, what came of it, how long it took, and the same of each kind of metric.
// Mirrors: pkg/controller/podautoscaler/monitor. Used by: podAutoscaler.ts (a look), metrics.ts (a metric).
import type { Clock } from '../../apimachinery/clock.ts';
import { exponential, type Metrics } from '../../component-base/metrics.ts';
import { MetricError } from './metric.ts';

export type Action = 'scale_up' | 'scale_down' | 'none';
type Labels = Record<string, string>;

export interface Monitor {
  /** Times `work` and counts it under the action it resolves to; one that rejects, or tells of an error, under that. */
  look<T extends { action: Action; error?: Error }>(work: () => Promise<T>): Promise<T>;
  /** Resolves with a MetricError where `work` rejects with one. */
  metric<T extends { replicas: number }>(
    type: string,
    current: number,
    work: () => Promise<T>,
  ): Promise<T | MetricError>;
  autoscalers(count: number): void;
}

const action = "The label 'action' should be either 'scale_down', 'scale_up', or 'none'.";
const error = "Also, the label 'error' should be either 'spec', 'internal', or 'none'.";
const first = 'Note that if both spec and internal errors happen, the first one to occur is reported in `error` label.';

export const actionOf = (from: number, to: number): Action =>
  to > from ? 'scale_up' : to < from ? 'scale_down' : 'none';

const errorOf = (e: unknown): string =>
  e === undefined ? 'none' : e instanceof MetricError && e.reason === 'InvalidMetricSourceType' ? 'spec' : 'internal';

export function createMonitor(metrics: Metrics | undefined, clock: Clock): Monitor {
  const reconciliations = pair(metrics, 'reconciliation', 'reconciliation', 'reconciliations of HPA controller', []);
  const computations = pair(metrics, 'metric_computation', 'metric computation', 'metric computations', [
    'metric_type',
  ]);
  const total = metrics?.gauge(
    'horizontal_pod_autoscaler_controller_num_horizontal_pod_autoscalers',
    'Current number of controlled HPA objects.',
  );
  const since = (start: number) => (clock.now() - start) / 1000;
  return {
    async look(work) {
      const start = clock.now();
      try {
        const result = await work();
        reconciliations({ action: result.action, error: errorOf(result.error) }, since(start));
        return result;
      } catch (e) {
        reconciliations({ action: 'none', error: errorOf(e) }, since(start));
        throw e;
      }
    },
    async metric(type, current, work) {
      const start = clock.now();
      const result = await work().catch((e) => {
        if (e instanceof MetricError) return e;
        throw e;
      });
      const failed = result instanceof MetricError;
      const labels = {
        action: failed ? 'none' : actionOf(current, result.replicas),
        error: errorOf(failed ? result : undefined),
      };
      computations({ ...labels, metric_type: type }, since(start));
      return result;
    },
    autoscalers: (count) => total?.set(count),
  };
}

/** A counter and a histogram that are told together. */
function pair(metrics: Metrics | undefined, name: string, one: string, many: string, more: string[]) {
  const labels = ['action', 'error', ...more];
  const prefix = 'horizontal_pod_autoscaler_controller';
  const plural = name === 'reconciliation' ? 'reconciliations' : name;
  const counter = metrics?.counter(
    `${prefix}_${plural}_total`,
    `Number of ${many}. ${action} ${error} ${first}`,
    labels,
  );
  const histogram = metrics?.histogram(
    `${prefix}_${name}_duration_seconds`,
    `The time(seconds) that the HPA controller takes for one ${one}. ${action} ${error} ${first}`,
    labels,
    exponential(0.001, 2, 15),
  );
  return (values: Labels, seconds: number) => {
    counter?.inc(values);
    histogram?.observe(values, seconds);
  };
}
