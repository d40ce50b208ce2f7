// Tells kubelets by an annotation of their Nodes how long they may keep Secrets and ConfigMaps: longer the more nodes there are.
// Reads: nodes. Writes: nodes' annotation. Mirrors: pkg/controller/ttl/ttl_controller.go.
// Next along the chain: the kubelet, which reads it.
import { nodes } from '../apimachinery/resources.ts';
import { type Controller, type Enqueue, watch } from '../client/controller.ts';
import type { InformerFactory } from '../client/informer.ts';
import { tolerate } from './common/errors.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';

/** The sizes overlap, so that a cluster on the edge does not go to and fro. */
const steps = [
  { from: 0, to: 100, seconds: 0 },
  { from: 90, to: 500, seconds: 15 },
  { from: 450, to: 1000, seconds: 30 },
  { from: 900, to: 2000, seconds: 60 },
  { from: 1800, to: 10_000, seconds: 300 },
  { from: 9000, to: Number.POSITIVE_INFINITY, seconds: 600 },
] as const;

/** The step for this many nodes, coming from step `now`. */
export function stepFor(count: number, now: number): number {
  let step = now;
  while (count > steps[step]!.to) step++;
  while (count < steps[step]!.from) step--;
  return step;
}
export const secondsOf = (step: number): number => steps[step]!.seconds;

export function ttlController(): Controller {
  let step = 0;
  const count = (informers: InformerFactory, enqueue: Enqueue) => {
    const all = informers.informer(nodes).list();
    const next = stepFor(all.length, step);
    if (next === step) return;
    step = next;
    for (const node of all) enqueue(node.metadata.name);
  };
  return {
    name: 'ttl-controller',
    workers: 5,
    watches: [watch({ resource: nodes, keys: (node) => [node.metadata.name] })],
    setup({ informers }, enqueue) {
      const recount = () => count(informers, enqueue);
      informers.informer(nodes).addHandler({ added: recount, deleted: recount });
    },
    async reconcile(key, { client, informers }) {
      const value = String(secondsOf(step));
      const node = informers.informer(nodes).get(key);
      if (!node || node.metadata.annotations?.[annotation] === value) return;
      const patch = { metadata: { annotations: { [annotation]: value } } };
      await tolerate(['NotFound'], client.patch(nodes, key, undefined, 'strategic', patch));
    },
  };
}
