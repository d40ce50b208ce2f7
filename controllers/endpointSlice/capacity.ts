// Which zones have how many CPUs, and which Services have their endpoints shared out by them: looked at again as nodes come and go.
// Reads: nodes. Mirrors: TopologyCache in staging/src/k8s.io/endpointslice/topologycache. Used by: endpointSlice.ts; next: topology.ts.
import type { Node, Service } from '../../apimachinery/types.ts';
import type { Enqueue } from '../../client/controller.ts';
import type { SlicePlan } from './plan.ts';
import { addZoneHints, type HintEvent, hintsOff, wantsZoneHints } from './topology.ts';
import { cpuRatios, isOverloaded, type Zones } from './zones.ts';

export interface Capacity {
  /** Nodes came, went or changed: Services of which a zone now bears too much are reconciled. */
  changed(): void;
  /** Puts hints into the plan where the Service asks for them; gives back what to tell. */
  apply(key: string, service: Service, plan: SlicePlan, addressType: string): HintEvent[];
  forget(key: string): void;
}

export function createCapacity(nodes: () => Node[], enqueue: Enqueue): Capacity {
  let ratios: Zones | undefined;
  let stale = true;
  const counts = new Map<string, Map<string, Zones>>();
  const hinted = new Set<string>();
  const current = () => {
    if (stale) ratios = cpuRatios(nodes());
    stale = false;
    return ratios;
  };
  const remove = (key: string, addressType: string) => {
    counts.get(key)?.delete(addressType);
    if (!counts.get(key)?.size) counts.delete(key);
    hinted.delete(key);
  };
  return {
    changed() {
      stale = true;
      for (const [key, families] of counts)
        if ([...families.values()].some((zones) => isOverloaded(zones, current()))) enqueue(key);
    },
    apply(key, service, plan, addressType) {
      if (!wantsZoneHints(service)) {
        const off = hinted.has(key) ? [hintsOff('Topology Aware Hints has been disabled', addressType)] : [];
        remove(key, addressType);
        return off;
      }
      const { event, zones } = addZoneHints(plan, addressType, current(), hinted.has(key));
      if (zones) {
        counts.set(key, (counts.get(key) ?? new Map()).set(addressType, zones));
        hinted.add(key);
      } else remove(key, addressType);
      return event ? [event] : [];
    },
    forget(key) {
      counts.delete(key);
      hinted.delete(key);
    },
  };
}
