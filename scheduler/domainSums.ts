// Amounts of nodes summed up by the domains of a topology, kept along with the snapshot: a cycle takes off what changed nodes had
// and adds what they have. Reads: the snapshot, topology.ts.
// Used by: plugins that group pods, for which upstream sums over all nodes in every cycle. See podCounter.ts for amounts by node.
import type { NodeInfo } from './nodeInfo.ts';
import type { Snapshot } from './snapshot.ts';
import { type Domains, noDomain, type Topology } from './topology.ts';

/** Do not change, and do not keep: the next cycle does. */
export interface DomainSums {
  domains: Domains;
  /** By the id of the domain. */
  sums: Float64Array;
  /** How many nodes that have the label have any amount. */
  nonzero: number;
}

export interface DomainSummer {
  /** The sums for `what`; `amountOf` must be the same for the same `what`. */
  sum(what: string, topologyKey: string, amountOf: (node: NodeInfo) => number): DomainSums;
  /** When what `amountOf` reads besides the node has changed. */
  clear(): void;
}

/** The sums used last are kept, so that pods of one workload share theirs. */
export function createDomainSummer(snapshot: Snapshot, topology: Topology, most = 128): DomainSummer {
  const known = new Map<string, () => DomainSums>();
  return {
    sum(what, topologyKey, amountOf) {
      const key = `${topologyKey} ${what}`;
      const sums = known.get(key) ?? follow(snapshot, () => topology(topologyKey), amountOf);
      known.delete(key);
      known.set(key, sums);
      if (known.size > most) known.delete(known.keys().next().value!);
      return sums();
    },
    clear: () => known.clear(),
  };
}

function follow(snapshot: Snapshot, domainsNow: () => Domains, amountOf: (node: NodeInfo) => number): () => DomainSums {
  /** What each position was counted with. */
  let amounts = new Int32Array(0);
  let ids = new Int32Array(0);
  let sums = new Float64Array(0);
  let nonzero = 0;
  let epoch = -1;
  let seen = 0;

  function add(id: number, n: number, sign: 1 | -1): void {
    if (id === noDomain || n === 0) return;
    sums[id]! += sign * n;
    nonzero += sign;
  }

  function look(position: number, domains: Domains): void {
    add(ids[position]!, amounts[position]!, -1);
    ids[position] = domains.ids[position]!;
    amounts[position] = amountOf(snapshot.nodes[position]!);
    add(ids[position]!, amounts[position]!, 1);
  }

  function forget(nodes: number): void {
    amounts = new Int32Array(nodes);
    ids = new Int32Array(nodes).fill(noDomain);
    sums = new Float64Array(0);
    nonzero = 0;
  }

  return () => {
    const domains = domainsNow();
    const changes = epoch === snapshot.epoch ? snapshot.changesSince(seen) : undefined;
    if (!changes) forget(snapshot.nodes.length);
    if (sums.length < domains.count) {
      const larger = new Float64Array(domains.count);
      larger.set(sums);
      sums = larger;
    }
    if (changes) for (const position of changes) look(position, domains);
    else for (let i = 0; i < amounts.length; i++) look(i, domains);
    epoch = snapshot.epoch;
    seen = snapshot.changeCount;
    return { domains, sums, nonzero };
  };
}
