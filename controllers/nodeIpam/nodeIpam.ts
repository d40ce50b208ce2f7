// Gives each Node its own range of pod IPs, once, out of --cluster-cidr.
// Reads: nodes. Writes: spec.podCIDR and spec.podCIDRs of nodes, Events.
// Mirrors: pkg/controller/nodeipam/ipam/range_allocator.go. Next along the chain: addons/network, which builds the bridge of that range.
import { nodes } from '../../apimachinery/resources.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Node } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { UsageError } from '../../component-base/flags.ts';
import { tolerate } from '../common/errors.ts';
import { type CidrPool, createCidrPool } from './cidrPool.ts';

export interface IpamOptions {
  /** One range, or one of each family. */
  clusterCidrs: readonly string[];
  /** Never given to a Node. */
  serviceCidrs: readonly string[];
  /** Prefix length of a Node's part, by family. */
  prefix: { 4: number; 6: number };
}

const cidrsOf = (node: Node): string[] => node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : []);

export function nodeIpamController(o: IpamOptions): Controller {
  const pools = o.clusterCidrs.map((range) => makePool(range, o.prefix));
  for (const service of o.serviceCidrs) for (const pool of pools) pool.occupy(service);
  /** What each Node has, by what its object says or what we just wrote. */
  const held = new Map<string, string[]>();
  const hold = (node: Node) => {
    if (!cidrsOf(node).length) return;
    held.set(node.metadata.name, cidrsOf(node));
    for (const cidr of cidrsOf(node)) for (const pool of pools) pool.occupy(cidr);
  };
  const release = (name: string) => {
    for (const cidr of held.get(name) ?? []) for (const pool of pools) pool.release(cidr);
    held.delete(name);
  };
  return {
    name: 'node-ipam-controller',
    serviceAccount: 'node-controller',
    eventSource: 'cidrAllocator',
    // One at a time: the pool is shared.
    workers: 1,
    watches: [watch({ resource: nodes, keys: (n) => [n.metadata.name], when: (n) => !cidrsOf(n as Node).length })],
    setup({ informers }) {
      informers.informer(nodes).addHandler({
        added: (n) => hold(n as Node),
        updated: (n) => hold(n as Node),
        deleted: (n) => release(n.metadata.name),
      });
    },
    async reconcile(key, context) {
      const node = context.informers.informer(nodes).get(key) as Node | undefined;
      if (!node || node.metadata.deletionTimestamp || cidrsOf(node).length || held.has(key)) return;
      await allocate(node, pools, held, context);
    },
  };
}

async function allocate(
  node: Node,
  pools: readonly CidrPool[],
  held: Map<string, string[]>,
  { client, events }: ControllerContext,
): Promise<void> {
  const { name } = node.metadata;
  const podCIDRs = pools.map((pool) => pool.take());
  const giveBack = () => {
    for (const [i, cidr] of podCIDRs.entries()) if (cidr) pools[i]!.release(cidr);
    held.delete(name);
  };
  if (podCIDRs.includes(undefined)) {
    giveBack();
    events.event(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
    throw new Error(`no CIDRs available for node ${name}`);
  }
  held.set(name, podCIDRs as string[]);
  try {
    const metadata = { uid: node.metadata.uid, resourceVersion: node.metadata.resourceVersion };
    const patch = { metadata, spec: { podCIDR: podCIDRs[0], podCIDRs } };
    if (!(await tolerate(['NotFound'], client.patch(nodes, name, undefined, 'merge', patch)))) giveBack();
  } catch (error) {
    // Without an answer the Node may have it: then it stays taken, so that no other Node gets the same.
    if (error instanceof StatusError) giveBack();
    held.delete(name);
    throw error;
  }
}

function makePool(range: string, prefix: IpamOptions['prefix']): CidrPool {
  try {
    return createCidrPool(range, prefix[range.includes(':') ? 6 : 4]);
  } catch (error) {
    throw new UsageError(`--cluster-cidr: ${(error as Error).message}; give a range such as 10.244.0.0/16.`);
  }
}
