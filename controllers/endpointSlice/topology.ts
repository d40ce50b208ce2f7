// Hints by the capacity of zones (`service.kubernetes.io/topology-mode: Auto`): each zone gets endpoints in proportion to its CPUs,
// its own first, and none gets so few that they would be overloaded. What hints are right stay where they are. Pure.
// Mirrors: staging/src/k8s.io/endpointslice/topologycache. Used by: endpointSlice.ts; next: zones.ts, the arithmetic.
import type { Endpoint, EndpointSlice, Service } from '../../apimachinery/types.ts';
import type { SlicePlan } from './plan.ts';
import { type Allocation, allocate, givingAndReceiving, type Zones } from './zones.ts';

/** The older annotation wins where both are. */
export function wantsZoneHints({ metadata }: Service): boolean {
  const all = metadata.annotations ?? {};
  const value = all['service.kubernetes.io/topology-aware-hints'] ?? all['service.kubernetes.io/topology-mode'];
  return value === 'Auto' || value === 'auto';
}

export interface HintEvent {
  type: 'Normal' | 'Warning';
  reason: 'TopologyAwareHintsEnabled' | 'TopologyAwareHintsDisabled';
  message: string;
}

export interface Hinted {
  event?: HintEvent;
  /** How many endpoints each zone has now; undefined: there are no hints. */
  zones?: Zones;
}

export const hintsOff = (why: string, addressType: string): HintEvent => ({
  type: 'Warning',
  reason: 'TopologyAwareHintsDisabled',
  message: `${why}, addressType: ${addressType}`,
});

/**
 * Puts hints on what `plan` writes for this family, and adds slices to it whose hints are wrong. `ratios`: the part of all CPUs that
 * each zone has. `wereOn`: there were hints before.
 */
export function addZoneHints(plan: SlicePlan, addressType: string, ratios: Zones | undefined, wereOn: boolean): Hinted {
  const written = () => [...plan.create, ...plan.update].filter((s) => s.addressType === addressType);
  const kept = plan.kept.filter((s) => s.addressType === addressType);
  const giveUp = (why: string): Hinted => {
    for (const slice of kept) if (slice.endpoints?.some((e) => e.hints)) rewrite(plan, slice);
    for (const slice of written()) slice.endpoints = slice.endpoints?.map(withoutHints);
    return { event: hintsOff(why, addressType) };
  };
  const ready = [...written(), ...kept].flatMap((s) => s.endpoints ?? []).filter(isReady);
  const allocations = allocate(ready.length, ratios);
  if (typeof allocations === 'string') return giveUp(allocations);
  const counts: Zones = new Map();
  for (const slice of kept) {
    const own = hintsOf(slice, counts, allocations);
    if (own) for (const [zone, n] of own) add(counts, zone, n);
    else rewrite(plan, slice);
  }
  for (const slice of written()) {
    if (slice.endpoints?.some((e) => isReady(e) && !e.zone))
      return giveUp('One or more endpoints do not have a zone specified');
    slice.endpoints = slice.endpoints?.map((e) => {
      if (!isReady(e)) return withoutHints(e);
      add(counts, e.zone!, 1);
      return hinted(e, e.zone!);
    });
  }
  redistribute(written(), counts, allocations);
  if (!counts.size) return giveUp('No hints allocated for zones');
  const message = `Topology Aware Hints has been enabled, addressType: ${addressType}`;
  return {
    zones: counts,
    ...(wereOn ? {} : { event: { type: 'Normal', reason: 'TopologyAwareHintsEnabled', message } }),
  };
}

const isReady = (e: Endpoint): boolean => e.conditions?.ready === true;
const hinted = (e: Endpoint, zone: string): Endpoint => ({ ...e, hints: { forZones: [{ name: zone }] } });
const withoutHints = ({ hints: _, ...e }: Endpoint): Endpoint => e;
const add = (zones: Zones, zone: string, n: number) => zones.set(zone, (zones.get(zone) ?? 0) + n);

/** A slice that was right is written after all; the cached object stays as it is. */
function rewrite(plan: SlicePlan, slice: EndpointSlice): void {
  plan.kept.splice(plan.kept.indexOf(slice), 1);
  plan.update.push({ ...slice, metadata: { ...slice.metadata } });
}

/** The hints of a slice, by zone; undefined when they are not all there, or give a zone more than it may have. */
function hintsOf(slice: EndpointSlice, counts: Zones, allocations: Map<string, Allocation>): Zones | undefined {
  const own: Zones = new Map();
  for (const endpoint of (slice.endpoints ?? []).filter(isReady)) {
    const zones = endpoint.hints?.forZones ?? [];
    if (!zones.length || zones.some(({ name }) => !allocations.has(name))) return undefined;
    for (const { name } of zones) add(own, name, 1);
  }
  for (const [zone, n] of own) if (n + (counts.get(zone) ?? 0) > allocations.get(zone)!.maximum) return undefined;
  return own;
}

/** Endpoints of zones that have more than they need serve those that have fewer. */
function redistribute(slices: readonly EndpointSlice[], counts: Zones, allocations: Map<string, Allocation>): void {
  const { giving, receiving } = givingAndReceiving(allocations, counts);
  for (const slice of slices)
    slice.endpoints = slice.endpoints?.map((e) => {
      const to = [...receiving.keys()].sort()[0];
      if (!isReady(e) || to === undefined || !giving.has(e.zone!)) return e;
      take(giving, e.zone!);
      take(receiving, to);
      add(counts, e.zone!, -1);
      add(counts, to, 1);
      return hinted(e, to);
    });
}

function take(zones: Zones, zone: string): void {
  const left = zones.get(zone)! - 1;
  if (left > 0) zones.set(zone, left);
  else zones.delete(zone);
}
