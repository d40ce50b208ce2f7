// Notices Nodes that fall silent or sick, says so in their conditions and taints, and marks their pods not ready.
// Reads: nodes, Leases of kube-node-lease, pods. Writes: nodes/status, taints of nodes, pods/status, Events.
// Mirrors: pkg/controller/nodelifecycle/node_lifecycle_controller.go. Next along the chain: ../taintEviction, which deletes the pods.
import { toTime } from '../../apimachinery/clock.ts';
import { leases, nodes, pods } from '../../apimachinery/resources.ts';
import type { Lease, Node, Pod } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { currentCauses } from '../../client/causes.ts';
import { type Controller, type ControllerContext, type Enqueue, type Result, watch } from '../../client/controller.ts';
import type { InformerFactory } from '../../client/informer.ts';
import { keyOf } from '../../client/informerCache.ts';
import { tolerate } from '../common/errors.ts';
import { secondLabels } from '../common/secondLabels.ts';
import { type GracePeriods, type Health, observeHealth, planConditions, readyOf } from './health.ts';
import { type LifecycleMetrics, lifecycleMetrics } from './metrics.ts';
import { isTaintedForEviction, planTaints, wantedNoExecute } from './taints.ts';
import { createZones, type EvictionRates, type Zones, zoneOf } from './zones.ts';

export interface LifecycleOptions {
  /** Milliseconds between looks at all Nodes. */
  period: number;
  grace: GracePeriods;
  rates: EvictionRates;
}

const nodeLeases = 'kube-node-lease';
const byNode = 'node';
const osAndArch = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

interface Work extends ControllerContext {
  health: Map<string, Health>;
  zones: Zones;
  grace: GracePeriods;
  enqueue: Enqueue;
  numbers: LifecycleMetrics | undefined;
}

/** Keys: `node <name>`, and `pod <ns>/<name>` for pods of Nodes that are not ready. */
export function nodeLifecycleController(o: LifecycleOptions): Controller {
  const health = new Map<string, Health>();
  const zones = createZones(o.rates);
  let wasCalm = false;
  let put: Enqueue = () => {};
  let numbers: LifecycleMetrics | undefined;
  return {
    name: 'node-lifecycle-controller',
    serviceAccount: 'node-controller',
    eventSource: 'node-controller',
    workers: 8,
    watches: [
      // Looked at every few seconds, not at each heartbeat. All namespaces: so the garbage collector needs no watch of its own.
      watch({ resource: leases, keys: () => [] }),
      watch({ resource: nodes, keys: (n) => [`node ${n.metadata.name}`] }),
      // One that is bound while its Node is already lost; and all of lost Nodes at the start, where another leader left off.
      watch({
        resource: pods,
        keys: (pod, { informers }) => (isOnLostNode(pod, informers) ? [`pod ${keyOf(pod)}`] : []),
        when: (pod, old) => pod.spec?.nodeName !== old.spec?.nodeName,
      }),
    ],
    setup(context, enqueue) {
      put = enqueue;
      numbers = context.metrics && lifecycleMetrics(context.metrics);
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
        numbers?.zones(zones.update(all));
        // Seeing again after seeing nothing: everyone gets the whole grace period once more.
        if (wasCalm && !zones.calm) for (const h of health.values()) h.heardAt = clock.now();
        wasCalm = zones.calm;
        for (const node of all) enqueue(`node ${node.metadata.name}`);
        await sleep(clock, o.period, signal);
      }
    },
    async reconcile(key, context) {
      const [what, name] = key.split(' ') as ['node' | 'pod', string];
      if (what === 'pod') {
        const pod = context.informers.informer(pods).get(name) as Pod | undefined;
        if (pod && isOnLostNode(pod, context.informers)) await markNotReady(pod, context);
        return;
      }
      const node = context.informers.informer(nodes).get(name) as Node | undefined;
      return node && look(node, { ...context, health, zones, grace: o.grace, enqueue: put, numbers });
    },
  };
}

const isOnLostNode = (pod: Pod, informers: InformerFactory): boolean => {
  const node = pod.spec?.nodeName && (informers.informer(nodes).get(pod.spec.nodeName) as Node | undefined);
  const ready = node ? readyOf(node) : undefined;
  return ready !== undefined && ready.status !== 'True';
};

async function look(node: Node, work: Work): Promise<Result | undefined> {
  const { clock, informers, health, client } = work;
  const { name } = node.metadata;
  const lease = informers.informer(leases).get(`${nodeLeases}/${name}`) as Lease | undefined;
  const seen = observeHealth(health.get(name), node, lease, clock.now());
  health.set(name, seen);
  const labels = secondLabels(node, osAndArch);
  if (labels) await tolerate(['NotFound'], client.patch(nodes, name, undefined, 'strategic', { metadata: { labels } }));
  const current = await markUnknown(node, seen, work.grace, work);
  if (readyOf(node)?.status === 'True' && readyOf(current)?.status !== 'True') lost(current, work);
  return taint(current, work);
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

/**
 * The resourceVersion makes a change in between a conflict, as the list is replaced whole. A Node whose turn to be emptied has not
 * come is looked at again when the next one may be.
 */
async function taint(node: Node, { zones, client, clock, numbers }: Work): Promise<Result | undefined> {
  const asks = wantedNoExecute(node) !== undefined && !isTaintedForEviction(node);
  const evict = asks && zones.mayEvict(node, clock.now());
  const taints = planTaints(node, { evict, calm: zones.calm }, clock.now());
  if (taints) {
    const { name, resourceVersion } = node.metadata;
    const patch = { metadata: { resourceVersion }, spec: { taints: taints.length ? taints : null } };
    await tolerate(['NotFound'], client.patch(nodes, name, undefined, 'merge', patch));
  }
  if (evict) numbers?.evicted(zoneOf(node));
  const wait = asks && !evict ? zones.wait(node) : undefined;
  return wait === undefined ? undefined : { after: wait };
}

/** The Node just stopped being ready: Services must not send anything to its pods any more. */
function lost(node: Node, { events, informers, enqueue }: Work): void {
  const { name, uid } = node.metadata;
  const about = { kind: 'Node', name, uid, apiVersion: 'v1' };
  events.event(about, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  for (const pod of informers.informer(pods).byIndex(byNode, name))
    enqueue(`pod ${keyOf(pod)}`, { causes: currentCauses() });
}

async function markNotReady(pod: Pod, { client, events, clock }: ControllerContext): Promise<void> {
  if (pod.status?.conditions?.find((c) => c.type === 'Ready')?.status !== 'True') return;
  const { name, namespace, uid } = pod.metadata;
  const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: toTime(clock.now()) }];
  const patch = { metadata: { uid }, status: { conditions } };
  const options = { subresource: 'status' };
  await tolerate(['NotFound'], client.patch(pods, name, namespace, 'strategic', patch, options));
  events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
}
