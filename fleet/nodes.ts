// Registers the nodes of the fleet and sends the status of each every five minutes, spread over them.
// Writes: POST nodes, PATCH nodes/status. Mirrors: pkg/kubelet/kubelet_node_status.go for many nodes.
// Started by main.ts. Next: leases.ts beside it.
import { nodes } from '../apimachinery/resources.ts';
import { isReason } from '../apimachinery/status.ts';
import type { Node } from '../apimachinery/types.ts';
import type { Client } from '../client/client.ts';
import type { Controller } from '../client/controller.ts';
import { newNode, statusAgain } from './node.ts';
import { laterWhenLost } from './retry.ts';
import type { Settings } from './settings.ts';

/** `registered` is called once a node, with its object. */
export function nodesController(settings: Settings, registered: (node: Node) => void): Controller {
  const known = new Set<string>();
  return {
    name: 'fleet-nodes',
    watches: [],
    workers: 16,
    async run(_context, enqueue) {
      for (const name of settings.names) enqueue(name);
    },
    reconcile: (name, { client, clock, random }) =>
      laterWhenLost(random, async () => {
        const node = known.has(name)
          ? await report(client, settings, name, clock.now())
          : await register(client, settings, name, clock.now());
        // A Node that was deleted stays away, as with a kubelet, until this process starts anew.
        if (node && !known.has(name)) registered(node);
        known.add(name);
        return { after: settings.statusEvery * (0.9 + random() * 0.2) };
      }),
  };
}

/** Creates it; one that is there already is told that it is well. */
async function register(client: Client, settings: Settings, name: string, now: number): Promise<Node | undefined> {
  try {
    return await client.create(nodes, newNode(settings, name, now));
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    return report(client, settings, name, now);
  }
}

/** undefined: there is no such node any more. */
async function report(client: Client, settings: Settings, name: string, now: number): Promise<Node | undefined> {
  try {
    // From the cache, as the kubelet reads it: the patch says all that the fleet has to say, whatever else is there.
    const old = await client.get(nodes, name, undefined, { resourceVersion: '0' });
    const status = statusAgain(settings, name, old, now);
    return await client.patch(nodes, name, undefined, 'strategic', { status }, { subresource: 'status' });
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
