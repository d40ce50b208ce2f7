// Which events may help a pod that this plugin refused.
// Reads: old and new states of claims and pods. Mirrors: EventsToRegister, isSchedulableAfterClaimChange and
// isSchedulableAfterPodChange in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import type { Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import { action } from '../../clusterEvents.ts';
import type { EventHint } from '../../framework.ts';
import type { PodInfo } from '../../podInfo.ts';
import type { ClaimTracker } from './claimTracker.ts';
import { claimsOf } from './podClaims.ts';

export const hintsOf = (tracker: ClaimTracker): EventHint[] => [
  { resource: 'Node', actions: action.add | action.updateNodeLabel },
  {
    resource: 'ResourceClaim',
    actions: action.add | action.update,
    helps: ({ pod }, old, now) => afterClaimChange(pod, tracker, old, now),
  },
  {
    resource: 'TargetPod',
    actions: action.updatePodGeneratedResourceClaim,
    helps: (_, __, now: PodInfo) => typeof claimsOf(now.pod, tracker) !== 'string',
  },
  { resource: 'DeviceClass', actions: action.add | action.update },
  { resource: 'ResourceSlice', actions: action.add | action.update },
];

function afterClaimChange(
  pod: Pod,
  tracker: ClaimTracker,
  old: ResourceClaim | undefined,
  now: ResourceClaim,
): boolean {
  const claims = claimsOf(pod, tracker);
  if (typeof claims === 'string') return false;
  // Devices became free, which may be those that any pod waits for.
  if (old?.status?.allocation && !now.status?.allocation) return true;
  if (!claims.some((c) => c.metadata.uid === now.metadata.uid)) return false;
  return !old || !deepEqual(old.status, now.status);
}
