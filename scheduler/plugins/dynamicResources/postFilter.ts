// PostFilter: no node fits. A claim of this pod alone that sits on the wrong node is given up, so that it can be allocated anew.
// Writes: resourceclaims/status. Mirrors: PostFilter in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
import { resourceClaims } from '../../../apimachinery/resources.ts';
import type { Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import type { AttemptState } from './state.ts';

/** Of those that kept nodes out, one that nobody else uses; any of them is as good. */
export function claimToGiveUp(
  pod: Pod,
  { unavailable }: AttemptState,
  random: () => number,
): ResourceClaim | undefined {
  const own = [...unavailable].filter(({ claim }) => {
    const users = claim.status?.reservedFor ?? [];
    return users.length === 0 || (users.length === 1 && users[0]!.uid === pod.metadata.uid);
  });
  return own[Math.floor(random() * own.length)]?.claim;
}

/** Resolves with the claim as it is then; rejects as the write does. */
export const giveUp = (claim: ResourceClaim, client: Client): Promise<ResourceClaim> => {
  const { allocation: _, reservedFor: __, devices: ___, ...status } = claim.status!;
  return client.updateStatus(resourceClaims, { ...claim, status });
};
