// Amounts of resources as plain numbers: thousandths of a CPU, bytes, counts. Parsed once a pod or node, never in the loop.
// Reads: quantities of specs and statuses. Mirrors: Resource in pkg/scheduler/framework/types.go.
// Used by: podInfo.ts, nodeInfo.ts and the resource plugins.

import type { Quantity } from '../apimachinery/quantity.ts';
import { amountNumber, amountsOf, type ResourceList } from '../apimachinery/resourceHelpers.ts';

export interface Resources {
  milliCPU: number;
  /** Bytes. */
  memory: number;
  /** Bytes. */
  ephemeralStorage: number;
  /** Pods that a node takes; 0 in what a pod asks for. */
  pods: number;
  /** Extended resources and huge pages; undefined when there are none. Always set: values of one shape are read faster. */
  scalar: ReadonlyMap<string, number> | undefined;
}

export const noResources: Resources = { milliCPU: 0, memory: 0, ephemeralStorage: 0, pods: 0, scalar: undefined };

export function resourcesOf(amounts: ReadonlyMap<string, Quantity>): Resources {
  const r: Resources = { ...noResources };
  const scalar = new Map<string, number>();
  for (const [name, quantity] of amounts) {
    const n = amountNumber(name, quantity);
    if (name === 'cpu') r.milliCPU = n;
    else if (name === 'memory') r.memory = n;
    else if (name === 'ephemeral-storage') r.ephemeralStorage = n;
    else if (name === 'pods') r.pods = n;
    else scalar.set(name, n);
  }
  if (scalar.size) r.scalar = scalar;
  return r;
}

export const resourcesOfList = (list: ResourceList | undefined): Resources => resourcesOf(amountsOf(list));

/** `a + sign * b`, in a new value. */
export const addResources = (a: Resources, b: Resources, sign: 1 | -1): Resources => ({
  milliCPU: a.milliCPU + sign * b.milliCPU,
  memory: a.memory + sign * b.memory,
  ephemeralStorage: a.ephemeralStorage + sign * b.ephemeralStorage,
  pods: a.pods,
  scalar: b.scalar ? addScalars(a.scalar, b.scalar, sign) : a.scalar,
});

function addScalars(a: Resources['scalar'], b: ReadonlyMap<string, number>, sign: 1 | -1): Map<string, number> {
  const sum = new Map(a);
  for (const [name, n] of b) sum.set(name, (sum.get(name) ?? 0) + sign * n);
  return sum;
}

/** The amount of one resource by its API name. */
export function amountOf(r: Resources, name: string): number {
  if (name === 'cpu') return r.milliCPU;
  if (name === 'memory') return r.memory;
  if (name === 'ephemeral-storage') return r.ephemeralStorage;
  if (name === 'pods') return r.pods;
  return r.scalar?.get(name) ?? 0;
}
