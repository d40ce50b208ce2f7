// Keeps the numbered pods of a StatefulSet, each with its own claims, and rolls new templates out from the highest number down.
// Reads: statefulsets, pods, persistentvolumeclaims, controllerrevisions. Writes: these, statefulsets/status, Events.
// Mirrors: pkg/controller/statefulset/stateful_set.go. Next: history.ts, plan.ts, act.ts.
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../../apimachinery/resources.ts';
import type { Pod, StatefulSet } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { createHistory, type History } from '../common/history/revisions.ts';
import { claim, indexByController, orphansIn, ownedBy, ownerKeys, planClaims } from '../common/owners.ts';
import { nextAvailable } from '../common/pods.ts';
import { slowStart } from '../common/slowStart.ts';
import { type Acting, act } from './act.ts';
import type { ClaimLookup } from './claims.ts';
import { type SetHistory, setHistory, truncateHistory } from './history.ts';
import { isMember, isParallel } from './names.ts';
import { planSet, type Step } from './plan.ts';
import { planStatus } from './status.ts';

export interface StatefulSetOptions {
  /** --concurrent-statefulset-syncs */
  workers: number;
  /** The gate MaxUnavailableStatefulSet. */
  maxUnavailable: boolean;
}

/** What the controller keeps between reconciles. */
interface Kept {
  options: StatefulSetOptions;
  history: History;
  fresh: { sets: Freshness; pods: Freshness; claims: Freshness };
}

export function statefulSetController(options: StatefulSetOptions): Controller {
  let kept: Kept;
  return {
    name: 'statefulset-controller',
    workers: options.workers,
    watches: [
      watch({ resource: statefulSets, keys: (set) => [keyOf(set)] }),
      watch({
        resource: pods,
        keys: (pod, { informers }) =>
          ownerKeys(pod, statefulSets.kind, informers.informer(statefulSets), (o) => selectorOf(o.spec?.selector)),
        when: (pod, old) => pod.metadata.resourceVersion !== old.metadata.resourceVersion,
      }),
      // Nothing to do when one of these changes; they are there to be read.
      watch({ resource: persistentVolumeClaims, keys: () => [] }),
      watch({ resource: controllerRevisions, keys: () => [] }),
    ],
    setup(context) {
      const { informers, clock } = context;
      const freshness = (r: Parameters<typeof informers.informer>[0]) => createFreshness(informers.informer(r), clock);
      indexByController(informers.informer(pods));
      const fresh = {
        sets: freshness(statefulSets),
        pods: freshness(pods),
        claims: freshness(persistentVolumeClaims),
      };
      kept = { options, history: createHistory(context, statefulSets), fresh };
    },
    reconcile: (key, context) => reconcile(key, context, kept),
  };
}

async function reconcile(key: string, context: ControllerContext, kept: Kept): Promise<Result | undefined> {
  const { informers, clock } = context;
  const set = informers.informer(statefulSets).get(key);
  if (!set) return;
  const { fresh, history } = kept;
  const seen = [fresh.sets, fresh.pods, fresh.claims].every((f) => f.isFresh(key)) && history.isFresh(set);
  if (!seen) return { after: 1000, postponed: true };
  const owned = await ownedPods(context, set);
  const past = await setHistory(context, history, set);
  const claimInformer = informers.informer(persistentVolumeClaims);
  const claims: ClaimLookup = (name) => claimInformer.get(`${set.metadata.namespace}/${name}`);
  const view = { set, versions: past.versions, pods: owned, claims, now: clock.now() };
  const { phases, outdated } = planSet(view, kept.options.maxUnavailable);
  const wrote: Acting['wrote'] = (r, object) => fresh[r === pods ? 'pods' : 'claims'].wrote(key, object);
  const error = await carryOut({ context, set, claims, wrote }, phases);
  await writeStatus(key, context, kept, set, past, owned, error === undefined ? outdated : 0);
  await truncateHistory(context, history, set, past, owned);
  if (error !== undefined) throw error;
  const wait = nextAvailable(owned, set.spec?.minReadySeconds ?? 0, clock.now());
  return wait === undefined ? undefined : { after: wait };
}

async function ownedPods({ client, informers }: ControllerContext, set: StatefulSet): Promise<Pod[]> {
  const informer = informers.informer(pods);
  const candidates = [...ownedBy(informer, set.metadata.uid!), ...orphansIn(informer, set.metadata.namespace!)];
  const members = candidates.filter((pod) => isMember(set, pod as Pod));
  return (await claim(
    client,
    set,
    statefulSets,
    pods,
    planClaims(set, selectorOf(set.spec?.selector), members),
  )) as Pod[];
}

/** Gives the first error; what comes after it waits for the next time. */
async function carryOut(acting: Acting, phases: readonly Step[][]): Promise<unknown> {
  for (const steps of phases) {
    const error = isParallel(acting.set) ? await allAtOnce(acting, steps) : await oneByOne(acting, steps);
    if (error !== undefined) return error;
  }
  return undefined;
}

const allAtOnce = async (acting: Acting, steps: readonly Step[]) =>
  (await slowStart(steps.length, (i) => act(acting, steps[i]!))).error;

async function oneByOne(acting: Acting, steps: readonly Step[]): Promise<unknown> {
  try {
    for (const step of steps) await act(acting, step);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function writeStatus(
  key: string,
  { client, clock }: ControllerContext,
  { fresh }: Kept,
  set: StatefulSet,
  { versions, collisionCount }: SetHistory,
  owned: Pod[],
  outdated: number,
): Promise<void> {
  const status = planStatus(set, versions, owned, collisionCount, outdated, clock.now());
  if (status) fresh.sets.wrote(key, await client.updateStatus(statefulSets, { ...set, status } as never));
}
