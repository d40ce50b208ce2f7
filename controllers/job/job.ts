// Runs pods until enough of them have succeeded, and counts each exactly once.
// Reads: jobs, pods. Writes: pods and their finalizers, jobs/status, Events.
// Mirrors: pkg/controller/job/job_controller.go. A look is: observe.ts, outcome.ts, replicas.ts, accounting.ts; here they are acted on.
import { toTime } from '../../apimachinery/clock.ts';
import { isConditionTrue } from '../../apimachinery/conditions.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import { jobs, pods } from '../../apimachinery/resources.ts';
import type { Job, Pod } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { createExpectations } from '../../client/expectations.ts';
import { keyOf } from '../../client/informerCache.ts';
import { causesOf } from '../../client/runner.ts';
import { createFreshness } from '../common/freshness.ts';
import { claim, controllerOf, indexByController, orphansIn, ownedBy, ownerKeys, planClaims } from '../common/owners.ts';
import { account, finish, type JobStatus, openUids, settle, suspension } from './accounting.ts';
import { managePods, type PodChanges } from './managePods.ts';
import { observe, type View } from './observe.ts';
import { completion, type Outcome, outcomeOf, untilDeadline } from './outcome.ts';
import { isSuspended, isTracked, trackingFinalizer, uidOf } from './podFacts.ts';
import { isOrphanKey, orphanKeyOf, releaseOrphan, takeFinalizers } from './release.ts';
import { createState, type JobState } from './state.ts';

/** Pods' events of so many milliseconds are looked at in one go. */
const batch = 1000;
const controllerName = 'kubernetes.io/job-controller';

/** `workers` is --concurrent-job-syncs. */
export function jobController(workers = 5): Controller {
  let state: JobState;
  return {
    name: 'job-controller',
    workers,
    watches: [
      watch({ resource: jobs, keys: (job) => [keyOf(job)] }),
      // Their events come through setup, late and together.
      watch({ resource: pods, keys: () => [] }),
    ],
    setup(context, enqueue) {
      const { informers, clock } = context;
      state = createState(createExpectations(clock), createFreshness(informers.informer(jobs), clock));
      const podInformer = informers.informer(pods);
      indexByController(podInformer);
      const wake = (pod: Pod) => {
        const causes = causesOf(pod, podInformer);
        for (const key of keysFor(pod, context)) enqueue(key, { after: isOrphanKey(key) ? 1 : batch, causes });
      };
      podInformer.addHandler({
        added: (pod) => {
          const job = jobOf(pod as Pod, context);
          state.saw(pod, job);
          if (job && !pod.metadata.deletionTimestamp) state.expected.creationObserved(keyOf(job));
          wake(pod as Pod);
        },
        updated: (pod, old) => {
          if (pod.metadata.resourceVersion === old.metadata.resourceVersion) return;
          state.saw(pod, jobOf(pod as Pod, context));
          wake(pod as Pod);
          if (controllerOf(old)?.uid !== controllerOf(pod)?.uid) wake(old as Pod);
        },
        deleted: (pod) => {
          state.gone(pod, jobOf(pod as Pod, context));
          wake(pod as Pod);
        },
      });
      const releaseAll = (job: Job) => {
        for (const pod of (ownedBy(podInformer, job.metadata.uid!) as Pod[]).filter(isTracked))
          enqueue(orphanKeyOf(pod), { after: 1 });
      };
      informers.informer(jobs).addHandler({
        updated: (job) => (isFinished(job as Job) ? releaseAll(job as Job) : undefined),
        deleted: (job) => releaseAll(job as Job),
      });
    },
    reconcile: (key, context) =>
      isOrphanKey(key) ? releaseOrphan(key, context, isLive) : reconcile(key, context, state),
  };
}

const isFinished = (job: Job) =>
  isConditionTrue(job.status?.conditions, 'Complete') || isConditionTrue(job.status?.conditions, 'Failed');
const isForeign = (job: Job) => (job.spec?.managedBy ?? controllerName) !== controllerName;
const isLive = (job: Job | undefined, uid: string) => job?.metadata.uid === uid && (!isFinished(job) || isForeign(job));

function jobOf(pod: Pod, { informers }: ControllerContext): Job | undefined {
  const ref = controllerOf(pod);
  const job = ref?.kind === 'Job' ? informers.informer(jobs).get(`${pod.metadata.namespace}/${ref.name}`) : undefined;
  return job?.metadata.uid === ref?.uid ? (job as Job) : undefined;
}

/** The Job that controls a pod; for an orphan, those that would adopt it. A tracked pod without a live Job is let go of. */
function keysFor(pod: Pod, context: ControllerContext): string[] {
  const ref = controllerOf(pod);
  if (ref && ref.kind !== jobs.kind) return [];
  const job = jobOf(pod, context);
  const stray = isTracked(pod) && !(job && isLive(job, job.metadata.uid!)) ? [orphanKeyOf(pod)] : [];
  const keys = ownerKeys(pod, jobs.kind, context.informers.informer(jobs), (j) => selectorOf(j.spec?.selector));
  return [...keys, ...stray];
}

async function reconcile(key: string, context: ControllerContext, state: JobState): Promise<Result | undefined> {
  const { clock, informers } = context;
  const job = informers.informer(jobs).get(key) as Job | undefined;
  if (!job) return void state.forget(key);
  if (state.expected.passedOn(key, job.metadata.uid!)) state.forget(key);
  if (isForeign(job)) return undefined;
  if (isFinished(job)) return void state.backoffs.delete(key);
  if (!state.fresh.isFresh(key)) return { after: 1000, postponed: true };
  const mayAct = state.expected.satisfied(key);
  const view = observe(job, await ownedPods(context, job), {
    backoff: state.backoffs.get(key),
    released: state.released(key),
  });
  const started = withStart(job, clock.now());
  const look: Look = { key, view: { ...view, job: { ...job, status: started } }, context, state, mayAct };
  const outcome = outcomeOf(look.view, clock.now());
  const changes = await managePods(look, outcome);
  await report(look, outcome, changes);
  if (changes.error !== undefined) throw changes.error;
  const after = Math.min(
    changes.wait ?? Number.POSITIVE_INFINITY,
    // An event that the cache missed never comes: then it is acted again once the expectation has expired.
    mayAct ? Number.POSITIVE_INFINITY : (state.expected.expiresIn(key) ?? Number.POSITIVE_INFINITY),
    outcome ? Number.POSITIVE_INFINITY : untilDeadline(look.view.job, clock.now()),
  );
  return Number.isFinite(after) ? { after } : undefined;
}

/** All that one look at a Job works with. */
export interface Look {
  key: string;
  view: View;
  context: ControllerContext;
  state: JobState;
  /** The cache shows all that was asked for before. */
  mayAct: boolean;
}

const withStart = (job: Job, now: number): JobStatus =>
  job.status?.startTime || isSuspended(job) ? (job.status ?? {}) : { ...job.status, startTime: toTime(now) as never };

async function ownedPods({ client, informers }: ControllerContext, job: Job): Promise<Pod[]> {
  const informer = informers.informer(pods);
  const mine = ownedBy(informer, job.metadata.uid!);
  const plan = planClaims(job, selectorOf(job.spec?.selector), [
    ...mine,
    ...orphansIn(informer, job.metadata.namespace!),
  ]);
  return (await claim(client, job, jobs, pods, plan, trackingFinalizer)) as Pod[];
}

/** Writes the status, takes finalizers off, and writes what that made of the counts, and the end when it has come. */
async function report(look: Look, met: Outcome | undefined, changes: PodChanges): Promise<void> {
  const { key, view, context, state, mayAct } = look;
  const now = context.clock.now();
  const counts = countsAfter(view, changes);
  const outcome = met ?? (mayAct ? completion(view, counts.active ?? 0) : undefined);
  const changed =
    mayAct && !outcome && !view.job.metadata.deletionTimestamp ? suspension(view.job, counts, now) : undefined;
  const { status, release, capped } = account(view, changed?.status ?? counts, outcome, now);
  let job = await write(look, view.job, status, context.informers.informer(jobs).get(key)?.status as JobStatus);
  state.backoffs.set(key, view.backoff);
  if (changed) context.events.event(job, 'Normal', changed.reason, `Job ${changed.reason.toLowerCase()}`);
  const { failed, error } = await takeFinalizers(context, state, key, release);
  const open = openUids(view);
  for (const pod of release) if (!failed.has(uidOf(pod))) open.delete(uidOf(pod));
  const settled = settle(status, open);
  const end = outcome && mayAct && !capped && error === undefined ? finish(settled, outcome, now) : undefined;
  job = await write(look, job, end ?? settled, status);
  if (end) announce(context, job, outcome!);
  if (error !== undefined) throw error;
}

function countsAfter({ job, active, ready, terminating }: View, changes: PodChanges): JobStatus {
  return {
    ...job.status,
    active: active.length + changes.created - changes.removed || undefined,
    ready: ready - changes.removedReady,
    terminating: terminating + changes.removed,
  };
}

async function write({ key, context, state }: Look, job: Job, status: JobStatus, before: JobStatus): Promise<Job> {
  if (deepEqual(status, before ?? {})) return job;
  const written = await context.client.updateStatus(jobs, { ...job, status } as never);
  state.fresh.wrote(key, written);
  return written as Job;
}

function announce({ events }: ControllerContext, job: Job, outcome: Outcome): void {
  if (outcome.type === 'FailureTarget') {
    events.event(job, 'Warning', outcome.reason, outcome.message);
    return;
  }
  if ((job.status?.succeeded ?? 0) > (job.spec?.completions ?? Number.POSITIVE_INFINITY))
    events.event(
      job,
      'Warning',
      'TooManySucceededPods',
      'Too many succeeded pods running after completion count reached',
    );
  events.event(job, 'Normal', 'Completed', 'Job completed');
}
