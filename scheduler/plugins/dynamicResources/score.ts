// Score: nodes where requests with alternatives get those that they prefer.
// Reads: the attempt's allocations. Mirrors: computeScore in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
import type { AllocationResult, ResourceClaim } from '../../../apimachinery/types.ts';
import type { AttemptState } from './state.ts';

/** Upstream's FirstAvailableDeviceRequestMaxSize: the first alternative counts as much, each later one less by one. */
const mostAlternatives = 8;

const hasAlternatives = (claim: ResourceClaim) =>
  (claim.spec.devices?.requests ?? []).some((r) => r.firstAvailable?.length);

/** Absent when no request has alternatives: all nodes are equal then. */
export function scoreOf(state: AttemptState): ((node: string) => number) | undefined {
  if (!state.toAllocate.some((c) => hasAlternatives(c.claim))) return undefined;
  return (node) =>
    (state.allocations.get(node) ?? []).reduce(
      (sum, allocation, i) => sum + scoreOfClaim(state.toAllocate[i]!.claim, allocation),
      0,
    );
}

function scoreOfClaim(claim: ResourceClaim, allocation: AllocationResult): number {
  const taken = new Set(allocation.devices?.results?.map((r) => r.request));
  let score = 0;
  for (const { name, firstAvailable = [] } of claim.spec.devices?.requests ?? [])
    for (const [i, alternative] of firstAvailable.entries())
      if (taken.has(`${name}/${alternative.name}`)) score += mostAlternatives - i;
  return score;
}
