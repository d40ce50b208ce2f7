// Which ResourceClaim stands behind an entry of a pod's spec.resourceClaims, and whose it is.
// Pure. Reads: pods and claims. Mirrors: staging/src/k8s.io/dynamic-resource-allocation/resourceclaim/resourceclaim.go.
// Used by: controllers/resourceClaim/ and scheduler/plugins/dynamicResources/.
import type { Pod, PodResourceClaim, ResourceClaim } from './types.ts';

/** On every claim that has an allocation, so that devices in use do not get lost with a deleted claim. */
export const deleteProtection = 'resource.kubernetes.io/delete-protection';

/** How many users a claim has room for. */
export const mostConsumers = 256;

export type ClaimName =
  /** `ownedByPod`: made from a template, so it must be the pod's own. */
  | { name: string; ownedByPod: boolean }
  /** The controller found that this entry needs no claim. */
  | { name: undefined }
  /** Why there is no name yet. */
  | { missing: string; notCreated: boolean };

export function claimNameOf(pod: Pod, entry: PodResourceClaim): ClaimName {
  const { namespace, name } = pod.metadata;
  if (entry.resourceClaimName !== undefined) return { name: entry.resourceClaimName, ownedByPod: false };
  if (entry.resourceClaimTemplateName === undefined)
    return {
      missing: `pod "${namespace}/${name}", spec.resourceClaim "${entry.name}": none of the supported fields are set`,
      notCreated: false,
    };
  const status = pod.status?.resourceClaimStatuses?.find((s) => s.name === entry.name);
  if (!status) return { missing: `pod "${namespace}/${name}": ResourceClaim not created yet`, notCreated: true };
  return status.resourceClaimName === undefined || status.resourceClaimName === null
    ? { name: undefined }
    : { name: status.resourceClaimName, ownedByPod: true };
}

/** Why a claim that should have been made for this pod is not its own; undefined: it is. */
export function notForPod(pod: Pod, claim: ResourceClaim): string | undefined {
  const isOwned = claim.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === pod.metadata.uid);
  if (isOwned && claim.metadata.namespace === pod.metadata.namespace) return undefined;
  const text = (o: Pod | ResourceClaim) => `${o.metadata.namespace}/${o.metadata.name}`;
  return `ResourceClaim ${text(claim)} was not created for pod ${text(pod)} (pod is not owner)`;
}

export const isReservedFor = (pod: Pod, claim: ResourceClaim): boolean =>
  claim.status?.reservedFor?.some((user) => user.uid === pod.metadata.uid) ?? false;

/** Claims can be shared, as long as there is room in the list of their users. */
export const canBeReserved = (claim: ResourceClaim): boolean =>
  (claim.status?.reservedFor?.length ?? 0) < mostConsumers;

/** The entry that says that a pod uses a claim. */
export const consumerOf = (pod: Pod) => ({ resource: 'pods', name: pod.metadata.name, uid: pod.metadata.uid! });

/** The pod runs no more, or never will: it ended, or was deleted before it had a node. */
export const isDoneWithClaims = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' ||
  pod.status?.phase === 'Failed' ||
  (pod.metadata.deletionTimestamp !== undefined && !pod.spec?.nodeName);
