// When what made endpoints change happened: the Ready transition of a pod, or the making of the Service. Metrics of how long
// the network takes to follow are made from it. Remembers what was seen, so that each change is told once.
// Mirrors: staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go. Used by: endpoints/ and endpointSlice/.
import type { Pod, Service } from '../../apimachinery/types.ts';

export const lastChangeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

export interface TriggerTimes {
  /** The earliest of the changes since the last call for this Service; undefined when there is none. Times as the API writes them. */
  next(key: string, service: Service, pods: readonly Pod[]): string | undefined;
  forget(key: string): void;
}

interface Seen {
  service: string;
  pods: Map<string, string>;
}

export function createTriggerTimes(): TriggerTimes {
  const known = new Map<string, Seen>();
  return {
    next(key, service, pods) {
      const old = known.get(key);
      const created = service.metadata.creationTimestamp ?? '';
      const times = new Map<string, string>();
      const changed: string[] = [];
      for (const pod of pods) {
        const at = pod.status?.conditions?.find((c) => c.type === 'Ready')?.lastTransitionTime;
        if (!at) continue;
        times.set(pod.metadata.name, at);
        if (at > (old?.pods.get(pod.metadata.name) ?? '')) changed.push(at);
      }
      known.set(key, { service: created, pods: times });
      if (!old) return created || undefined;
      if (created > old.service) changed.push(created);
      return changed.sort()[0];
    },
    forget: (key) => void known.delete(key),
  };
}

/** The annotations with it; without a time, without it. */
export function withTriggerTime(annotations: Record<string, string> | undefined, time: string | undefined) {
  const { [lastChangeAnnotation]: _, ...rest } = annotations ?? {};
  return time ? { ...rest, [lastChangeAnnotation]: time } : rest;
}
