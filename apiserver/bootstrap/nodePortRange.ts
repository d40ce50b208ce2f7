// Brings the bitmap of node ports in line with --service-node-port-range and with the Services that there are.
// Reads: Services. Writes: /registry/ranges/servicenodeports. Mirrors: pkg/registry/core/service/portallocator/controller/repair.go.
// Next: ../kinds/service/nodePorts.ts gives ports out.
import { heldPorts } from '../kinds/service/facts.ts';
import { changePorts } from '../kinds/service/nodePorts.ts';
import type { Step } from './step.ts';

/** A port that no Service holds may belong to one that is being made: it is freed when this many looks in a row saw it so. */
const looksBeforeFree = 3;

export function nodePortRange(): Step {
  const leaked = new Map<number, number>();
  return {
    name: 'node-ports',
    every: 180_000,
    async run({ cluster, store, keyPrefix, nodePortRange: range, log }) {
      const held = new Set(cluster.cachedList({ group: '', plural: 'services' }).flatMap(heldPorts));
      const freed = await changePorts(
        { store, keyPrefix },
        (ports) => {
          for (const port of held) if (inRange(port, range)) ports.add(port);
          const lost = ports.ports().filter((port) => !held.has(port));
          const free = lost.filter((port) => (leaked.get(port) ?? 0) + 1 >= looksBeforeFree);
          for (const port of free) ports.remove(port);
          return { lost, free };
        },
        range,
      );
      const seen = freed.lost
        .filter((port) => !freed.free.includes(port))
        .map((port) => [port, (leaked.get(port) ?? 0) + 1] as const);
      leaked.clear();
      for (const [port, looks] of seen) leaked.set(port, looks);
      if (freed.free.length) log.warn({ ports: freed.free }, 'node ports that no Service holds are free again');
    },
  };
}

function inRange(port: number, range: string): boolean {
  const [first, last] = range.split('-').map(Number) as [number, number];
  return port >= first && port <= last;
}
