// Tells a new Node what its machine is in the cloud, then takes the taint off that kept pods away until then.
// Reads: nodes, the provider. Writes: provider ID, labels, taints and addresses of nodes, Events.
// Mirrors: staging/src/k8s.io/cloud-provider/controllers/node/node_controller.go. Next: nodeLifecycle.ts.
import { nodes } from '../../apimachinery/resources.ts';
import type { Node, NodeAddress } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { secondLabels } from '../common/secondLabels.ts';
import type { CloudProvider, Instance, Instances } from './provider.ts';

export const uninitialized = 'node.cloudprovider.kubernetes.io/uninitialized';
const nodeIP = 'alpha.kubernetes.io/provided-node-ip';

const isNew = (node: Node): boolean => Boolean(node.spec?.taints?.some((taint) => taint.key === uninitialized));

const both = (value: string | undefined, ...keys: string[]) =>
  value ? Object.fromEntries(keys.map((key) => [key, value])) : {};

/** Labels that the machine gives its Node: Kubernetes' own under their old and new names, the cloud's where nobody else has set them. */
export function labelsOf(node: Node, machine: Instance): Record<string, string> {
  const own = Object.entries(machine.labels ?? {}).filter(
    ([key]) => !/(^|\.)(kubernetes|k8s)\.io\//.test(key) && node.metadata.labels?.[key] === undefined,
  );
  return {
    ...both(machine.instanceType, 'beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type'),
    ...both(machine.zone, 'failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'),
    ...both(machine.region, 'failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'),
    ...Object.fromEntries(own),
  };
}

/** Labels that clouds gave under other names, where they differ: zone and region follow the new name, the type the old one. */
export const cloudPairs = [
  ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'],
  ['beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type'],
] as const;

/** The cloud's addresses, with the host name that the kubelet has told, and first the one that the kubelet was given. */
export function addressesOf(node: Node, told: readonly NodeAddress[]): NodeAddress[] {
  const names = told.some((a) => a.type === 'Hostname')
    ? []
    : (node.status?.addresses ?? []).filter((a) => a.type === 'Hostname');
  const all = [...told, ...names];
  const wanted = node.metadata.annotations?.[nodeIP];
  if (!wanted) return all;
  const first = all.find((a) => a.address === wanted);
  if (!first) throw new Error(`failed to get node address from cloud provider that matches ip: ${wanted}`);
  return [first, ...all.filter((a) => a !== first && !(a.type === first.type && a.address === first.address))];
}

/** `period` is --node-status-update-frequency, in milliseconds: addresses may change. */
export function cloudNodeController(provider: CloudProvider, period: number, workers: number): Controller | undefined {
  const { instances } = provider;
  if (!instances) return undefined;
  return {
    name: 'cloud-node-controller',
    serviceAccount: 'node-controller',
    workers,
    watches: [watch({ resource: nodes, keys: (node) => [node.metadata.name] })],
    setup: ({ informers }) => provider.watch?.(informers),
    async run({ informers, clock }, enqueue, signal) {
      for (; !signal.aborted; await sleep(clock, period, signal))
        for (const node of informers.informer(nodes).list()) enqueue(node.metadata.name);
    },
    async reconcile(key, context) {
      const node = context.informers.informer(nodes).get(key) as Node | undefined;
      if (!node || node.metadata.deletionTimestamp) return;
      return isNew(node) ? initialize(node, instances, context) : refresh(node, instances, context);
    },
  };
}

async function initialize(node: Node, instances: Instances, context: ControllerContext): Promise<undefined> {
  const { client, events } = context;
  const { name, uid, resourceVersion } = node.metadata;
  const machine = await instances.metadata(node);
  if (!machine) return;
  if (!machine.providerID && !node.spec?.providerID)
    throw new Error(`cloud provider does not set node provider ID for node ${name}`);
  const addresses = machine.addresses?.length ? addressesOf(node, machine.addresses) : undefined;
  const taints = node.spec?.taints?.filter((taint) => taint.key !== uninitialized);
  const patch = {
    metadata: { resourceVersion, labels: labelsOf(node, machine) },
    spec: { taints: taints?.length ? taints : null, providerID: node.spec?.providerID || machine.providerID },
  };
  const written = await tolerate(['NotFound'], client.patch(nodes, name, undefined, 'merge', patch));
  if (!written) return;
  if (addresses) await writeAddresses(written as Node, addresses, context);
  events.event({ kind: 'Node', name, uid, apiVersion: 'v1' }, 'Normal', 'Synced', 'Node synced successfully');
}

async function refresh(node: Node, instances: Instances, context: ControllerContext): Promise<undefined> {
  const labels = secondLabels(node, cloudPairs);
  if (labels)
    await tolerate(
      ['NotFound'],
      context.client.patch(nodes, node.metadata.name, undefined, 'strategic', { metadata: { labels } }),
    );
  const told = (await instances.metadata(node))?.addresses;
  if (told?.length) await writeAddresses(node, addressesOf(node, told), context);
}

const texts = (list: readonly NodeAddress[]) => list.map((a) => `${a.type}=${a.address}`);

/** The order counts only for the kubelet's own address, which is first. */
async function writeAddresses(node: Node, addresses: NodeAddress[], { client }: ControllerContext): Promise<void> {
  const before = node.status?.addresses ?? [];
  if (texts(before).sort().join() === texts(addresses).sort().join()) return;
  const patch = { metadata: { resourceVersion: node.metadata.resourceVersion }, status: { addresses } };
  await tolerate(
    ['NotFound'],
    client.patch(nodes, node.metadata.name, undefined, 'merge', patch, { subresource: 'status' }),
  );
}
