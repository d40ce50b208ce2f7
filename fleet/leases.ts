// The heartbeats of the fleet: one Lease a node, renewed at a quarter of its duration, spread evenly over that time.
// Writes: POST and PUT leases of kube-node-lease. Mirrors: component-helpers/apimachinery/lease/controller.go.
// Started by main.ts; a node's first renewal follows its registration. Read by: the node lifecycle controller.
import { toMicroTime } from '../apimachinery/clock.ts';
import { leases, nodes } from '../apimachinery/resources.ts';
import { isReason } from '../apimachinery/status.ts';
import type { Lease, Node } from '../apimachinery/types.ts';
import type { Client } from '../client/client.ts';
import type { Controller } from '../client/controller.ts';
import { laterWhenLost } from './retry.ts';
import type { Settings } from './settings.ts';

const namespace = 'kube-node-lease';

/** What has to be known to write a Lease without reading it first. */
interface Known {
  uid: string;
  /** Of the Lease; absent: it was not seen, or what was seen is old. */
  resourceVersion?: string;
}

export interface Leases extends Controller {
  /** From now on the node has a heartbeat. */
  begin(node: Node): void;
}

export function leasesController(settings: Settings): Leases {
  const known = new Map<string, Known>();
  const every = (settings.leaseSeconds * 1000) / 4;
  let wake: (name: string, after: number) => void = () => {};
  return {
    name: 'fleet-leases',
    watches: [],
    workers: 16,
    setup(_context, enqueue) {
      wake = (name, after) => enqueue(name, { after });
    },
    begin(node) {
      known.set(node.metadata.name, { uid: node.metadata.uid ?? '' });
      // At once, for the first says that the node lives.
      wake(node.metadata.name, 0);
    },
    reconcile: (name, { client, clock, random }) =>
      laterWhenLost(random, async () => {
        const node = known.get(name)!;
        const isFirst = !node.resourceVersion;
        const spec = {
          holderIdentity: name,
          leaseDurationSeconds: settings.leaseSeconds,
          renewTime: toMicroTime(clock.now()),
        };
        const renewed = await renew(client, name, node, spec);
        // The Lease went with its Node: a heart that beats on would have it collected again and again.
        if (!renewed) return undefined;
        node.resourceVersion = renewed;
        // All began at the same time: their second renewals fall anywhere in the period, and so do all after them.
        return { after: isFirst ? every * random() : every * (0.96 + random() * 0.08) };
      }),
  };
}

/** The new resourceVersion; undefined: the Node is gone. */
async function renew(client: Client, name: string, node: Known, spec: Lease['spec']): Promise<string | undefined> {
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid: node.uid }];
  const metadata = { name, namespace, ownerReferences };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec } as Lease;
  const { resourceVersion } = node;
  node.resourceVersion = undefined;
  try {
    if (!resourceVersion) return versionOf(await client.create(leases, lease));
    return versionOf(await client.update(leases, { ...lease, metadata: { ...metadata, resourceVersion } }));
  } catch (error) {
    if (!isReason(error, 'AlreadyExists') && !isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
    if (isReason(error, 'NotFound'))
      return (await nodeIsThere(client, name)) ? versionOf(await client.create(leases, lease)) : undefined;
    const found = await client.get(leases, name, namespace);
    return versionOf(await client.update(leases, { ...found, spec: { ...found.spec, ...spec } }));
  }
}

const versionOf = (lease: Lease) => lease.metadata.resourceVersion;

async function nodeIsThere(client: Client, name: string): Promise<boolean> {
  try {
    await client.get(nodes, name, undefined, { resourceVersion: '0' });
    return true;
  } catch (error) {
    if (isReason(error, 'NotFound')) return false;
    throw error;
  }
}
