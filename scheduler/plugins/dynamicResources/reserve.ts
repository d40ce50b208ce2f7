// Reserve: the devices that were found for the chosen node are the claims' now, for all later attempts, before anything is written.
// Writes: the claim tracker. Mirrors: Reserve in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go. Next: preBind.ts.
import type { Status } from '../../framework.ts';
import type { ClaimTracker } from './claimTracker.ts';
import type { AttemptState } from './state.ts';
import { failed, pluginName } from './statuses.ts';

export function reserveClaims(state: AttemptState, node: string, tracker: ClaimTracker): Status | undefined {
  if (!state.toAllocate.length) return undefined;
  const allocations = state.allocations.get(node);
  if (!allocations) return failed(`running Reserve plugin "${pluginName}"`, 'claim allocation not found for node');
  for (const [i, claim] of state.toAllocate.entries()) {
    claim.allocation = allocations[i]!;
    tracker.reserve(claim.claim.metadata.uid!, allocations[i]!);
  }
  return undefined;
}
