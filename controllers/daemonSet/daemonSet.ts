// Keeps one pod of a DaemonSet on each node that fits, and rolls new templates out node by node.
// Reads: daemonsets, nodes, pods, controllerrevisions. Writes: pods, controllerrevisions, daemonsets/status, Events.
// Mirrors: pkg/controller/daemon/daemon_controller.go. Next: history.ts, placement.ts, rolling.ts; then the scheduler, which binds the pods.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import { controllerRevisions, daemonSets, nodes, pods } from '../../apimachinery/resources.ts';
import type { DaemonSet, Node, Pod } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { createExpectations, type Expectations } from '../../client/expectations.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createFailureBackoff, type FailureBackoff } from '../common/failureBackoff.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { createHistory, type History } from '../common/history/revisions.ts';
import { claim, indexByController, orphansIn, ownedBy, ownerKeys, planClaims } from '../common/owners.ts';
import { createPods, deletePods, podOf } from '../common/podControl.ts';
import { observePods } from '../common/podExpectations.ts';
import { nextAvailable } from '../common/pods.ts';
import { podsByNode } from './daemonPods.ts';
import { cleanUpHistory, constructHistory } from './history.ts';
import { fitOf } from './nodes.ts';
import { type Placement, planPlacement } from './placement.ts';
import { planRolling } from './rolling.ts';
import { planStatus } from './status.ts';
import { daemonTemplate, forNode } from './template.ts';

/** At most so many creations and so many deletions in one go. */
const burst = 250;
const failedPodBackoff = { first: 1_000, most: 900_000 };

/** What the controller keeps between reconciles. */
interface Kept {
  expected: Expectations;
  fresh: Freshness;
  history: History;
  backoff: FailureBackoff;
}

/** One reconcile: the DaemonSet as the cache has it, and its pods. */
interface Work extends Kept {
  key: string;
  ds: DaemonSet;
  context: ControllerContext;
  owned: Pod[];
  nodes: Node[];
}

/** `workers` is --concurrent-daemonset-syncs. */
export function daemonSetController(workers = 2): Controller {
  let kept: Kept;
  return {
    name: 'daemonset-controller',
    serviceAccount: 'daemon-set-controller',
    workers,
    watches: [
      watch({ resource: daemonSets, keys: (ds) => [keyOf(ds)] }),
      watch({
        resource: pods,
        keys: (pod, { informers }) =>
          ownerKeys(pod, daemonSets.kind, informers.informer(daemonSets), (o) => selectorOf(o.spec?.selector)),
        when: (pod, old) => pod.metadata.resourceVersion !== old.metadata.resourceVersion,
      }),
      watch({
        resource: nodes,
        keys: (node, { informers }) =>
          informers
            .informer(daemonSets)
            .list()
            .filter((ds) => concerns(ds, node as Node))
            .map(keyOf),
        when: (node, old) => !deepEqual(placing(node as Node), placing(old as Node)),
      }),
      // Nothing to do when a revision changes; it is there to be read.
      watch({ resource: controllerRevisions, keys: () => [] }),
    ],
    setup(context) {
      const { informers, clock } = context;
      const [own, podInformer] = [informers.informer(daemonSets), informers.informer(pods)];
      kept = {
        expected: createExpectations(clock),
        fresh: createFreshness(own, clock),
        history: createHistory(context, daemonSets),
        backoff: createFailureBackoff(clock, failedPodBackoff.first, failedPodBackoff.most),
      };
      indexByController(podInformer);
      observePods(podInformer, own, kept.expected);
    },
    reconcile: (key, context) => reconcile(key, context, kept),
  };
}

/** One that is malformed is in nobody's way. */
function concerns(ds: DaemonSet, node: Node): boolean {
  try {
    return fitOf(ds)(node).stay;
  } catch {
    return false;
  }
}

/** All of a node that decides whether a daemon pod belongs there. */
const placing = ({ metadata, spec }: Node) => [metadata.labels ?? {}, spec?.taints ?? []];

async function reconcile(key: string, context: ControllerContext, kept: Kept): Promise<Result | undefined> {
  const { informers, events } = context;
  const ds = informers.informer(daemonSets).get(key);
  if (!ds) return void kept.expected.forget(key);
  if (selectsAll(ds)) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
    return void events.event(ds, 'Warning', 'SelectingAll', message);
  }
  // The garbage collector takes its pods.
  if (ds.metadata.deletionTimestamp) return;
  if (!kept.history.isFresh(ds)) return { after: 1000, postponed: true };
  // Before its pods are looked at: one that is seen in the meantime is in no list yet.
  kept.expected.passedOn(key, ds.metadata.uid!);
  const mayAct = kept.expected.satisfied(key);
  const owned = await ownedPods(context, ds);
  const w: Work = { ...kept, key, ds, context, owned, nodes: informers.informer(nodes).list() };
  const { hash, old } = await constructHistory(context, kept.history, ds, owned);
  const acted = mayAct ? await act(w, hash) : {};
  if (mayAct && acted.error === undefined) await cleanUpHistory(context, kept.history, ds, old, owned);
  // Acting does not wait for our own last status to come back, so that a pod that failed is seen before its kubelet takes it back;
  // the next status does: with it in hand it is no conflict.
  const isFresh = kept.fresh.isFresh(key);
  if (isFresh) await writeStatus(w, hash, mayAct);
  if (acted.error !== undefined) throw acted.error;
  if (!isFresh) return { after: 1000, postponed: true };
  // An event that the cache missed never comes: then it is acted again once the expectation has expired.
  const expiry = mayAct ? undefined : kept.expected.expiresIn(key);
  if (expiry !== undefined) return { after: expiry, postponed: true };
  const waits = [acted.after, nextAvailable(owned, ds.spec?.minReadySeconds ?? 0, context.clock.now())];
  const after = Math.min(...waits.filter((ms) => ms !== undefined));
  return Number.isFinite(after) ? { after } : undefined;
}

const selectsAll = ({ spec }: DaemonSet): boolean =>
  !Object.keys(spec?.selector?.matchLabels ?? {}).length && !spec?.selector?.matchExpressions?.length;

async function ownedPods({ client, informers }: ControllerContext, ds: DaemonSet): Promise<Pod[]> {
  const informer = informers.informer(pods);
  const candidates = [...ownedBy(informer, ds.metadata.uid!), ...orphansIn(informer, ds.metadata.namespace!)];
  const plan = planClaims(ds, selectorOf(ds.spec?.selector), candidates);
  return (await claim(client, ds, daemonSets, pods, plan)) as Pod[];
}

/** First every node gets its pod; once that is seen to be so, the update goes a step further. */
async function act(w: Work, hash: string): Promise<{ error?: unknown; after?: number }> {
  const { ds, owned, backoff, context } = w;
  const backoffKey = (node: string) => `${ds.metadata.uid}/${ds.status?.observedGeneration ?? 0}/${node}`;
  const now = context.clock.now();
  const byNode = podsByNode(owned);
  const plan = planPlacement(ds, w.nodes, byNode, hash, (node) => backoff.left(backoffKey(node)), now);
  for (const { node } of plan.failed) backoff.tried(backoffKey(node));
  tellEnded(w, plan);
  const after = plan.after === undefined ? {} : { after: plan.after };
  const isPlaced = !plan.create.length && !plan.remove.length;
  const isRolling = ds.spec?.updateStrategy?.type === 'RollingUpdate';
  const step = isPlaced && isRolling ? planRolling(ds, w.nodes, byNode, hash, now) : plan;
  const error = await sync(w, step, hash);
  return error === undefined ? after : { error, ...after };
}

function tellEnded({ ds, context: { events } }: Work, plan: Placement): void {
  const where = ({ pod, node }: Placement['failed'][0]) =>
    `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}`;
  for (const one of plan.failed)
    events.event(ds, 'Warning', 'FailedDaemonPod', `Found failed ${where(one)}, will try to kill it`);
  for (const one of plan.succeeded)
    events.event(ds, 'Normal', 'SucceededDaemonPod', `Found succeeded ${where(one)}, will try to delete it`);
}

/** Carries a plan out; gives the first error. */
async function sync(w: Work, plan: { create: string[]; remove: Pod[] }, hash: string): Promise<unknown> {
  const create = plan.create.slice(0, burst);
  const remove = plan.remove.slice(0, burst);
  if (!create.length && !remove.length) return undefined;
  const work = { owner: w.ds, key: w.key, context: w.context, expected: w.expected };
  w.expected.expect(w.key, create.length, remove.map(keyOf));
  const template = daemonTemplate(w.ds, hash);
  const errors = await Promise.all([
    createPods(work, create.length, (i) => podOf(w.ds, daemonSets, forNode(template, create[i]!))),
    deletePods(work, remove),
  ]);
  return errors.find((error) => error !== undefined);
}

async function writeStatus({ key, ds, context, owned, nodes: all, fresh }: Work, hash: string, settled: boolean) {
  const status = planStatus(ds, all, podsByNode(owned), hash, settled, context.clock.now());
  if (status) fresh.wrote(key, await context.client.updateStatus(daemonSets, { ...ds, status } as never));
}
