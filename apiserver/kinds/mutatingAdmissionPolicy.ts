// MutatingAdmissionPolicy: what writes come to have, said in CEL; bindings put it into force. It is kept, and not carried out.
// Read by its clients alone. Mirrors: pkg/registry/admissionregistration/mutatingadmissionpolicy, pkg/printers.
// Next: admission/mutatingPolicy.ts, its rules; mutatingAdmissionPolicyBinding.ts; olderVersions.ts.
import { validateMutatingPolicy } from './admission/mutatingPolicy.ts';
import { authorizeParamKind } from './admission/paramAccess.ts';
import { paramKindColumn } from './admission/policy.ts';
import { defaultMatchResources } from './admission/rules.ts';
import { ageColumn, countColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

export const mutatingAdmissionPolicy = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1beta1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1beta1.MutatingAdmissionPolicy',
  storage: 'mutatingadmissionpolicies',
  defaults: (policy) => {
    policy.spec ??= {};
    policy.spec.failurePolicy ??= 'Fail';
    if (policy.spec.matchConstraints) defaultMatchResources(policy.spec.matchConstraints);
  },
  authorizeWrite: async (policy, old, context) => {
    if (old && semanticEqual(policy.spec.paramKind, old.spec.paramKind)) return;
    if (policy.spec.paramKind && !validateMutatingPolicy(policy, old).length) await authorizeParamKind(policy, context);
  },
  validateCreate: (policy) => validateMutatingPolicy(policy),
  validateUpdate: validateMutatingPolicy,
  unconditionalUpdate: false,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  columns: [
    nameColumn,
    countColumn('Mutations', 'How many there are.', ({ spec }) => spec?.mutations?.length),
    paramKindColumn,
    ageColumn,
  ],
});
