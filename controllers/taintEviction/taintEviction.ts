// Deletes pods from Nodes with NoExecute taints that they do not tolerate, or no longer.
// Reads: pods, nodes. Writes: deletions of pods, their DisruptionTarget condition, Events.
// Mirrors: pkg/controller/tainteviction/taint_eviction.go. Next along the chain: ../replicaSet, which replaces what went.
import { toTime } from '../../apimachinery/clock.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { nodes, pods } from '../../apimachinery/resources.ts';
import type { Node, Pod, Taint } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { tolerate } from '../common/errors.ts';
import { timeOf } from '../common/pods.ts';
import { evictionTime } from './plan.ts';

const byNode = 'node';
const evicting = (node: Node | undefined): Taint[] =>
  (node?.spec?.taints ?? []).filter((t) => t.effect === 'NoExecute');

export function taintEvictionController(): Controller {
  /** Since when a pod has been on a Node whose taints do not say when they came, and which pods wait for their time. */
  const since = new Map<string, number>();
  return {
    name: 'taint-eviction-controller',
    serviceAccount: 'node-controller',
    workers: 8,
    watches: [
      watch({
        resource: pods,
        keys: (pod) => [keyOf(pod)],
        when: (pod, old) =>
          pod.spec?.nodeName !== old.spec?.nodeName || !deepEqual(pod.spec?.tolerations, old.spec?.tolerations),
      }),
      watch({
        resource: nodes,
        keys: (node, { informers }) => informers.informer(pods).byIndex(byNode, node.metadata.name).map(keyOf),
        when: (node, old) => !deepEqual(evicting(node as Node), evicting(old as Node)),
      }),
    ],
    setup({ informers }) {
      informers.informer(pods).addIndex(byNode, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
    },
    reconcile: (key, context) => reconcile(key, context, since),
  };
}

async function reconcile(
  key: string,
  context: ControllerContext,
  since: Map<string, number>,
): Promise<Result | undefined> {
  const { informers, clock, events } = context;
  const pod = informers.informer(pods).get(key) as Pod | undefined;
  if (!pod?.spec?.nodeName || pod.metadata.deletionTimestamp) return void since.delete(key);
  const taints = evicting(informers.informer(nodes).get(pod.spec.nodeName) as Node | undefined);
  const now = clock.now();
  const start = startOf(taints, since.get(key) ?? now);
  const at = evictionTime(pod.spec.tolerations ?? [], taints, start);
  if (at === undefined) {
    if (since.delete(key)) events.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
    return;
  }
  since.set(key, start);
  if (at > now) return { after: at - now };
  since.delete(key);
  events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
  await evict(pod, context);
}

/** The newest taint starts the count, so a controller that takes over goes on counting where the last one was. */
function startOf(taints: readonly Taint[], seenAt: number): number {
  const times = taints.map((t) => timeOf(t.timeAdded));
  return times.some(Number.isNaN) ? seenAt : Math.max(...times);
}

async function evict(pod: Pod, { client, clock, metrics }: ControllerContext): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: toTime(clock.now()),
  };
  await tolerate(
    ['NotFound'],
    client.patch(
      pods,
      name,
      namespace,
      'strategic',
      { metadata: { uid }, status: { conditions: [condition] } },
      { subresource: 'status' },
    ),
  );
  await tolerate(['NotFound'], client.delete(pods, name, namespace, { preconditions: { uid } }));
  metrics
    ?.counter(
      'taint_eviction_controller_pod_deletions_total',
      'Total number of Pods deleted by TaintEvictionController since its start.',
    )
    .inc();
}
