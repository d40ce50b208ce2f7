// PreFilter: the pod's claims are there, can be shared with it, and the classes that they name exist. Then a Filter for the nodes.
// Reads: claims, deviceclasses. Mirrors: PreFilter in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
// Next along the chain: filter.ts.
import { parseNodeSelector } from '../../../apimachinery/nodeSelector.ts';
import { canBeReserved, isReservedFor } from '../../../apimachinery/podClaims.ts';
import type { DeviceClass, Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import type { FeatureGates } from '../../../component-base/featureGates.ts';
import type { Status } from '../../framework.ts';
import { claimText } from './allocation/requests.ts';
import type { ClaimTracker } from './claimTracker.ts';
import { claimsOf } from './podClaims.ts';
import type { AttemptState, ClaimState } from './state.ts';
import { failed, pluginName, refused } from './statuses.ts';

export interface Known {
  tracker: ClaimTracker;
  gates: Pick<FeatureGates, 'enabled'>;
  classes(name: string): DeviceClass | undefined;
}

/** Undefined: the pod needs no claim. */
export function preFilterClaims(pod: Pod, known: Known): AttemptState | Status | undefined {
  const claims = claimsOf(pod, known.tracker);
  if (typeof claims === 'string') return refused(claims);
  if (!claims.length) return undefined;
  for (const claim of claims) {
    const refusal = checkClaim(pod, claim, known);
    if (refusal) return refusal;
  }
  const states = claims.map(stateOf);
  const toAllocate = states.filter(({ claim }) => !claim.status?.allocation);
  return { claims: states, toAllocate, allocations: new Map(), unavailable: new Set() };
}

function stateOf(claim: ResourceClaim): ClaimState {
  const selector = claim.status?.allocation?.nodeSelector;
  return { claim, ...(selector && { availableOn: parseNodeSelector(selector) }) };
}

function checkClaim(pod: Pod, claim: ResourceClaim, { tracker, classes, gates }: Known): Status | undefined {
  if (claim.status?.allocation)
    return canBeReserved(claim) || isReservedFor(pod, claim) ? undefined : refused('resourceclaim in use');
  if (tracker.isReserved(claim.metadata.uid!))
    return refused(`resource claim ${claimText(claim)} is in the process of being allocated`);
  const prioritized = claim.spec.devices?.requests?.find((r) => r.firstAvailable?.length);
  if (prioritized && !gates.enabled('DRAPrioritizedList'))
    return refused(
      `resource claim ${claimText(claim)}, request ${prioritized.name}: has subrequests, but the DRAPrioritizedList feature is disabled`,
    );
  for (const { name, className } of classNamesOf(claim)) {
    if (!className)
      return failed(`running PreFilter plugin "${pluginName}"`, `request ${name}: unsupported request type`);
    if (!classes(className)) return refused(`request ${name}: device class ${className} does not exist`);
  }
  return undefined;
}

/** Of each request and alternative. */
const classNamesOf = (claim: ResourceClaim) =>
  (claim.spec.devices?.requests ?? []).flatMap(({ name, exactly, firstAvailable = [] }) =>
    firstAvailable.length
      ? firstAvailable.map((s) => ({ name: `${name}/${s.name}`, className: s.deviceClassName }))
      : [{ name, className: exactly?.deviceClassName }],
  );
