// Random nodes that come and go, writes that fail or are stored without an answer, events that come late, restarts: no two nodes
// ever share an address, and in the end each has its ranges.
import { expect, it } from 'vitest';
import { type CIDR, parseCIDR } from '../../apimachinery/ipFormat.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Node } from '../../apimachinery/types.ts';
import { ConnectionError } from '../../client/client.ts';
import { nodeIpamController } from '../../controllers/nodeIpam/nodeIpam.ts';

/** Numerical Recipes' generator: a seed tells the whole story again. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Handler = { added?(n: Node): void; updated?(n: Node, old: Node): void; deleted?(n: Node): void };
const refused = (reason: string, code: number) =>
  new StatusError({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: reason } as never);

function world(seed: number) {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const stored = new Map<string, Node>();
  let revision = 0;
  let events: { node: Node; gone: boolean }[] = [];
  const change = (node: Node, gone = false) => {
    node.metadata.resourceVersion = String(++revision);
    if (gone) stored.delete(node.metadata.name);
    else stored.set(node.metadata.name, node);
    events.push({ node: structuredClone(node), gone });
    noOverlap([...stored.values()]);
  };

  const patch = async (_r: unknown, name: string, _ns: unknown, _type: string, body: any) => {
    const luck = random();
    if (luck < 0.1) throw new ConnectionError('refused');
    if (luck < 0.2) throw refused('InternalError', 500);
    const node = stored.get(name);
    if (!node) throw refused('NotFound', 404);
    const { uid, resourceVersion } = body.metadata;
    if (node.metadata.uid !== uid || node.metadata.resourceVersion !== resourceVersion) throw refused('Conflict', 409);
    change({ ...structuredClone(node), spec: { ...node.spec, ...body.spec } });
    if (luck < 0.3) throw new ConnectionError('no answer');
    if (luck < 0.35) throw refused('InternalError', 500);
    return stored.get(name);
  };

  /** A controller from its start: a list of what is there, then events. */
  function start() {
    const cache = new Map([...stored].map(([name, node]) => [name, structuredClone(node)]));
    const handlers: Handler[] = [];
    const informers = {
      informer: () => ({ get: (name: string) => cache.get(name), addHandler: (h: Handler) => handlers.push(h) }),
    };
    const context = { informers, client: { patch }, events: { event() {} } } as never;
    const controller = nodeIpamController({
      clusterCidrs: ['10.0.0.0/20', 'fd00::/52'],
      serviceCidrs: ['10.0.1.0/25'],
      prefix: { 4: random() < 0.5 ? 24 : 25, 6: 64 },
    });
    controller.setup!(context, () => {});
    events = [];
    for (const node of cache.values()) for (const h of handlers) h.added?.(node);
    return {
      deliver() {
        const { node, gone } = events.shift() ?? {};
        if (!node) return false;
        const name = node.metadata.name;
        const old = cache.get(name);
        if (gone) cache.delete(name);
        else cache.set(name, node);
        for (const h of handlers)
          if (gone) h.deleted?.(node);
          else if (old && old.metadata.uid === node.metadata.uid) h.updated?.(node, old);
          else {
            if (old) h.deleted?.(old);
            h.added?.(node);
          }
        return true;
      },
      reconcile: (name: string) => controller.reconcile(name, context).catch(() => undefined),
    };
  }
  return { random, pick, stored, change, start };
}

const size = (r: CIDR) => 1n << BigInt((r.family === 4 ? 32 : 128) - r.prefix);
function noOverlap(nodes: readonly Node[]): void {
  const all = [...nodes.flatMap((n) => n.spec?.podCIDRs ?? []), '10.0.1.0/25'].map((text) => parseCIDR(text)!);
  for (const [i, a] of all.entries())
    for (const b of all.slice(i + 1))
      if (a.family === b.family && a.base < b.base + size(b) && b.base < a.base + size(a))
        throw new Error(`overlap: ${JSON.stringify(nodes.map((n) => n.spec?.podCIDRs))}`);
}

it.each(Array.from({ length: 40 }, (_, i) => i))('seed %d', async (seed) => {
  const w = world(seed);
  let controller = w.start();
  let made = 0;
  for (let step = 0; step < 400; step++) {
    const luck = w.random();
    const some = w.pick([...w.stored.values()]);
    if (luck < 0.15 && w.stored.size < 10)
      w.change({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: `n${made % 12}`, uid: String(made++) },
        spec: {},
      } as Node);
    else if (luck < 0.22 && some) w.change(some, true);
    else if (luck < 0.3 && some) w.change(structuredClone(some));
    else if (luck < 0.32) controller = w.start();
    else if (luck < 0.65) controller.deliver();
    else if (some) await controller.reconcile(some.metadata.name);
  }
  for (let round = 0; round < 60; round++) {
    while (controller.deliver());
    for (const name of w.stored.keys()) await controller.reconcile(name);
  }
  const lacking = [...w.stored.values()].filter((n) => n.spec?.podCIDRs?.length !== 2);
  expect(lacking).toEqual([]);
});
