// Filter: are the devices that claims have already usable on this node, and can it give those that they lack?
// Writes: the attempt's state, for Score, Reserve and PostFilter. Mirrors: Filter in
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go. Next: allocation/allocate.ts decides; then score.ts or postFilter.ts.
import { type Status, unresolvable } from '../../framework.ts';
import type { NodeInfo } from '../../nodeInfo.ts';
import { type Allocating, allocate } from './allocation/allocate.ts';
import { AllocationError, NodeError } from './allocation/types.ts';
import type { AttemptState } from './state.ts';
import { failed, pluginName } from './statuses.ts';

const elsewhere = unresolvable(pluginName, 'resourceclaim not available on the node');
const notEnough = unresolvable(pluginName, 'cannot allocate all claims');

export function filterNode(state: AttemptState, { node, name }: NodeInfo, around: Allocating): Status | undefined {
  const unavailable = state.claims.filter((c) => c.availableOn && !c.availableOn.matches(node!));
  for (const claim of unavailable) state.unavailable.add(claim);
  if (state.toAllocate.length) {
    const claims = state.toAllocate.map((c) => c.claim);
    try {
      const found = allocate(around, node!, claims);
      if (!found) return notEnough;
      if (!unavailable.length) state.allocations.set(name, found);
    } catch (error) {
      if (error instanceof NodeError) return unresolvable(pluginName, error.message);
      if (error instanceof AllocationError) return failed(`running "${pluginName}" filter plugin`, error.message);
      throw error;
    }
  }
  return unavailable.length ? elsewhere : undefined;
}
