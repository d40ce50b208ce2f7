// Notices Nodes that fall silent or sick, says so in their conditions and taints, and marks their pods not ready.
// Reads: nodes, Leases of kube-node-lease, pods. Writes: nodes/status, taints of nodes, pods/status, Events.
// Mirrors: pkg/controller/nodelifecycle/node_lifecycle_controller.go. Next along the chain: ../taintEviction, which deletes the pods.
import { toTime } from '../../apimachinery/clock.ts';
import { leases, nodes, pods } from '../../apimachinery/resources.ts';
import type { Lease, Node, Pod } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { type GracePeriods, type Health, observeHealth, planConditions, readyOf } from './health.ts';
import { isTaintedForEviction, planTaints, wantedNoExecute } from './taints.ts';
import { createZones, type EvictionRates, type Zones } from './zones.ts';

export interface LifecycleOptions {
  /** Milliseconds between looks at all Nodes. */
  period: number;
  grace: GracePeriods;
  rates: EvictionRates;
}

const nodeLeases = { namespace: 'kube-node-lease' };
const byNode = 'node';

export function nodeLifecycleController(o: LifecycleOptions): Controller {
  const health = new Map<string, Health>();
  const zones = createZones(o.rates);
  let wasCalm = false;
  return {
    name: 'node-lifecycle-controller',
    serviceAccount: 'node-controller',
    eventSource: 'node-controller',
    workers: 8,
    watches: [watch({ resource: nodes, keys: (n) => [n.metadata.name] })],
    setup(context) {
      context.informers.informer(leases, nodeLeases);
      context.informers.informer(pods).addIndex(byNode, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
      context.informers.informer(nodes).addHandler({
        added: (node) => tell(context, node as Node, 'RegisteredNode', 'Registered Node', 'in Controller'),
        deleted(node) {
          health.delete(node.metadata.name);
          tell(context, node as Node, 'RemovingNode', 'Removing Node', 'from Controller');
        },
      });
    },
    async run({ informers, clock }, enqueue, signal) {
      while (!signal.aborted) {
        const all = informers.informer(nodes).list() as Node[];
        zones.update(all);
        // Seeing again after seeing nothing: everyone gets the whole grace period once more.
        if (wasCalm && !zones.calm) for (const h of health.values()) h.heardAt = clock.now();
        wasCalm = zones.calm;
        for (const node of all) enqueue(node.metadata.name);
        await sleep(clock, o.period, signal);
      }
    },
    async reconcile(key, context) {
      const node = context.informers.informer(nodes).get(key) as Node | undefined;
      if (!node) return;
      const { clock, informers } = context;
      const lease = informers.informer(leases, nodeLeases).get(`${nodeLeases.namespace}/${key}`) as Lease | undefined;
      const seen = observeHealth(health.get(key), node, lease, clock.now());
      health.set(key, seen);
      const current = await markUnknown(node, seen, o.grace, context);
      await taint(current, zones, context);
      if (readyOf(node)?.status === 'True' && readyOf(current)?.status !== 'True') await lost(current, context);
    },
  };
}

function tell({ events }: ControllerContext, node: Node, reason: string, what: string, where: string): void {
  const { name, uid } = node.metadata;
  events.event(
    { kind: 'Node', name, uid, apiVersion: 'v1' },
    'Normal',
    reason,
    `Node ${name} event: ${what} ${name} ${where}`,
  );
}

async function markUnknown(
  node: Node,
  seen: Health,
  grace: GracePeriods,
  { client, clock }: ControllerContext,
): Promise<Node> {
  const conditions = planConditions(node, seen, grace, clock.now());
  if (!conditions) return node;
  return (await client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } } as never)) as Node;
}

/** The resourceVersion makes a change in between a conflict, as the list is replaced whole. */
async function taint(node: Node, zones: Zones, { client, clock }: ControllerContext): Promise<void> {
  const asks = wantedNoExecute(node) !== undefined && !isTaintedForEviction(node);
  const evict = asks && zones.mayEvict(node, clock.now());
  const taints = planTaints(node, { evict, calm: zones.calm }, clock.now());
  if (!taints) return;
  const patch = {
    metadata: { resourceVersion: node.metadata.resourceVersion },
    spec: { taints: taints.length ? taints : null },
  };
  await tolerate(['NotFound'], client.patch(nodes, node.metadata.name, undefined, 'merge', patch));
}

/** The Node just stopped being ready: Services must not send anything to its pods any more. */
async function lost(node: Node, { client, informers, events, clock, log }: ControllerContext): Promise<void> {
  const { name, uid } = node.metadata;
  events.event(
    { kind: 'Node', name, uid, apiVersion: 'v1' },
    'Normal',
    'NodeNotReady',
    `Node ${name} status is now: NodeNotReady`,
  );
  const there = informers.informer(pods).byIndex(byNode, name) as Pod[];
  await Promise.all(
    there.map(async (pod) => {
      const ready = pod.status?.conditions?.find((c) => c.type === 'Ready');
      if (ready?.status !== 'True') return;
      const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: toTime(clock.now()) }];
      try {
        const patch = { metadata: { uid: pod.metadata.uid }, status: { conditions } };
        await tolerate(
          ['NotFound'],
          client.patch(pods, pod.metadata.name, pod.metadata.namespace, 'strategic', patch, { subresource: 'status' }),
        );
        events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      } catch (error) {
        log.warn({ pod: pod.metadata.name, error: String(error) }, 'could not mark the pod not ready');
      }
    }),
  );
}
