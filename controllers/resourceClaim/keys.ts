// The keys of this controller's queue, `pod:ns/name` and `claim:ns/name`, and whether a pod has to be looked at.
// Pure. Mirrors: enqueuePod and podNeedsWork in pkg/controller/resourceclaim/controller.go. Used by: resourceClaim.ts.
import {
  canBeReserved,
  claimNameOf,
  isDoneWithClaims,
  isReservedFor,
  notForPod,
} from '../../apimachinery/podClaims.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import { keyOf } from '../../client/informerCache.ts';

export const podKey = (pod: Pod): string => `pod:${keyOf(pod)}`;
export const claimKey = (key: string): string => `claim:${key}`;

export function splitPrefix(key: string): { kind: 'pod' | 'claim'; object: string } {
  const colon = key.indexOf(':');
  return { kind: key.slice(0, colon) as 'pod' | 'claim', object: key.slice(colon + 1) };
}

export const usesClaims = (pod: Pod): boolean => Boolean(pod.spec?.resourceClaims?.length);
export const needsClaims = (pod: Pod): boolean => !isDoneWithClaims(pod);

/** Of those that have a name yet. */
export const claimKeysOf = (pod: Pod): string[] =>
  (pod.spec?.resourceClaims ?? []).flatMap((entry) => {
    const named = claimNameOf(pod, entry);
    return 'name' in named && named.name !== undefined ? [`${pod.metadata.namespace}/${named.name}`] : [];
  });

/** A pod on its way out, or at its end, gets no claims: those that it had go, and must not be made again. */
export const wantsClaims = (pod: Pod): boolean => !pod.metadata.deletionTimestamp && needsClaims(pod);

/** A claim is to be made for it, or it runs and is not among the users of a claim. */
export function needsWork(pod: Pod, claimOf: (key: string) => ResourceClaim | undefined): boolean {
  if (!wantsClaims(pod)) return false;
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const named = claimNameOf(pod, entry);
    if ('missing' in named) return true;
    if (named.name === undefined) continue;
    const claim = claimOf(`${pod.metadata.namespace}/${named.name}`);
    if (!claim) {
      // One that people make is waited for.
      if (entry.resourceClaimTemplateName === undefined) continue;
      return true;
    }
    if (named.ownedByPod && notForPod(pod, claim)) continue;
    if (mayReserve(pod, claim)) return true;
  }
  return false;
}

/** The scheduler reserves claims for the pods that it places; who placed this one did not. */
export const mayReserve = (pod: Pod, claim: ResourceClaim): boolean =>
  Boolean(pod.spec?.nodeName) &&
  Boolean(claim.status?.allocation) &&
  !isReservedFor(pod, claim) &&
  canBeReserved(claim);
