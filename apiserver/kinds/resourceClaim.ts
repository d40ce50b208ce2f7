// ResourceClaim: devices that pods ask for together, and, once the scheduler has found some, which they are and who may use them.
// Read by the API server's mechanisms. Mirrors: pkg/registry/resource/resourceclaim, pkg/apis/resource/{v1,validation}, pkg/printers.
// Next: devices/, its rules.
import { immutable } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { checkAdminRequests, checkAdminResults } from './devices/adminAccess.ts';
import { checkClaimSpec, defaultClaimSpec } from './devices/claimSpec.ts';
import { dropDeallocated, validateClaimStatus } from './devices/claimStatus.ts';
import { semanticEqual } from './equal.ts';
import { keepMetadata } from './keepMetadata.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

function stateText({ metadata, status = {} }: any): string {
  const deleted = Boolean(metadata.deletionTimestamp);
  const states = deleted ? ['deleted'] : [];
  if (!status.allocation) return [...states, ...(deleted ? [] : ['pending'])].join(',');
  states.push('allocated');
  if (status.reservedFor?.length) states.push('reserved');
  return states.join(',');
}

export const resourceClaim = defineKind({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaim',
  storage: 'resourceclaims',
  defaults: (claim) => {
    claim.spec ??= {};
    defaultClaimSpec(claim.spec);
  },
  authorizeWrite: async (claim, _, context) => checkAdminRequests('ResourceClaim', claim, claim.spec.devices, context),
  validateCreate: ({ spec }) => {
    const errors: ReturnType<typeof validateClaimStatus> = [];
    checkClaimSpec(errors, 'spec', spec);
    return errors;
  },
  validateUpdate: ({ spec }, old) => (semanticEqual(spec, old.spec) ? [] : [immutable('spec', spec)]),
  deleteReturnsObject: true,
  subresources: [
    statusSubresource(validateClaimStatus, {
      keep: (claim, old, context) => {
        keepMetadata(claim, old);
        dropDeallocated(claim, old);
        checkAdminResults(claim, old, context);
      },
      resets: ['metadata'],
    }),
  ],
  columns: [nameColumn, column('State', 'How far it has come.', stateText), ageColumn],
});
