// MutatingAdmissionPolicy: what writes come to have, said in CEL; bindings put it into force. It is kept, and not carried out.
// Read by its clients alone. Mirrors: pkg/registry/admissionregistration/mutatingadmissionpolicy, pkg/printers.
// Next: admission/mutatingPolicy.ts, its rules; mutatingAdmissionPolicyBinding.ts; olderVersions.ts.
import { validateMutatingPolicy } from './admission/mutatingPolicy.ts';
import { paramKindColumn } from './admission/policy.ts';
import { policyWrites } from './admission/policyWrites.ts';
import { ageColumn, countColumn, nameColumn } from './columns.ts';
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
  ...policyWrites(validateMutatingPolicy),
  columns: [
    nameColumn,
    countColumn('Mutations', 'How many there are.', ({ spec }) => spec?.mutations?.length),
    paramKindColumn,
    ageColumn,
  ],
});
