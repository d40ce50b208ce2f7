// Makes the pods that a Job lacks, deletes those that are too many, or all that run when it has come to its end.
// Writes: pods, Events. Mirrors: manageJob, deleteActivePods and deleteJobPods in pkg/controller/job/job_controller.go.
// Used by: job.ts. What to make and delete: replicas.ts.
import { pods } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Pod } from '../../apimachinery/types.ts';
import { keyOf } from '../../client/informerCache.ts';
import { isNamespaceTerminating, isUncertain } from '../common/errors.ts';
import { isReady } from '../common/pods.ts';
import { slowStart } from '../common/slowStart.ts';
import { knownPods, madeUnanswered, wentUnanswered } from '../common/uncertain.ts';
import type { Look } from './job.ts';
import { podOf } from './newPod.ts';
import type { Outcome } from './outcome.ts';
import { uidOf } from './podFacts.ts';
import { takeFinalizers } from './release.ts';
import { planReplicas } from './replicas.ts';

export interface PodChanges {
  created: number;
  removed: number;
  removedReady: number;
  /** Milliseconds until more may be made. */
  wait?: number;
  error?: unknown;
}

const none: PodChanges = { created: 0, removed: 0, removedReady: 0 };

export async function managePods(look: Look, outcome: Outcome | undefined): Promise<PodChanges> {
  const { view, mayAct, context } = look;
  if (!mayAct) return none;
  if (outcome) return remove(look, view.active);
  if (view.job.metadata.deletionTimestamp) return none;
  const plan = planReplicas(view, context.clock.now());
  if (plan.remove.length) return removeSurplus(look, plan.remove);
  return { ...(plan.create.length ? await create(look, plan.create) : none), wait: plan.wait };
}

async function create(
  { key, view, context, state: { expected } }: Look,
  indexes: (number | undefined)[],
): Promise<PodChanges> {
  const { job } = view;
  const { client, events } = context;
  const known = knownPods(context, job);
  let uncertain = false;
  expected.expectCreations(key, indexes.length);
  let next = 0;
  const { succeeded, error } = await slowStart(indexes.length, async () => {
    const index = indexes[next++];
    try {
      const pod = await client.create(
        pods,
        podOf(job, index, index === undefined ? undefined : view.retained.get(index)),
      );
      known.add(pod.metadata.uid!);
      events.event(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    } catch (e) {
      uncertain ||= isUncertain(e);
      if (!isNamespaceTerminating(e))
        events.event(job, 'Warning', 'FailedCreate', `Error creating: ${(e as Error).message}`);
      throw e;
    }
  });
  // Those will be seen; the others never.
  const made = succeeded + (uncertain ? await madeUnanswered(context, job, known) : 0);
  for (let i = made; i < indexes.length; i++) expected.creationObserved(key);
  return { ...none, created: made, ...(error && !isNamespaceTerminating(error) ? { error } : {}) };
}

/**
 * Pods that are too many, or all of a suspended Job, have not failed: they are let go of first, and so never counted. One that has
 * changed since it was seen may have succeeded, and is left for the next look.
 */
async function removeSurplus(look: Look, victims: readonly Pod[]): Promise<PodChanges> {
  const { failed, error } = await takeFinalizers(look.context, look.state, look.key, victims, true);
  const changes = await remove(
    look,
    victims.filter((pod) => !failed.has(uidOf(pod))),
  );
  return error === undefined ? changes : { ...changes, error };
}

async function remove(
  { key, view: { job }, context, state: { expected } }: Look,
  victims: readonly Pod[],
): Promise<PodChanges> {
  const { client, events } = context;
  if (victims.length) expected.expectDeletions(key, victims.map(keyOf));
  const changes = { ...none };
  await Promise.all(
    victims.map(async (pod) => {
      try {
        const preconditions = { uid: pod.metadata.uid };
        await client.delete(pods, pod.metadata.name, pod.metadata.namespace, { preconditions });
        events.event(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
      } catch (error) {
        if (!(await wentUnanswered(context, pod, error))) {
          expected.deletionObserved(key, keyOf(pod));
          if (!isReason(error, 'NotFound')) {
            events.event(job, 'Warning', 'FailedDelete', `Error deleting: ${(error as Error).message}`);
            changes.error ??= error;
            return;
          }
        }
      }
      changes.removed++;
      if (isReady(pod)) changes.removedReady++;
    }),
  );
  return changes;
}
