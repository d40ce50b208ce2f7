// Allocation: which devices the claims of a pod get on one node, if any.
// Pure. Reads: claims, classes, the inventory of devices, what is taken. Mirrors: Allocate in
// staging/src/k8s.io/dynamic-resource-allocation/structured/internal/stable/allocator_stable.go. Called by: ../filter.ts. Next: requests.ts, search.ts.
import type { AllocationResult, Node, ResourceClaim } from '../../../../apimachinery/types.ts';
import type { Inventory } from './inventory.ts';
import { claimText, type Request, requestsOf, type Surroundings } from './requests.ts';
import { resultOf } from './results.ts';
import { search } from './search.ts';
import { AllocationError, mostResults, NodeError } from './types.ts';

export interface Allocating extends Omit<Surroundings, 'pools'> {
  inventory: Inventory;
  /** Is it somebody's already? Keys of DeviceIds. */
  isAllocated(key: string): boolean;
  isOver(): boolean;
}

/**
 * One result a claim, or undefined when this node does not have what they ask for together. Throws AllocationError when
 * something is wrong with claim or class, NodeError when it is with what the node offers.
 */
export function allocate(a: Allocating, node: Node, claims: readonly ResourceClaim[]): AllocationResult[] | undefined {
  const pools = a.inventory.poolsFor(node);
  const requests = claims.map((claim) => {
    const found = requestsOf(claim, { ...a, pools });
    checkCount(claim, found);
    return found;
  });
  const picked = search({ ...a, claims, requests, pools });
  if (picked) return claims.map((claim, i) => resultOf(claim, requests[i]!, picked[i]!));
  if (pools.some((p) => p.isInvalid)) throw new NodeError('invalid resource pools were encountered');
  return undefined;
}

function checkCount(claim: ResourceClaim, requests: readonly Request[]): void {
  const least = requests.reduce((sum, { asks }) => sum + Math.min(...asks.map((ask) => ask.count)), 0);
  if (least > mostResults)
    throw new AllocationError(
      `claim ${claimText(claim)}: number of requested devices ${least} exceeds the claim limit of ${mostResults}`,
    );
}
