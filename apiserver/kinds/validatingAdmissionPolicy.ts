// ValidatingAdmissionPolicy: what writes must keep, said in CEL; bindings put it into force.
// Read by the API server's mechanisms. Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicy, pkg/printers.
// Next: admission/policy.ts, its rules; validatingAdmissionPolicyBinding.ts.
import { authorizeParamKind } from './admission/paramAccess.ts';
import { paramKindColumn, validatePolicy, validatePolicyStatus } from './admission/policy.ts';
import { defaultMatchResources } from './admission/rules.ts';
import { ageColumn, countColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
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
  defaults: (policy) => {
    policy.spec ??= {};
    policy.spec.failurePolicy ??= 'Fail';
    if (policy.spec.matchConstraints) defaultMatchResources(policy.spec.matchConstraints);
  },
  // Only a policy that is well formed is looked at; the others are refused for what is wrong with them.
  authorizeWrite: async (policy, old, context) => {
    if (old && semanticEqual(policy.spec.paramKind, old.spec.paramKind)) return;
    if (policy.spec.paramKind && !validatePolicy(policy, old).length) await authorizeParamKind(policy, context);
  },
  validateCreate: (policy) => validatePolicy(policy),
  validateUpdate: validatePolicy,
  unconditionalUpdate: false,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  subresources: [statusSubresource(validatePolicyStatus, { keep: keepMetadata, resets: ['metadata'] })],
  columns: [
    nameColumn,
    countColumn('Validations', 'How many there are.', ({ spec }) => spec?.validations?.length),
    paramKindColumn,
    ageColumn,
  ],
});
