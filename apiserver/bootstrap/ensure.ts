// Makes an object unless it is there; another server that was quicker is fine.
// Used by: the steps here.
import { type GroupResource, isReason } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Cluster } from '../kinds/cluster.ts';

/** The object as it is now: the one found, or the one just made. */
export async function ensure(cluster: Cluster, r: GroupResource, object: any): Promise<KubeObject> {
  const { name, namespace } = object.metadata;
  const found = cluster.cached(r, name, namespace) ?? (await cluster.get(r, name, namespace));
  if (found) return found;
  try {
    return await cluster.create(r, object);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    return (await cluster.get(r, name, namespace)) ?? object;
  }
}
