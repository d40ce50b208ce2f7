// What one attempt to schedule a pod has found out about its claims; made by PreFilter, read by all later steps.
// Mirrors: stateData in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
import type { NodeMatcher } from '../../../apimachinery/nodeSelector.ts';
import type { AllocationResult, ResourceClaim } from '../../../apimachinery/types.ts';

export interface ClaimState {
  /** As last seen or written. Read only. */
  claim: ResourceClaim;
  /** Of a claim that is allocated: where its devices can be used. Absent: everywhere. */
  availableOn?: NodeMatcher;
  /** What Reserve decided, for PreBind to write. */
  allocation?: AllocationResult;
}

export interface AttemptState {
  claims: ClaimState[];
  /** Those of them that have no allocation yet. */
  toAllocate: ClaimState[];
  /** Of each node that passed the filter: an allocation for each of `toAllocate`. */
  allocations: Map<string, readonly AllocationResult[]>;
  /** Allocated claims that kept a node out: giving up such an allocation may help. */
  unavailable: Set<ClaimState>;
}
