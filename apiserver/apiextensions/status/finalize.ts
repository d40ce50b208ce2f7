// The end of a CustomResourceDefinition: its objects are deleted, with all that admission and finalizers have to say, and it waits for them.
// Reads: the resource's cache. Writes: deletions, and the condition Terminating.
// Mirrors: apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go. Called by crdController.ts.
import { isConditionTrue, withCondition } from '../../../apimachinery/conditions.ts';
import { isReason } from '../../../apimachinery/status.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import { type Api, cacheOf } from '../../api.ts';
import { systemWriter } from '../../localCluster.ts';
import { deleteObject } from '../../objects/deleteObject.ts';
import { type CustomResources, overlapsBuiltIn } from '../serving/customResources.ts';
import type { CrdCondition } from './naming.ts';
import { completed, deletionFailed, inProgress, neverEstablished, overlapping } from './terminating.ts';

/** Deletions under way at once. */
const workers = 8;

const wasEstablished = (crd: any) => isConditionTrue(crd.status?.conditions, 'Established');

/** The status as deletion goes on. */
export function terminating(crd: any, time: string): any {
  return wasEstablished(crd) ? withTerminating(crd.status, inProgress, time) : crd.status;
}

/** The status when objects could not be deleted; it is tried again. */
export const failed = (crd: any, why: string, time: string): any =>
  withTerminating(crd.status, deletionFailed(`could not issue all deletes: ${why}`), time);

function withTerminating(status: any, condition: CrdCondition, time: string): any {
  const conditions = withCondition<any>(status.conditions, condition, time);
  return conditions === status.conditions ? status : { ...status, conditions };
}

/** Says in the object that nothing is left. */
export function finished(api: Api, crd: any, time: string): void {
  const last = overlapsBuiltIn(api.registry, crd) ? overlapping : wasEstablished(crd) ? completed : neverEstablished;
  crd.status = { ...crd.status, conditions: withCondition<any>(crd.status?.conditions, last, time) };
}

/** Begins the deletion of every object that is there; how many are left. */
export async function deleteInstances(api: Api, crd: KubeObject, resources: CustomResources): Promise<number> {
  if (!wasEstablished(crd) || overlapsBuiltIn(api.registry, crd)) return 0;
  const row = resources.storageRow(crd);
  const cache = await cacheOf(api, row);
  await api.cache.fresh();
  await cache.load?.();
  const queue = cache.list().values();
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (const item of queue) await deleteOne(item.namespace, item.name);
    }),
  );
  await api.cache.fresh();
  return cache.size;

  async function deleteOne(namespace: string, name: string): Promise<void> {
    try {
      await deleteObject(systemWriter(api, row, 'delete', namespace), name, {});
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }
}
