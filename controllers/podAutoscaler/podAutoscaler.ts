// Keeps as many pods of something as its metrics ask for: looks at each HorizontalPodAutoscaler every 15 seconds.
// Reads: horizontalpodautoscalers, pods. Writes: what sync.ts writes. Mirrors: pkg/controller/podautoscaler/horizontal.go.
// Next along the chain: sync.ts; then the controller of what was scaled, such as deployment/.
import { nothing, type Selector } from '../../apimachinery/labelSelector.ts';
import { horizontalPodAutoscalers, pods } from '../../apimachinery/resources.ts';
import type { HorizontalPodAutoscaler } from '../../apimachinery/types.ts';
import { type Controller, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import type { AutoscalerOptions } from './flags.ts';
import { createKinds } from './kinds.ts';
import type { Memory } from './memory.ts';
import { createMetricsClient } from './metricsClient.ts';
import { createMonitor } from './monitor.ts';
import { type SyncDeps, sync } from './sync.ts';

export function podAutoscaler(options: AutoscalerOptions): Controller {
  const memories = new Map<string, Memory>();
  const selectors = new Map<string, Selector>();
  let deps: SyncDeps;
  return {
    name: 'horizontal-pod-autoscaler-controller',
    serviceAccount: 'horizontal-pod-autoscaler',
    eventSource: 'horizontal-pod-autoscaler',
    workers: options.workers,
    watches: [
      // No event is acted upon at once: everything waits for its next turn.
      watch({ resource: horizontalPodAutoscalers, keys: () => [] }),
      watch({ resource: pods, keys: () => [] }),
    ],
    setup({ client, clock, informers, metrics: numbers }, enqueue) {
      const kinds = createKinds(client, clock);
      const monitor = createMonitor(numbers, clock);
      const metrics = createMetricsClient(client, kinds, clock);
      deps = { options, kinds, metrics, monitor, memories, selectors };
      const later = (hpa: HorizontalPodAutoscaler) => {
        // One that was not looked at yet takes no pods, so it makes no other ambiguous.
        if (!selectors.has(keyOf(hpa))) selectors.set(keyOf(hpa), nothing);
        monitor.autoscalers(selectors.size);
        enqueue(keyOf(hpa), { after: options.syncPeriod });
      };
      informers.informer(horizontalPodAutoscalers).addHandler({
        added: later,
        updated: later,
        deleted: (hpa) => {
          memories.delete(keyOf(hpa));
          selectors.delete(keyOf(hpa));
          monitor.autoscalers(selectors.size);
        },
      });
    },
    async reconcile(key, { informers, ...context }) {
      const hpa = informers.informer(horizontalPodAutoscalers).get(key);
      if (!hpa) return undefined;
      const look = () => sync(hpa, { informers, ...context }, deps);
      const { error } = await deps.monitor.look(look).catch((e: Error) => ({ error: e }));
      if (error) context.log.debug({ key, error: error.message }, 'autoscaler could not be reconciled');
      return { after: options.syncPeriod };
    },
  };
}
