// The claims of a pod, those included that were made a moment ago and that the watch has not shown yet: else they would be made twice.
// Reads: claims, from the server itself after an answer was lost. Mirrors: the mutation cache of pkg/controller/resourceclaim/controller.go.
// Used by: syncPod.ts.
import { resourceClaims } from '../../apimachinery/resources.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { claimsOfPod, ownerPod } from './indexes.ts';

export interface Made {
  add(uid: string, claim: ResourceClaim): void;
  /** Nobody said whether a claim was made for this pod. */
  doubt(uid: string): void;
  ofPod(pod: Pod, client: Client): Promise<ResourceClaim[]>;
}

export function createMade(claims: Informer<ResourceClaim>): Made {
  const made = new Map<string, ResourceClaim[]>();
  const version = (text: string | undefined) => BigInt(text || '0');
  const isUnseen = (claim: ResourceClaim) =>
    version(claim.metadata.resourceVersion) > version(claims.lastResourceVersion);
  const add = (uid: string, claim: ResourceClaim) => void made.set(uid, [...(made.get(uid) ?? []), claim]);
  const doubtful = new Set<string>();

  async function settleDoubt(pod: Pod, client: Client): Promise<void> {
    const uid = pod.metadata.uid!;
    if (!doubtful.has(uid)) return;
    const { items } = await client.list(resourceClaims, { namespace: pod.metadata.namespace });
    for (const claim of items) if (ownerPod(claim)?.uid === uid) add(uid, claim);
    doubtful.delete(uid);
  }

  return {
    add,
    doubt: (uid) => void doubtful.add(uid),
    async ofPod(pod, client) {
      await settleDoubt(pod, client);
      const uid = pod.metadata.uid!;
      const unseen = (made.get(uid) ?? []).filter(isUnseen);
      if (unseen.length) made.set(uid, unseen);
      else made.delete(uid);
      return [...claimsOfPod(claims, uid), ...unseen];
    },
  };
}
