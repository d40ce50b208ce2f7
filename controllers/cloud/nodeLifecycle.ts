// Asks the cloud about Nodes that are not ready: one whose machine is gone is deleted, one that is switched off is tainted.
// Reads: nodes, the provider. Writes: deletions and taints of nodes, Events.
// Mirrors: staging/src/k8s.io/cloud-provider/controllers/nodelifecycle/node_lifecycle_controller.go. Next: ../podGarbage.
import { toTime } from '../../apimachinery/clock.ts';
import { nodes } from '../../apimachinery/resources.ts';
import type { Node, Taint } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { timeOf } from '../common/pods.ts';
import { uninitialized } from './node.ts';
import type { CloudProvider, Instances } from './provider.ts';

export const shutdownTaint = 'node.cloudprovider.kubernetes.io/shutdown';
/** A machine that nobody has told the cloud about yet is given so long. */
const patience = 2 * 60_000;

export type Look = 'ready' | 'wait' | 'ask';

/** What to do about a Node before the cloud is asked. */
export function lookAt(node: Node, now: number): Look {
  if (node.status?.conditions?.find((c) => c.type === 'Ready')?.status === 'True') return 'ready';
  const fresh = !node.spec?.providerID && node.spec?.taints?.some((taint) => taint.key === uninitialized);
  return fresh && now - timeOf(node.metadata.creationTimestamp) < patience ? 'wait' : 'ask';
}

/** `period` is --node-monitor-period, in milliseconds. */
export function cloudNodeLifecycleController(provider: CloudProvider, period: number): Controller | undefined {
  const { instances } = provider;
  if (!instances) return undefined;
  return {
    name: 'cloud-node-lifecycle-controller',
    serviceAccount: 'node-controller',
    workers: 1,
    watches: [watch({ resource: nodes, keys: () => [] })],
    setup: ({ informers }) => provider.watch?.(informers),
    async run({ informers, clock }, enqueue, signal) {
      for (; !signal.aborted; await sleep(clock, period, signal))
        for (const node of informers.informer(nodes).list()) enqueue(node.metadata.name);
    },
    async reconcile(key, context) {
      const node = context.informers.informer(nodes).get(key) as Node | undefined;
      if (!node || node.metadata.deletionTimestamp) return;
      const look = lookAt(node, context.clock.now());
      if (look === 'ready') await setShutdown(node, false, context);
      if (look === 'ask') await ask(node, instances, context);
    },
  };
}

async function ask(node: Node, instances: Instances, context: ControllerContext): Promise<void> {
  if (!(await instances.exists(node))) return remove(node, context);
  if (await instances.isShutDown(node)) await setShutdown(node, true, context);
}

async function remove(node: Node, { client, events }: ControllerContext): Promise<void> {
  const { name, uid } = node.metadata;
  const about = { kind: 'Node', name, uid, apiVersion: 'v1' };
  const text = `Deleting node ${name} because it does not exist in the cloud provider`;
  events.event(about, 'Normal', 'DeletingNode', text);
  try {
    await tolerate(['NotFound'], client.delete(nodes, name, undefined, { preconditions: { uid } }));
  } catch (error) {
    events.event(about, 'Warning', 'DeletingNodeFailed', `Failed deleting node ${name}: ${(error as Error).message}`);
    throw error;
  }
}

async function setShutdown(node: Node, down: boolean, { client, clock }: ControllerContext): Promise<void> {
  const { name, resourceVersion } = node.metadata;
  const before = node.spec?.taints ?? [];
  const isOurs = (taint: Taint) => taint.key === shutdownTaint && taint.effect === 'NoSchedule';
  if (before.some(isOurs) === down) return;
  const taint = { key: shutdownTaint, effect: 'NoSchedule', timeAdded: toTime(clock.now()) };
  const taints = down ? [...before, taint] : before.filter((t) => !isOurs(t));
  const patch = { metadata: { resourceVersion }, spec: { taints: taints.length ? taints : null } };
  await tolerate(['NotFound'], client.patch(nodes, name, undefined, 'merge', patch));
}
