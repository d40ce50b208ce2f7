// Keeps as many pods as a ReplicaSet asks for: makes what is missing, deletes what is too many, reports both.
// Reads: replicasets, pods. Writes: pods, replicasets/status, Events.
// Mirrors: pkg/controller/replicaset/replica_set.go. Next along the chain: the scheduler, which finds the new pods a node.
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import { pods, replicaSets } from '../../apimachinery/resources.ts';
import { isReason, StatusError } from '../../apimachinery/status.ts';
import type { Pod, ReplicaSet } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { createExpectations, type Expectations } from '../../client/expectations.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/informerCache.ts';
import { isNamespaceTerminating } from '../common/errors.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { claim, controllerOf, indexByController, orphansIn, ownedBy, planClaims } from '../common/owners.ts';
import { isActive, nextAvailable } from '../common/pods.ts';
import { slowStart } from '../common/slowStart.ts';
import { planReplicas, podFromTemplate } from './plan.ts';
import { type ManageFailure, planStatus } from './status.ts';

/** `workers` is --concurrent-replicaset-syncs. */
export function replicaSetController(workers = 5): Controller {
  let expected: Expectations;
  let fresh: Freshness;
  return {
    name: 'replicaset-controller',
    workers,
    watches: [
      watch({ resource: replicaSets, keys: (rs) => [keyOf(rs)] }),
      watch({
        resource: pods,
        keys: (pod, context) => replicaSetsOf(pod as Pod, context),
        when: (pod, old) => pod.metadata.resourceVersion !== old.metadata.resourceVersion,
      }),
    ],
    setup({ informers, clock }) {
      expected = createExpectations(clock);
      fresh = createFreshness(informers.informer(replicaSets), clock);
      const podInformer = informers.informer(pods);
      indexByController(podInformer);
      indexByController(informers.informer(replicaSets));
      observe(podInformer, informers.informer(replicaSets), expected);
    },
    reconcile: (key, context) => reconcile(key, context, expected, fresh),
  };
}

/** The ReplicaSet that controls a pod; for an orphan, those that would adopt it. */
function replicaSetsOf(pod: Pod, { informers }: ControllerContext): string[] {
  const ref = controllerOf(pod);
  if (ref) return ref.kind === 'ReplicaSet' ? [`${pod.metadata.namespace}/${ref.name}`] : [];
  const all = informers.informer(replicaSets).list(pod.metadata.namespace) as ReplicaSet[];
  return all.filter((rs) => selectorOf(rs.spec?.selector).matches(pod.metadata.labels)).map(keyOf);
}

/** Ticks off what was asked for as the cache shows it: a pod that begins to go counts as gone. */
function observe(podInformer: Informer<any>, rsInformer: Informer<any>, expected: Expectations): void {
  const rsKeyOf = (pod: Pod) => {
    const ref = controllerOf(pod);
    const key = `${pod.metadata.namespace}/${ref?.name}`;
    return ref && rsInformer.get(key)?.metadata.uid === ref.uid ? key : undefined;
  };
  const gone = (pod: Pod) => {
    const key = rsKeyOf(pod);
    if (key) expected.deletionObserved(key, keyOf(pod));
  };
  podInformer.addHandler({
    added(pod) {
      if (pod.metadata.deletionTimestamp) return gone(pod);
      const key = rsKeyOf(pod);
      if (key) expected.creationObserved(key);
    },
    updated: (pod) => (pod.metadata.deletionTimestamp ? gone(pod) : undefined),
    deleted: gone,
  });
}

async function reconcile(
  key: string,
  context: ControllerContext,
  expected: Expectations,
  fresh: Freshness,
): Promise<Result | undefined> {
  const { client, informers, clock } = context;
  const rs = informers.informer(replicaSets).get(key) as ReplicaSet | undefined;
  if (!rs) return void expected.forget(key);
  // Our own last write is on its way here: with it in hand the next one is no conflict.
  if (!fresh.isFresh(key)) return { after: 1000, postponed: true };
  const mayAct = expected.satisfied(key);
  const owned = await ownedPods(context, rs);
  const active = owned.filter(isActive);
  const failure =
    mayAct && !rs.metadata.deletionTimestamp ? await manage(key, rs, active, context, expected) : undefined;
  const status = planStatus(rs, owned, failure, clock.now());
  if (status) fresh.wrote(key, await client.updateStatus(replicaSets, { ...rs, status } as never));
  if (failure) throw failure.error;
  const wait = nextAvailable(active, rs.spec?.minReadySeconds ?? 0, clock.now());
  return wait === undefined ? undefined : { after: wait };
}

async function ownedPods({ client, informers }: ControllerContext, rs: ReplicaSet): Promise<Pod[]> {
  const informer = informers.informer(pods);
  const mine = ownedBy(informer, rs.metadata.uid!);
  const orphans = orphansIn(informer, rs.metadata.namespace!).filter((p) => isActive(p as Pod));
  const plan = planClaims(rs, selectorOf(rs.spec?.selector), [...mine, ...orphans]);
  return (await claim(client, rs, replicaSets, pods, plan)) as Pod[];
}

type Failure = ManageFailure & { error: unknown };

/** Carries out the plan; says the first failure, if any. */
async function manage(
  key: string,
  rs: ReplicaSet,
  active: Pod[],
  context: ControllerContext,
  expected: Expectations,
): Promise<Failure | undefined> {
  const plan = planReplicas(rs, active, () => relatedPods(context, rs), context.clock.now());
  if (plan.create) return createPods(key, rs, plan.create, context, expected);
  if (plan.remove.length) return deletePods(key, rs, plan.remove, context, expected);
  return undefined;
}

/** Active pods of all ReplicaSets under the same Deployment: a node is crowded by siblings too. */
function relatedPods({ informers }: ControllerContext, rs: ReplicaSet): Pod[] {
  const owner = controllerOf(rs);
  const siblings = owner ? ownedBy(informers.informer(replicaSets), owner.uid) : [rs];
  return siblings.flatMap((s) => ownedBy(informers.informer(pods), s.metadata.uid!) as Pod[]).filter(isActive);
}

async function createPods(
  key: string,
  rs: ReplicaSet,
  count: number,
  { client, events }: ControllerContext,
  expected: Expectations,
): Promise<Failure | undefined> {
  expected.expectCreations(key, count);
  const template = podFromTemplate(rs);
  const { succeeded, error } = await slowStart(count, async () => {
    try {
      const pod = await client.create(pods, template as never);
      events.event(rs, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    } catch (e) {
      if (!isNamespaceTerminating(e))
        events.event(rs, 'Warning', 'FailedCreate', `Error creating: ${(e as Error).message}`);
      throw e;
    }
  });
  for (let i = succeeded; i < count; i++) expected.creationObserved(key);
  if (error === undefined || isNamespaceTerminating(error)) return undefined;
  return { reason: 'FailedCreate', message: (error as Error).message, error };
}

async function deletePods(
  key: string,
  rs: ReplicaSet,
  victims: Pod[],
  { client, events }: ControllerContext,
  expected: Expectations,
): Promise<Failure | undefined> {
  expected.expectDeletions(key, victims.map(keyOf));
  const results = await Promise.allSettled(
    victims.map(async (pod) => {
      try {
        await client.delete(pods, pod.metadata.name, pod.metadata.namespace, {
          preconditions: { uid: pod.metadata.uid },
        });
        events.event(rs, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
      } catch (error) {
        expected.deletionObserved(key, keyOf(pod));
        if (isReason(error, 'NotFound')) return;
        events.event(rs, 'Warning', 'FailedDelete', `Error deleting: ${(error as Error).message}`);
        throw error;
      }
    }),
  );
  const failed = results.find((r) => r.status === 'rejected');
  return failed && { reason: 'FailedDelete', message: errorText(failed.reason), error: failed.reason };
}

const errorText = (error: unknown) => (error instanceof StatusError ? error.message : String(error));
