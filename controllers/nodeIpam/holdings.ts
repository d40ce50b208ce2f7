// Which Node has which ranges: by what its object says, or by what we have just written. Each range is marked in the pools as often
// as Nodes hold it, and no other way. No I/O.
// Mirrors: nodeReservedCIDRs and the cidrsets of pkg/controller/nodeipam/ipam/range_allocator.go. Used by: nodeIpam.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import type { CidrPool } from './cidrPool.ts';

export interface Holdings {
  /** The Node's object says so. */
  set(name: string, cidrs: string[]): void;
  /** The Node is gone. */
  clear(name: string): void;
  /** One range of each pool: the same again after a write whose fate is not known. Undefined when a pool has none left. */
  take(name: string): string[] | undefined;
  /** The Node did not get them. Nothing happens when it has others by now. */
  giveBack(name: string, cidrs: string[]): void;
  /** Nobody knows whether the Node got them: they stay its own, and may be written again. */
  doubt(name: string, cidrs: string[]): void;
  /** It has ranges, or they are on their way. */
  isSure(name: string): boolean;
}

export function createHoldings(pools: readonly CidrPool[]): Holdings {
  const held = new Map<string, string[]>();
  const doubtful = new Set<string>();
  const release = (cidrs: readonly (string | undefined)[] = []) => {
    for (const cidr of cidrs) if (cidr) for (const pool of pools) pool.release(cidr);
  };
  const clear = (name: string) => {
    release(held.get(name));
    held.delete(name);
    doubtful.delete(name);
  };
  const takeNew = (name: string) => {
    const taken = pools.map((pool) => pool.take());
    if (taken.includes(undefined)) return release(taken);
    held.set(name, taken as string[]);
    return taken as string[];
  };
  return {
    set(name, cidrs) {
      doubtful.delete(name);
      if (deepEqual(held.get(name), cidrs)) return;
      clear(name);
      held.set(name, cidrs);
      for (const cidr of cidrs) for (const pool of pools) pool.occupy(cidr);
    },
    clear,
    take(name) {
      doubtful.delete(name);
      return held.get(name) ?? (takeNew(name) || undefined);
    },
    giveBack: (name, cidrs) => (held.get(name) === cidrs ? clear(name) : undefined),
    doubt: (name, cidrs) => void (held.get(name) === cidrs && doubtful.add(name)),
    isSure: (name) => held.has(name) && !doubtful.has(name),
  };
}
