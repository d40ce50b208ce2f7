// ValidatingAdmissionPolicy: what writes must keep, said in CEL; bindings put it into force.
// Read by the API server's mechanisms. Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicy, pkg/printers.
// Next: admission/policy.ts, its rules; validatingAdmissionPolicyBinding.ts.
import { paramKindColumn, validatePolicy, validatePolicyStatus } from './admission/policy.ts';
import { policyWrites } from './admission/policyWrites.ts';
import { ageColumn, countColumn, nameColumn } from './columns.ts';
import { keepMetadata } from './keepMetadata.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

export const validatingAdmissionPolicy = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  storage: 'validatingadmissionpolicies',
  ...policyWrites(validatePolicy),
  subresources: [statusSubresource(validatePolicyStatus, { keep: keepMetadata, resets: ['metadata'] })],
  columns: [
    nameColumn,
    countColumn('Validations', 'How many there are.', ({ spec }) => spec?.validations?.length),
    paramKindColumn,
    ageColumn,
  ],
});
