// MutatingAdmissionPolicyBinding: puts a mutating policy into force, for some objects, with some parameters.
// Read by its clients alone. Mirrors: pkg/registry/admissionregistration/mutatingadmissionpolicybinding, pkg/printers.
// Next: mutatingAdmissionPolicy.ts, which it names; that one need not exist.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { checkBinding, paramRefColumn, policyNameColumn, sameBinding } from './admission/binding.ts';
import { authorizeParamRef } from './admission/paramAccess.ts';
import { checkMutableRules, defaultMatchResources } from './admission/rules.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkBinding(errors, spec);
  if (spec.matchResources) checkMutableRules(errors, 'spec.matchResources', spec.matchResources);
  return errors;
}

export const mutatingAdmissionPolicyBinding = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1beta1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1beta1.MutatingAdmissionPolicyBinding',
  storage: 'mutatingadmissionpolicybindings',
  defaults: (binding) => {
    binding.spec ??= {};
    if (binding.spec.matchResources) defaultMatchResources(binding.spec.matchResources);
  },
  authorizeWrite: async (binding, old, context) => {
    if (!sameBinding(binding, old) && !validate(binding).length) await authorizeParamRef(binding, context);
  },
  validate,
  unconditionalUpdate: false,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  columns: [nameColumn, policyNameColumn, paramRefColumn, ageColumn],
});
