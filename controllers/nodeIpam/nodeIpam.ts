// Gives each Node its own range of pod IPs, once, out of --cluster-cidr.
// Reads: nodes. Writes: spec.podCIDR and spec.podCIDRs of nodes, Events.
// Mirrors: pkg/controller/nodeipam/ipam/range_allocator.go. Next along the chain: addons/network, which builds the bridge of that range.
import { nodes } from '../../apimachinery/resources.ts';
import { isReason, StatusError } from '../../apimachinery/status.ts';
import type { Node } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { UsageError } from '../../component-base/flags.ts';
import { tolerate } from '../common/errors.ts';
import { type CidrPool, createCidrPool } from './cidrPool.ts';
import { createHoldings, type Holdings } from './holdings.ts';

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
  const pools: CidrPool[] = o.clusterCidrs.map((range) => makePool(range, o.prefix));
  for (const service of o.serviceCidrs) for (const pool of pools) pool.occupy(service);
  const ranges = createHoldings(pools);
  return {
    name: 'node-ipam-controller',
    serviceAccount: 'node-controller',
    eventSource: 'cidrAllocator',
    // One at a time: the pool is shared.
    workers: 1,
    watches: [watch({ resource: nodes, keys: (n) => [n.metadata.name], when: (n) => !cidrsOf(n as Node).length })],
    setup({ informers }) {
      const see = (node: Node) => {
        if (cidrsOf(node).length) ranges.set(node.metadata.name, cidrsOf(node));
      };
      informers.informer(nodes).addHandler({
        added: (node) => see(node as Node),
        updated: (node) => see(node as Node),
        deleted: (node) => ranges.clear(node.metadata.name),
      });
    },
    async reconcile(key, context) {
      const node = context.informers.informer(nodes).get(key) as Node | undefined;
      if (!node || node.metadata.deletionTimestamp || cidrsOf(node).length || ranges.isSure(key)) return;
      await allocate(node, ranges, context);
    },
  };
}

async function allocate(node: Node, ranges: Holdings, context: ControllerContext): Promise<void> {
  const { name } = node.metadata;
  const tell = (what: string) => context.events.event(node, 'Normal', what, `Node ${name} status is now: ${what}`);
  const podCIDRs = ranges.take(name);
  if (!podCIDRs) {
    tell('CIDRNotAvailable');
    throw new Error(`no CIDRs available for node ${name}`);
  }
  try {
    if (!(await write(node, podCIDRs, context))) ranges.giveBack(name, podCIDRs);
  } catch (error) {
    // Without an answer, or with one that something broke inside, the Node may have it all the same; and after a conflict it gets
    // the same at the next try.
    if (!(error instanceof StatusError) || isReason(error, 'InternalError') || isReason(error, 'Conflict'))
      ranges.doubt(name, podCIDRs);
    else {
      ranges.giveBack(name, podCIDRs);
      tell('CIDRAssignmentFailed');
    }
    throw error;
  }
}

/** Undefined when there is no such Node any more. */
function write({ metadata }: Node, podCIDRs: string[], { client }: ControllerContext): Promise<unknown> {
  const { name, uid, resourceVersion } = metadata;
  const patch = { metadata: { uid, resourceVersion }, spec: { podCIDR: podCIDRs[0], podCIDRs } };
  return tolerate(['NotFound'], client.patch(nodes, name, undefined, 'merge', patch));
}

function makePool(range: string, prefix: IpamOptions['prefix']): CidrPool {
  try {
    return createCidrPool(range, prefix[range.includes(':') ? 6 : 4]);
  } catch (error) {
    throw new UsageError(`--cluster-cidr: ${(error as Error).message}; give a range such as 10.244.0.0/16.`);
  }
}
