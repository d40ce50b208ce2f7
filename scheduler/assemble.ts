// Puts a scheduler together: cache, queue, profiles with their plugins, and the handlers that feed them.
// Used by: main.ts, and by tests and benches that bring a client of their own. Mirrors: New in pkg/scheduler/scheduler.go.
import type { Clock } from '../apimachinery/clock.ts';
import type { Client } from '../client/client.ts';
import { createEventRecorder } from '../client/eventRecorder.ts';
import type { InformerFactory } from '../client/informer.ts';
import { defaultFeatureGates, type FeatureGates } from '../component-base/featureGates.ts';
import type { Logger } from '../component-base/logger.ts';
import type { Metrics } from '../component-base/metrics.ts';
import { createCache } from './cache.ts';
import type { ProfileConfig, SchedulerConfig } from './config.ts';
import { listen } from './eventHandlers.ts';
import { createExtender } from './extender.ts';
import type { Handle } from './framework.ts';
import { createSchedulerMetrics } from './metrics.ts';
import { createNominations } from './nominations.ts';
import { createProfiles } from './profiles.ts';
import { createQueue } from './queue.ts';
import type { Scheduler } from './scheduler.ts';
import { createSnapshot } from './snapshot.ts';
import { createWhy } from './why.ts';

export interface Parts {
  /** For writes: must refuse them once the lead is lost. */
  client: Client;
  informers: InformerFactory;
  clock: Clock;
  random(): number;
  log: Logger;
  signal: AbortSignal;
  metrics?: Metrics;
  maxInUnschedulable?: number;
  gates?: FeatureGates;
}

/** The informers are asked for, not started. Throws UsageError when the configuration does not hold. */
export function assemble(config: SchedulerConfig, parts: Parts): Scheduler {
  const { informers, clock, metrics } = parts;
  const cache = createCache();
  const snapshot = createSnapshot();
  const nominations = createNominations();
  const extenders = config.extenders.map((e) => createExtender(e, parts.signal));
  parts.signal.addEventListener('abort', () => extenders.forEach((e) => void e.close()), { once: true });
  const handles = new Map<string, Handle>();
  const handleFor = (component: string): Handle => {
    const handle = {
      gates: defaultFeatureGates,
      ...parts,
      snapshot,
      nominations,
      events: createEventRecorder({ ...parts, component }),
      extenders,
    };
    handles.set(component, handle);
    return handle;
  };
  const profiles = createProfiles(withIgnored(config), handleFor);
  const { initialBackoff, maxBackoff, bindsInFlight } = config;
  const queue = createQueue({ clock, initialBackoff, maxBackoff, maxInUnschedulable: parts.maxInUnschedulable });
  const pods = listen({ informers, cache, queue, nominations, profiles });
  const numbers = metrics && createSchedulerMetrics(metrics, queue, () => clock.now());
  const why = createWhy({ handles, profiles, cache, queue, pods });
  return { handles, cache, queue, pods, why, bindsInFlight, ...(numbers && { metrics: numbers }) };
}

/** What an extender watches over alone is not looked at by NodeResourcesFit. */
function withIgnored({ profiles, extenders }: SchedulerConfig): readonly ProfileConfig[] {
  const ignored = extenders.flatMap((e) => e.ignoredResources);
  if (!ignored.length) return profiles;
  return profiles.map((profile) => {
    const { NodeResourcesFit: args = {} } = profile.pluginArgs;
    const ignoredResources = [...(args.ignoredResources ?? []), ...ignored];
    return { ...profile, pluginArgs: { ...profile.pluginArgs, NodeResourcesFit: { ...args, ignoredResources } } };
  });
}
