// How many endpoints of a Service each zone should have, by the CPUs of its nodes. Pure arithmetic.
// Mirrors: SetNodes, getAllocations, getGivingAndReceivingZones, serviceOverloaded in
// staging/src/k8s.io/endpointslice/topologycache. Used by: topology.ts and endpointSlice.ts.
import { isConditionTrue } from '../../apimachinery/conditions.ts';
import { quantityMilliValue } from '../../apimachinery/quantity.ts';
import type { Node } from '../../apimachinery/types.ts';

/** A number for each zone. */
export type Zones = Map<string, number>;

/** How much more than its part an endpoint may have to bear. */
const overload = 0.2;
const zoneLabel = 'topology.kubernetes.io/zone';
const excluded = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** All of a node that the ratios look at. */
export const capacityOf = (node: Node) => [
  node.metadata.labels?.[zoneLabel],
  excluded.some((label) => node.metadata.labels?.[label] !== undefined),
  isConditionTrue(node.status?.conditions, 'Ready'),
  node.status?.allocatable?.['cpu'],
];

/** The part of all CPUs that each zone has; undefined when there are not two zones, or one node does not say. */
export function cpuRatios(nodes: readonly Node[]): Zones | undefined {
  const cpus: Zones = new Map();
  let all = 0;
  for (const node of nodes) {
    const [zone, isExcluded, ready, allocatable] = capacityOf(node) as [string, boolean, boolean, string];
    if (isExcluded || !ready) continue;
    const cpu = quantityMilliValue(allocatable);
    if (!zone || !cpu) return undefined;
    all += cpu;
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
  }
  if (cpus.size < 2) return undefined;
  return new Map([...cpus].sort().map(([zone, cpu]) => [zone, cpu / all]));
}

export interface Allocation {
  minimum: number;
  maximum: number;
  desired: number;
}

/** What each zone should have of so many endpoints, or why that cannot be. */
export function allocate(endpoints: number, ratios: Zones | undefined): Map<string, Allocation> | string {
  if (!ratios) return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  if (ratios.size < 2) return 'Nodes only ready in one zone';
  const counts = `(${endpoints} endpoints, ${ratios.size} zones)`;
  if (ratios.size > endpoints) return `Insufficient number of endpoints ${counts}`;
  const allocations = new Map<string, Allocation>();
  let spare = endpoints;
  for (const [zone, ratio] of ratios) {
    const desired = ratio * endpoints;
    const minimum = Math.ceil(desired * (1 / (1 + overload)));
    spare -= minimum;
    allocations.set(zone, { minimum, maximum: minimum, desired: Math.max(desired, minimum) });
  }
  if (spare < 0)
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counts}`;
  for (const allocation of allocations.values()) allocation.maximum += spare;
  return allocations;
}

/** How many endpoints which zones give, and which get. */
export function givingAndReceiving(allocations: Map<string, Allocation>, counts: Zones) {
  const more: Zones = new Map();
  const fewer: Zones = new Map();
  for (const [zone, { desired }] of allocations) {
    const difference = (counts.get(zone) ?? 0) - desired;
    if (difference > 0) more.set(zone, difference);
    if (difference < 0) fewer.set(zone, -difference);
  }
  const [giving, receiving]: Zones[] = [new Map(), new Map()];
  for (;;) {
    const [from, give] = most(more);
    const [to, get] = most(fewer);
    if (from === '' || to === '' || (give < 1 && get < 1) || give < 0.5 || get < 0.5)
      return { giving: giving!, receiving: receiving! };
    giving!.set(from, (giving!.get(from) ?? 0) + 1);
    more.set(from, give - 1);
    receiving!.set(to, (receiving!.get(to) ?? 0) + 1);
    fewer.set(to, get - 1);
  }
}

function most(zones: Zones): [zone: string, n: number] {
  let best: [string, number] = ['', 0];
  for (const entry of zones) if (entry[1] > best[1]) best = entry;
  return best;
}

/** Has a zone so few endpoints that they bear too much? */
export function isOverloaded(counts: Zones, ratios: Zones | undefined): boolean {
  if (!counts.size) return false;
  if (!ratios) return true;
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  return [...ratios].some(([zone, ratio]) => {
    const has = counts.get(zone);
    return has === undefined || has < Math.ceil(all * ratio * (1 / (1 + overload)));
  });
}
