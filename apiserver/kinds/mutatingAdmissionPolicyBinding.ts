// MutatingAdmissionPolicyBinding: puts a mutating policy into force, for some objects, with some parameters.
// Read by its clients alone. Mirrors: pkg/registry/admissionregistration/mutatingadmissionpolicybinding, pkg/printers.
// Next: mutatingAdmissionPolicy.ts, which it names; that one need not exist.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { checkBinding } from './admission/binding.ts';
import { bindingWrites } from './admission/bindingWrites.ts';
import { checkMutableRules } from './admission/rules.ts';
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
  ...bindingWrites(validate),
});
