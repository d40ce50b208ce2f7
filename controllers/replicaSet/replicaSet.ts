// Keeps as many pods as a ReplicaSet asks for: makes what is missing, deletes what is too many, reports both.
// Reads: replicasets, pods. Writes: pods, replicasets/status, Events. A ReplicationController differs in a few words: see `Flavour`.
// Mirrors: pkg/controller/replicaset/replica_set.go and pkg/controller/replication. Next along the chain: the scheduler, which finds the new pods a node.
import { type Selector, selectorFromLabels, selectorOf } from '../../apimachinery/labelSelector.ts';
import { pods, type Resource, replicaSets, replicationControllers } from '../../apimachinery/resources.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Pod, ReplicaSet } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { createExpectations, type Expectations } from '../../client/expectations.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { claim, controllerOf, indexByController, orphansIn, ownedBy, ownerKeys, planClaims } from '../common/owners.ts';
import { createPods, deletePods, podOf } from '../common/podControl.ts';
import { observePods } from '../common/podExpectations.ts';
import { isActive, nextAvailable } from '../common/pods.ts';
import { planReplicas } from './plan.ts';
import { type ManageFailure, planStatus } from './status.ts';

/** What tells a ReplicationController from a ReplicaSet; all else is one code, and its objects are taken as ReplicaSets. */
interface Flavour {
  name: string;
  resource: Resource<ReplicaSet>;
  selector(rs: ReplicaSet): Selector;
  /** status.terminatingReplicas is a field of this kind. */
  countsTerminating: boolean;
  serviceAccount?: string;
  eventSource?: string;
}

const ofReplicaSets: Flavour = {
  name: 'replicaset-controller',
  resource: replicaSets,
  selector: (rs) => selectorOf(rs.spec?.selector),
  countsTerminating: true,
};

const ofReplicationControllers: Flavour = {
  name: 'replicationcontroller-controller',
  resource: replicationControllers as unknown as Resource<ReplicaSet>,
  selector: (rc) => selectorFromLabels((rc.spec?.selector ?? {}) as Record<string, string>),
  countsTerminating: false,
  serviceAccount: 'replication-controller',
  eventSource: 'replication-controller',
};

/** `workers` is --concurrent-replicaset-syncs. */
export const replicaSetController = (workers = 5): Controller => controllerOfFlavour(ofReplicaSets, workers);

/** `workers` is --concurrent-rc-syncs. */
export const replicationControllerController = (workers = 5): Controller =>
  controllerOfFlavour(ofReplicationControllers, workers);

/** What one controller keeps between reconciles. */
interface Kept {
  flavour: Flavour;
  expected: Expectations;
  fresh: Freshness;
}

function controllerOfFlavour(flavour: Flavour, workers: number): Controller {
  let kept: Kept;
  return {
    name: flavour.name,
    ...(flavour.serviceAccount ? { serviceAccount: flavour.serviceAccount } : {}),
    ...(flavour.eventSource ? { eventSource: flavour.eventSource } : {}),
    workers,
    watches: [
      watch({ resource: flavour.resource, keys: (rs) => [keyOf(rs)] }),
      watch({
        resource: pods,
        keys: (pod, { informers }) =>
          ownerKeys(pod, flavour.resource.kind, informers.informer(flavour.resource), flavour.selector),
        when: (pod, old) => pod.metadata.resourceVersion !== old.metadata.resourceVersion,
      }),
    ],
    setup({ informers, clock }) {
      const [own, podInformer] = [informers.informer(flavour.resource), informers.informer(pods)];
      kept = { flavour, expected: createExpectations(clock), fresh: createFreshness(own, clock) };
      indexByController(podInformer);
      indexByController(own);
      observePods(podInformer, own, kept.expected);
    },
    reconcile: (key, context) => reconcile(key, context, kept),
  };
}

async function reconcile(key: string, context: ControllerContext, kept: Kept): Promise<Result | undefined> {
  const { client, informers, clock } = context;
  const { flavour, expected, fresh } = kept;
  const rs = informers.informer(flavour.resource).get(key);
  if (!rs) return void expected.forget(key);
  // Our own last write is on its way here: with it in hand the next one is no conflict.
  if (!fresh.isFresh(key)) return { after: 1000, postponed: true };
  expected.passedOn(key, rs.metadata.uid!);
  const mayAct = expected.satisfied(key);
  const owned = await ownedPods(context, rs, flavour);
  const active = owned.filter(isActive);
  const failure = mayAct && !rs.metadata.deletionTimestamp ? await manage(key, rs, active, context, kept) : undefined;
  const status = planStatus(rs, owned, failure, clock.now(), flavour.countsTerminating);
  if (status) fresh.wrote(key, await client.updateStatus(flavour.resource, { ...rs, status } as never));
  if (failure) throw failure.error;
  // An event that the cache missed never comes: then it is acted again once the expectation has expired.
  const expiry = mayAct ? undefined : expected.expiresIn(key);
  if (expiry !== undefined) return { after: expiry, postponed: true };
  const wait = nextAvailable(active, rs.spec?.minReadySeconds ?? 0, clock.now());
  return wait === undefined ? undefined : { after: wait };
}

async function ownedPods({ client, informers }: ControllerContext, rs: ReplicaSet, flavour: Flavour): Promise<Pod[]> {
  const informer = informers.informer(pods);
  const mine = ownedBy(informer, rs.metadata.uid!);
  const orphans = orphansIn(informer, rs.metadata.namespace!).filter((p) => isActive(p as Pod));
  const plan = planClaims(rs, flavour.selector(rs), [...mine, ...orphans]);
  return (await claim(client, rs, flavour.resource, pods, plan)) as Pod[];
}

type Failure = ManageFailure & { error: unknown };

/** Carries out the plan; says the first failure, if any. */
async function manage(
  key: string,
  rs: ReplicaSet,
  active: Pod[],
  context: ControllerContext,
  { flavour, expected }: Kept,
): Promise<Failure | undefined> {
  const plan = planReplicas(rs, active, () => relatedPods(context, rs, flavour), context.clock.now());
  const work = { owner: rs, key, context, expected };
  if (plan.create) {
    const template = podOf(rs, flavour.resource, rs.spec?.template);
    expected.expectCreations(key, plan.create);
    return failed('FailedCreate', await createPods(work, plan.create, () => template));
  }
  if (!plan.remove.length) return undefined;
  expected.expectDeletions(key, plan.remove.map(keyOf));
  return failed('FailedDelete', await deletePods(work, plan.remove));
}

const failed = (reason: ManageFailure['reason'], error: unknown): Failure | undefined =>
  error === undefined ? undefined : { reason, message: errorText(error), error };

const errorText = (error: unknown) => (error instanceof StatusError ? error.message : String(error));

/** Active pods of all ReplicaSets under the same Deployment: a node is crowded by siblings too. */
function relatedPods({ informers }: ControllerContext, rs: ReplicaSet, { resource }: Flavour): Pod[] {
  const owner = controllerOf(rs);
  const siblings = owner ? ownedBy(informers.informer(resource), owner.uid) : [rs];
  return siblings.flatMap((s) => ownedBy(informers.informer(pods), s.metadata.uid!) as Pod[]).filter(isActive);
}
