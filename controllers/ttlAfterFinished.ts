// Deletes Jobs some time after they have ended, as spec.ttlSecondsAfterFinished says.
// Reads: jobs. Writes: deletions of jobs. Mirrors: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.
// Next along the chain: garbageCollector/, which deletes their pods first.
import { isConditionTrue } from '../apimachinery/conditions.ts';
import { jobs } from '../apimachinery/resources.ts';
import type { Job } from '../apimachinery/types.ts';
import { type Controller, watch } from '../client/controller.ts';
import { keyOf, splitKey } from '../client/informerCache.ts';
import { tolerate } from './common/errors.ts';
import { timeOf } from './common/pods.ts';

/** When it is to go, in milliseconds; undefined when it has not ended or may stay. */
export function expiry(job: Job): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  const end = ['Complete', 'Failed'].find((type) => isConditionTrue(job.status?.conditions, type));
  if (ttl === undefined || !end || job.metadata.deletionTimestamp) return undefined;
  const at = timeOf(job.status?.conditions?.find((c) => c.type === end)?.lastTransitionTime as string | undefined);
  return Number.isNaN(at) ? undefined : at + ttl * 1000;
}

/** `workers` is --concurrent-ttl-after-finished-syncs. */
export const ttlAfterFinishedController = (workers = 5): Controller => ({
  name: 'ttl-after-finished-controller',
  workers,
  watches: [watch({ resource: jobs, keys: (job) => (expiry(job as Job) === undefined ? [] : [keyOf(job)]) })],
  async reconcile(key, { client, informers, clock }) {
    const known = informers.informer(jobs).get(key) as Job | undefined;
    const at = known && expiry(known);
    if (at === undefined) return;
    if (at > clock.now()) return { after: at - clock.now() };
    // Somebody may have given it more time of which the cache does not know yet.
    const { namespace, name } = splitKey(key);
    const job = (await tolerate(['NotFound'], client.get(jobs, name, namespace))) as Job | undefined;
    const due = job && expiry(job);
    if (due === undefined) return;
    if (due > clock.now()) return { after: due - clock.now() };
    const preconditions = { uid: job!.metadata.uid };
    await tolerate(
      ['NotFound', 'Conflict'],
      client.delete(jobs, name, namespace, { propagationPolicy: 'Foreground', preconditions }),
    );
    return undefined;
  },
});
