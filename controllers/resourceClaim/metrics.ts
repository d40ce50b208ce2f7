// How many claims there are, and how many were made or could not be.
// Mirrors: pkg/controller/resourceclaim/metrics/metrics.go and custom_collector.go.
import type { ResourceClaim } from '../../apimachinery/types.ts';
import type { Informer } from '../../client/informer.ts';
import type { Metrics } from '../../component-base/metrics.ts';
import { podClaimAnnotation } from './newClaim.ts';

export interface ClaimMetrics {
  made(claim: { spec: ResourceClaim['spec'] }, succeeded: boolean): void;
}

export const asksForAdminAccess = ({ spec }: { spec: ResourceClaim['spec'] }): boolean =>
  Boolean(spec.devices?.requests?.some((r) => r.exactly?.adminAccess));

const sourceOf = (claim: ResourceClaim) =>
  claim.metadata.annotations?.[podClaimAnnotation] === undefined ? '' : 'resource_claim_template';

export function createClaimMetrics(claims: Informer<ResourceClaim>, metrics: Metrics | undefined): ClaimMetrics {
  if (!metrics) return { made() {} };
  const creates = metrics.counter(
    'resourceclaim_controller_creates_total',
    'Number of ResourceClaims creation requests, categorized by creation status and admin access',
    ['status', 'admin_access'],
  );
  const count = metrics.gauge(
    'resourceclaim_controller_resource_claims',
    "Number of ResourceClaims, categorized by allocation status, admin access, and source. Source can be 'resource_claim_template' (created from a template), 'extended_resource' (extended resources), or empty (manually created by a user).",
    ['allocated', 'admin_access', 'source'],
  );
  metrics.onLook(() => {
    count.reset();
    for (const claim of claims.list())
      count.inc({
        allocated: String(Boolean(claim.status?.allocation)),
        admin_access: String(asksForAdminAccess(claim)),
        source: sourceOf(claim),
      });
  });
  return {
    made: (claim, succeeded) =>
      creates.inc({ status: succeeded ? 'success' : 'failure', admin_access: String(asksForAdminAccess(claim)) }),
  };
}
