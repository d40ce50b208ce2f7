// Which domain of a topology each node is in, as numbers: sums over all nodes by zone or host are then sums over arrays.
// Kept along with the snapshot: looked at again only where nodes changed. Reads: the snapshot's labels.
// Used by: plugins that spread or group pods, which need such sums in every cycle. See podCounter.ts, which counts what they add up.
import type { NodeInfo } from './nodeInfo.ts';
import type { Snapshot } from './snapshot.ts';

export const noDomain = -1;

/** The domains of one topology key. Do not keep: the next call of `topology` may change them. */
export interface Domains {
  /** By the position of the node in `snapshot.nodes`; `noDomain` where the label is missing. */
  readonly ids: Int32Array;
  /** Ids are less than this. */
  readonly count: number;
  /** The domain of a node of the snapshot. */
  idOf(node: NodeInfo): number;
}

export type Topology = (key: string) => Domains;

export function createTopology(snapshot: Snapshot): Topology {
  const known = new Map<string, () => Domains>();
  return (key) => {
    let domains = known.get(key);
    if (!domains) {
      domains = followKey(snapshot, key);
      known.set(key, domains);
    }
    return domains();
  };
}

function followKey(snapshot: Snapshot, key: string): () => Domains {
  let ids = new Int32Array(0);
  let byValue = new Map<string, number>();
  let epoch = -1;
  let seen = 0;

  function look(position: number): void {
    const value = snapshot.nodes[position]!.node!.metadata.labels?.[key];
    if (value === undefined) {
      ids[position] = noDomain;
      return;
    }
    let id = byValue.get(value);
    if (id === undefined) {
      id = byValue.size;
      byValue.set(value, id);
    }
    ids[position] = id;
  }

  return () => {
    const changes = epoch === snapshot.epoch ? snapshot.changesSince(seen) : undefined;
    if (changes) for (const position of changes) look(position);
    else {
      ids = new Int32Array(snapshot.nodes.length);
      byValue = new Map();
      for (let i = 0; i < ids.length; i++) look(i);
    }
    epoch = snapshot.epoch;
    seen = snapshot.changeCount;
    return {
      ids,
      count: byValue.size,
      idOf: (node) => ids[node.position]!,
    };
  };
}
