// What is to be done for a claim: users that are no more go; with the last of them go allocation and finalizer; and a claim that was
// made for a pod that is done goes itself. Pure. Mirrors: syncClaim in pkg/controller/resourceclaim/controller.go. Acted on by: syncClaim.ts.
import { deleteProtection, isDoneWithClaims } from '../../apimachinery/podClaims.ts';
import type { Pod, ResourceClaim } from '../../apimachinery/types.ts';
import { ownerPod } from './indexes.ts';

type Status = NonNullable<ResourceClaim['status']>;
type Consumer = NonNullable<Status['reservedFor']>[number];

export interface ClaimPlan {
  /** To be written, where it changes. */
  status?: Status;
  /** The finalizer is to go, after that. */
  unprotect: boolean;
  delete: boolean;
}

/** `ask`: the cache does not know this pod; it may be too new. */
export function judge(user: Consumer, pod: Pod | undefined, wasDeleted: boolean): 'keep' | 'drop' | 'ask' {
  if (wasDeleted) return 'drop';
  if (!pod) return 'ask';
  return pod.metadata.uid !== user.uid || isDoneWithClaims(pod) ? 'drop' : 'keep';
}

/** `valid`: the users that still count. `owner`: the pod of the name that the claim was made for, as far as the cache knows it. */
export function planClaim(claim: ResourceClaim, valid: readonly Consumer[], owner: Pod | undefined): ClaimPlan {
  const isUnused = valid.length === 0;
  const isProtected = claim.metadata.finalizers?.includes(deleteProtection) ?? false;
  const lostUsers = valid.length < (claim.status?.reservedFor?.length ?? 0);
  const isDeleted = claim.metadata.deletionTimestamp !== undefined;
  // Not whenever it is unused: a driver may have it allocated before anybody reserves it.
  const frees = isUnused && isProtected && (lostUsers || isDeleted);
  const hasAllocation = Boolean(claim.status?.allocation);
  const changes = lostUsers || (frees && hasAllocation);
  return {
    ...(changes && { status: newStatus(claim.status!, valid, frees) }),
    unprotect: isProtected && (frees || (lostUsers && !hasAllocation)),
    delete: isUnused && !isDeleted && isOrphan(claim, owner),
  };
}

function newStatus(status: Status, valid: readonly Consumer[], frees: boolean): Status {
  const { reservedFor: _, allocation, devices, ...rest } = status;
  if (frees) return rest;
  return {
    ...rest,
    ...(allocation && { allocation }),
    ...(devices && { devices }),
    ...(valid.length && { reservedFor: [...valid] }),
  };
}

/** A pod that the cache does not know may be too new; if it is gone for good the garbage collector knows. */
function isOrphan(claim: ResourceClaim, pod: Pod | undefined): boolean {
  const owner = ownerPod(claim);
  return owner !== undefined && pod !== undefined && (pod.metadata.uid !== owner.uid || isDoneWithClaims(pod));
}
