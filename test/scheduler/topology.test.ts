// The domains of nodes as numbers: after any changes of the snapshot they say what the labels say.
import { expect, it } from 'vitest';
import { emptyNodeInfo, withNode } from '../../scheduler/nodeInfo.ts';
import { createSnapshot } from '../../scheduler/snapshot.ts';
import { createTopology, noDomain } from '../../scheduler/topology.ts';

const info = (name: string, rack: number, zone: number) => {
  const labels = { 'topology.kubernetes.io/zone': `z${zone}`, ...(rack && { rack: `r${rack}` }) };
  return withNode(emptyNodeInfo(name), { metadata: { name, labels } } as never);
};

it('follows nodes that come, change and go', () => {
  const snapshot = createSnapshot();
  const topology = createTopology(snapshot);
  let state = 7;
  const random = (n: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor(state / 1000) % n;
  };
  for (let round = 0; round < 300; round++) {
    const name = `n${random(20)}`;
    const isGone = random(6) === 0;
    snapshot.update([[name, isGone ? undefined : info(name, random(5), random(3))]]);
    if (random(3) === 0) continue;
    const { ids, count, idOf } = topology('rack');
    const byRack = new Map<string, number>();
    snapshot.nodes.forEach((node, at) => {
      const rack = node.node!.metadata.labels?.['rack'];
      expect(node.position).toBe(at);
      expect(ids[at]).toBe(idOf(node));
      if (rack === undefined) expect(ids[at]).toBe(noDomain);
      else expect(byRack.get(rack) ?? ids[at]).toBe(ids[at]);
      if (rack !== undefined) byRack.set(rack, ids[at]!);
    });
    expect(new Set(byRack.values()).size).toBe(byRack.size);
    expect(Math.max(noDomain, ...ids)).toBeLessThan(count || 1);
  }
});
