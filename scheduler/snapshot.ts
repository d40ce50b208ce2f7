// What one scheduling cycle sees: the nodes in an order that takes turns between zones. Brought up to date node by node.
// Reads: the cache's changed nodes. Mirrors: pkg/scheduler/backend/cache/snapshot.go and node_tree.go.
// Used by: schedule.ts and plugins. Next: podCounter.ts, which keeps counts along with it.
import type { NodeInfo } from './nodeInfo.ts';

export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  get(name: string): NodeInfo | undefined;
  /** Nodes that carry pods with (anti-)affinity to pods. */
  readonly withAffinity: ReadonlySet<string>;
  /** Grows when `nodes` gets another order or length. */
  readonly epoch: number;
  /** How many changes of single nodes there were. */
  readonly changeCount: number;
  /** The positions that changed after `count` changes; undefined when that is too long ago. */
  changesSince(count: number): readonly number[] | undefined;
  /** `changed` by name; undefined: it is gone. */
  update(changed: Iterable<[string, NodeInfo | undefined]>): void;
}

export function createSnapshot(): Snapshot {
  const known = new Map<string, NodeInfo>();
  const withAffinity = new Set<string>();
  let nodes: NodeInfo[] = [];
  let epoch = 0;
  let log: number[] = [];
  let forgotten = 0;

  function rebuild(): void {
    nodes = takingTurns([...known.values()]);
    for (let i = 0; i < nodes.length; i++) nodes[i]!.position = i;
    epoch++;
  }

  function note(position: number): void {
    log.push(position);
    if (log.length <= 4 * nodes.length + 256) return;
    forgotten += log.length;
    log = [];
  }

  /** True when the order has to be made anew. */
  function set(name: string, info: NodeInfo | undefined): boolean {
    const old = known.get(name);
    if (!info) {
      withAffinity.delete(name);
      return known.delete(name);
    }
    known.set(name, info);
    if (info.podsWithAffinity.length) withAffinity.add(name);
    else withAffinity.delete(name);
    if (!old || old.zone !== info.zone) return true;
    info.position = old.position;
    nodes[old.position] = info;
    note(old.position);
    return false;
  }

  return {
    get nodes() {
      return nodes;
    },
    get epoch() {
      return epoch;
    },
    get changeCount() {
      return forgotten + log.length;
    },
    withAffinity,
    get: (name) => known.get(name),
    changesSince: (count) => (count < forgotten ? undefined : log.slice(count - forgotten)),
    update(changed) {
      let moved = false;
      for (const [name, info] of changed) moved = set(name, info) || moved;
      if (moved) rebuild();
    },
  };
}

/** One node of each zone, then the next of each: so that a search that stops early has seen all zones. */
function takingTurns(nodes: NodeInfo[]): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const node of nodes) {
    const zone = zones.get(node.zone);
    if (zone) zone.push(node);
    else zones.set(node.zone, [node]);
  }
  if (zones.size < 2) return nodes;
  const ordered: NodeInfo[] = [];
  for (let i = 0; ordered.length < nodes.length; i++)
    for (const zone of zones.values()) if (zone[i]) ordered.push(zone[i]!);
  return ordered;
}
