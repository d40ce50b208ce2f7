// ValidatingAdmissionPolicyBinding: puts a policy into force, for some objects, with some parameters, and says what follows.
// Read by the API server's mechanisms. Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicybinding, pkg/printers.
// Next: validatingAdmissionPolicy.ts, which it names; that one need not exist.
import { duplicate, type FieldError, invalidValue, notSupported, required } from '../../apimachinery/fieldErrors.ts';
import { checkBinding } from './admission/binding.ts';
import { bindingWrites } from './admission/bindingWrites.ts';
import { defineKind } from './kind.ts';

const actions: readonly string[] = ['Audit', 'Deny', 'Warn'];
function checkActions(errors: FieldError[], field: string, list: readonly string[]): void {
  for (const [i, action] of list.entries()) {
    if (!actions.includes(action)) errors.push(notSupported(`${field}[${i}]`, action, actions));
    if (list.indexOf(action) < i) errors.push(duplicate(`${field}[${i}]`, action));
  }
  if (list.includes('Deny') && list.includes('Warn'))
    errors.push(
      invalidValue(
        field,
        list,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  if (!list.length) errors.push(required(field, 'at least one validation action is required'));
}

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkBinding(errors, spec);
  checkActions(errors, 'spec.validationActions', spec.validationActions ?? []);
  return errors;
}

export const validatingAdmissionPolicyBinding = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  storage: 'validatingadmissionpolicybindings',
  ...bindingWrites(validate),
});
