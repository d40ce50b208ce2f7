// The claims of a pod as they are now, or why they are not all there.
// Reads: the claim tracker. Mirrors: foreachPodResourceClaim in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
// Used by: dynamicResources.ts (PreEnqueue), preFilter.ts, hints.ts.
import { claimNameOf, notForPod } from '../../../apimachinery/podClaims.ts';
import type { Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import type { ClaimTracker } from './claimTracker.ts';

/** Those that it needs, or the reason why it has to wait. */
export function claimsOf(pod: Pod, tracker: ClaimTracker): ResourceClaim[] | string {
  const claims: ResourceClaim[] = [];
  const namespace = pod.metadata.namespace ?? '';
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const named = claimNameOf(pod, entry);
    if ('missing' in named) return named.missing;
    if (named.name === undefined) continue;
    const claim = tracker.get(namespace, named.name);
    if (!claim) return `could not find ResourceClaim "${namespace}/${named.name}"`;
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${named.name}" is being deleted`;
    const stranger = named.ownedByPod ? notForPod(pod, claim) : undefined;
    if (stranger) return stranger;
    claims.push(claim);
  }
  return claims;
}
