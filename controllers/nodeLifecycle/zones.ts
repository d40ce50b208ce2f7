// How fast Nodes may be emptied, zone by zone: slower where much is broken, not at all where everything is. Pure but for its tokens.
// Mirrors: ComputeZoneState, handleDisruption and the RateLimitedTimedQueue of pkg/controller/nodelifecycle.
// Used by: nodeLifecycle.ts.
import type { Node } from '../../apimachinery/types.ts';
import { readyOf } from './health.ts';

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

export interface EvictionRates {
  /** Nodes a second. */
  normal: number;
  secondary: number;
  largeCluster: number;
  unhealthyThreshold: number;
}

/** Nodes with this label do not count when it is asked how much of a zone is broken. */
const excluded = 'node.kubernetes.io/exclude-disruption';

export const zoneOf = (node: Node): string => {
  const label = (name: string) => node.metadata.labels?.[`topology.kubernetes.io/${name}`] ?? '';
  return label('region') || label('zone') ? `${label('region')}:\u0000:${label('zone')}` : '';
};

export function zoneState(ready: readonly boolean[], threshold: number): ZoneState {
  const bad = ready.filter((r) => !r).length;
  if (bad === ready.length && bad > 0) return 'FullDisruption';
  return bad > 2 && bad / ready.length >= threshold ? 'PartialDisruption' : 'Normal';
}

/** A zone in numbers. */
export interface ZoneCount {
  zone: string;
  size: number;
  unhealthy: number;
}

export interface Zones {
  /** Looks at all Nodes anew. */
  update(nodes: readonly Node[]): ZoneCount[];
  /** Every zone is wholly broken: more likely it is us who see nothing. */
  readonly calm: boolean;
  /** May one more Node of this zone be tainted now? Counts it if so. */
  mayEvict(node: Node, now: number): boolean;
  /** Milliseconds until the next Node of this zone may be; undefined: none will be as things are. */
  wait(node: Node): number | undefined;
}

export function createZones(rates: EvictionRates): Zones {
  let zones = new Map<string, { rate: number; tokens: number; at: number }>();
  let calm = false;
  return {
    update(nodes) {
      const byZone = new Map<string, boolean[]>();
      for (const node of nodes) {
        const zone = byZone.get(zoneOf(node)) ?? [];
        byZone.set(zoneOf(node), zone);
        if (node.metadata.labels?.[excluded] === undefined) zone.push(readyOf(node)?.status === 'True');
      }
      const next = new Map<string, { rate: number; tokens: number; at: number }>();
      const states: ZoneState[] = [];
      for (const [zone, ready] of byZone) {
        const state = zoneState(ready, rates.unhealthyThreshold);
        if (ready.length) states.push(state);
        const small = ready.length <= rates.largeCluster;
        const rate = state === 'PartialDisruption' ? (small ? 0 : rates.secondary) : rates.normal;
        const before = zones.get(zone);
        next.set(zone, { tokens: before?.tokens ?? 1, at: before?.at ?? 0, rate });
      }
      zones = next;
      calm = states.length > 0 && states.every((s) => s === 'FullDisruption');
      return [...byZone].map(([zone, ready]) => ({
        zone,
        size: ready.length,
        unhealthy: ready.filter((r) => !r).length,
      }));
    },
    get calm() {
      return calm;
    },
    mayEvict(node, now) {
      const zone = zones.get(zoneOf(node));
      if (calm || !zone || zone.rate === 0) return false;
      zone.tokens = zone.at ? Math.min(1, zone.tokens + ((now - zone.at) / 1000) * zone.rate) : zone.tokens;
      zone.at = now;
      if (zone.tokens < 1) return false;
      zone.tokens -= 1;
      return true;
    },
    wait(node) {
      const rate = calm ? 0 : zones.get(zoneOf(node))?.rate;
      return rate ? 1000 / rate : undefined;
    },
  };
}
