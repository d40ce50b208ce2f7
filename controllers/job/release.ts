// Takes the tracking finalizer off: of pods that are counted, and of pods whose Job is gone or finished.
// Reads: pods, jobs. Writes: pods' finalizers. Mirrors: removeTrackingFinalizerFromPods and syncOrphanPod in pkg/controller/job/job_controller.go.
// Used by: job.ts.
import { jobs, pods } from '../../apimachinery/resources.ts';
import type { Job, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { tolerate } from '../common/errors.ts';
import { controllerOf } from '../common/owners.ts';
import { isTracked, trackingFinalizer, uidOf } from './podFacts.ts';
import type { JobState } from './state.ts';

const prefix = 'pod:';
/** Pods to be let go of share the Jobs' queue under keys of their own. */
export const orphanKeyOf = (pod: Pod): string => `${prefix}${keyOf(pod)}`;
export const isOrphanKey = (key: string): boolean => key.startsWith(prefix);

/** A pod that is gone has no finalizer either. The uid guards one of the same name that came later; `asSeen`: nor may it have changed. */
const takeFinalizer = (client: Client, pod: Pod, asSeen = false) =>
  tolerate(
    ['NotFound', 'Invalid'],
    client.patch(pods, pod.metadata.name, pod.metadata.namespace, 'strategic', {
      metadata: {
        uid: uidOf(pod),
        ...(asSeen && { resourceVersion: pod.metadata.resourceVersion }),
        '$deleteFromPrimitiveList/finalizers': [trackingFinalizer],
      },
    }),
  );

/** The uids that still have theirs, and the first error. */
export async function takeFinalizers(
  { client }: ControllerContext,
  state: JobState,
  key: string,
  list: readonly Pod[],
  asSeen = false,
): Promise<{ failed: Set<string>; error?: unknown }> {
  const failed = new Set<string>();
  let error: unknown;
  await Promise.all(
    list.map(async (pod) => {
      state.releasing(key, uidOf(pod));
      try {
        await takeFinalizer(client, pod, asSeen);
      } catch (e) {
        state.notReleased(key, uidOf(pod));
        failed.add(uidOf(pod));
        error ??= e;
      }
    }),
  );
  return { failed, error };
}

/** `isLive`: the Job with this uid is there and will count the pod itself. */
export async function releaseOrphan(
  key: string,
  { client, informers }: ControllerContext,
  isLive: (job: Job | undefined, uid: string) => boolean,
): Promise<undefined> {
  const pod = informers.informer(pods).get(key.slice(prefix.length)) as Pod | undefined;
  if (!pod || !isTracked(pod)) return;
  const ref = controllerOf(pod);
  const job = ref?.kind === 'Job' ? informers.informer(jobs).get(`${pod.metadata.namespace}/${ref.name}`) : undefined;
  if (ref && isLive(job as Job | undefined, ref.uid)) return;
  await takeFinalizer(client, pod);
}
