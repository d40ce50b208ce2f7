// The parts of prom-client that count. Its index loads clustering, a push gateway and quantiles as well: 3 MB in every process.
// Used by: metrics.ts here, and the API server's.
import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';

const load = createRequire(import.meta.url);
const part = (name: string) => load(`prom-client/lib/${name}.js`);

export const Registry: typeof PromClient.Registry = part('registry');
export const Counter: typeof PromClient.Counter = part('counter');
export const Gauge: typeof PromClient.Gauge = part('gauge');
export const Histogram: typeof PromClient.Histogram = part('histogram');

/**
 * The registry's text, with the process's own numbers (CPU, memory, event loop, collections). What they need is loaded, and its
 * timers begin, with the first look: a process that nobody scrapes has none of it.
 */
export function exposition(registry: PromClient.Registry): () => Promise<string> {
  let complete = false;
  return () => {
    if (!complete) part('defaultMetrics')({ register: registry, eventLoopMonitoringPrecision: 100 });
    complete = true;
    return registry.metrics();
  };
}
