// Pods that are known to have been deleted: their reservations go without asking the server about each.
// Mirrors: pkg/controller/resourceclaim/uid_cache.go. Used by: syncClaim.ts.
import type { Pod } from '../../apimachinery/types.ts';
import type { Informer } from '../../client/informer.ts';
import { usesClaims } from './keys.ts';

const mostKept = 500;

export interface DeletedPods {
  has(uid: string): boolean;
}

/** Call before the informer starts. */
export function createDeletedPods(pods: Informer<Pod>): DeletedPods {
  const uids = new Set<string>();
  pods.addHandler({
    deleted(pod) {
      if (!usesClaims(pod)) return;
      uids.add(pod.metadata.uid!);
      if (uids.size > mostKept) uids.delete(uids.values().next().value!);
    },
  });
  return uids;
}
