// The devices there are: ResourceSlices as pools, each in its newest generation, and which pools a node can reach.
// Pure. Reads: resourceslices. Mirrors: structured/internal/stable/pools_stable.go (GatherPools), which looks at all slices for each node.
// Next: requests.ts and search.ts take devices from the pools.
import { parseNodeSelector } from '../../../../apimachinery/nodeSelector.ts';
import type { Node, ResourceSlice } from '../../../../apimachinery/types.ts';
import { type Candidate, deviceKey } from './types.ts';

/** A pool as one node sees it. */
export interface Pool {
  /** `driver/pool` */
  id: string;
  /** Its driver is publishing it anew: not all slices of the generation are there. */
  isIncomplete: boolean;
  /** Two of its devices have one name. */
  isInvalid: boolean;
  /** Those of the slices that are for this node. */
  candidates: readonly Candidate[];
}

export interface Inventory {
  /** By id. The same values for the same node. */
  poolsFor(node: Node): readonly Pool[];
}

/** Slices of one pool, of one generation. */
interface Generation {
  id: string;
  number: number;
  slices: ResourceSlice[];
  isIncomplete: boolean;
  isInvalid: boolean;
}

export function createInventory(slices: readonly ResourceSlice[]): Inventory {
  const pools = newestGenerations(slices);
  const isWide = (s: ResourceSlice) => !s.spec.nodeName;
  const wide = pools.filter((p) => p.slices.some(isWide));
  const ofNode = new Map<string, Set<Generation>>();
  for (const pool of pools)
    for (const { spec } of pool.slices)
      if (spec.nodeName) ofNode.set(spec.nodeName, (ofNode.get(spec.nodeName) ?? new Set()).add(pool));
  const seen = new WeakMap<Node, readonly Pool[]>();
  return {
    poolsFor(node) {
      let found = seen.get(node);
      if (!found) {
        const reachable = new Set([...wide, ...(ofNode.get(node.metadata.name) ?? [])]);
        found = [...reachable]
          .map((pool) => asSeenFrom(pool, node))
          .filter((pool) => pool !== undefined)
          .sort((a, b) => (a.id < b.id ? -1 : 1));
        seen.set(node, found);
      }
      return found;
    },
  };
}

/** Kinds of node selection of gates that are off are passed over. */
const isKnown = ({ spec }: ResourceSlice) => !spec.perDeviceNodeSelection;

function newestGenerations(slices: readonly ResourceSlice[]): Generation[] {
  const pools = new Map<string, Generation>();
  for (const slice of slices.filter(isKnown)) {
    const { driver, pool } = slice.spec;
    const id = `${driver}/${pool.name}`;
    const found = pools.get(id);
    if (found && found.number > pool.generation) continue;
    if (found?.number === pool.generation) found.slices.push(slice);
    else pools.set(id, { id, number: pool.generation, slices: [slice], isIncomplete: false, isInvalid: false });
  }
  for (const pool of pools.values()) {
    pool.slices.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    pool.isIncomplete = pool.slices.length !== pool.slices[0]!.spec.pool.resourceSliceCount;
    const names = pool.slices.flatMap((s) => (s.spec.devices ?? []).map((d) => d.name));
    pool.isInvalid = new Set(names).size < names.length;
  }
  return [...pools.values()];
}

function asSeenFrom(pool: Generation, node: Node): Pool | undefined {
  const { id, isIncomplete, isInvalid } = pool;
  const slices = pool.slices.filter((slice) => isFor(slice, node));
  if (!slices.length) return undefined;
  return { id, isIncomplete, isInvalid, candidates: slices.flatMap(candidatesOf) };
}

function isFor({ spec }: ResourceSlice, node: Node): boolean {
  if (spec.nodeName) return spec.nodeName === node.metadata.name;
  if (spec.allNodes) return true;
  return spec.nodeSelector !== undefined && parseNodeSelector(spec.nodeSelector).matches(node);
}

/** Devices that use what only a gate that is off can account for are not given to anybody. */
const candidatesOf = (slice: ResourceSlice): Candidate[] =>
  (slice.spec.devices ?? [])
    .filter((d) => !d.consumesCounters?.length && !d.bindingConditions?.length)
    .map((device) => {
      const { driver, pool } = slice.spec;
      const id = { driver, pool: pool.name, device: device.name, key: deviceKey(driver, pool.name, device.name) };
      return { id, device, slice };
    });
