// ValidatingAdmissionPolicyBinding: puts a policy into force, for some objects, with some parameters, and says what follows.
// Read by the API server's mechanisms. Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicybinding, pkg/printers.
// Next: validatingAdmissionPolicy.ts, which it names; that one need not exist.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { isPathSegmentName, nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { authorizeParamRef } from './admission/paramAccess.ts';
import { checkMatchResources, defaultMatchResources } from './admission/rules.ts';
import { checkRequiredOneOf, pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

const actions: readonly string[] = ['Audit', 'Deny', 'Warn'];
const notFoundActions: readonly string[] = ['Deny', 'Allow'];
const oneText = 'name and selector are mutually exclusive';

function checkParamRef(errors: FieldError[], field: string, { name, selector, parameterNotFoundAction }: any): void {
  if (name) {
    pushTexts(errors, `${field}.name`, name, isPathSegmentName(name, false));
    if (selector) errors.push(forbiddenField(`${field}.name`, oneText));
  }
  if (selector) {
    errors.push(...validateLabelSelector(selector, `${field}.selector`));
    if (name) errors.push(forbiddenField(`${field}.selector`, oneText));
  }
  if (!name && !selector) errors.push(required(field, 'one of name or selector must be specified'));
  checkRequiredOneOf(errors, `${field}.parameterNotFoundAction`, parameterNotFoundAction, notFoundActions);
}

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
  if (!spec.policyName) errors.push(required('spec.policyName'));
  else pushTexts(errors, 'spec.policyName', spec.policyName, nameIsDNSSubdomain(spec.policyName, false));
  if (spec.paramRef) checkParamRef(errors, 'spec.paramRef', spec.paramRef);
  if (spec.matchResources) checkMatchResources(errors, 'spec.matchResources', spec.matchResources);
  checkActions(errors, 'spec.validationActions', spec.validationActions ?? []);
  return errors;
}

/** As Go prints the struct. */
function selectorText({ matchLabels = {}, matchExpressions = [] }: any): string {
  const labels = Object.keys(matchLabels).toSorted();
  const inLabels = labels.map((key) => `${key}: ${matchLabels[key]},`).join('');
  const each = ({ key, operator, values = [] }: any) =>
    `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`;
  const inExpressions = matchExpressions.map((expression: any) => `${each(expression)},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${inLabels}},MatchExpressions:[]LabelSelectorRequirement{${inExpressions}},}`;
}

function paramText({ spec }: any): string {
  const { name, namespace, selector } = spec?.paramRef ?? {};
  if (name) return `${namespace || '*'}/${name}`;
  return selector ? selectorText(selector) : '<unset>';
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
  defaults: (binding) => {
    binding.spec ??= {};
    if (binding.spec.matchResources) defaultMatchResources(binding.spec.matchResources);
  },
  authorizeWrite: async (binding, old, context) => {
    const same = ['paramRef', 'policyName'].every((name) => old && semanticEqual(binding.spec[name], old.spec[name]));
    if (!same && !validate(binding).length) await authorizeParamRef(binding, context);
  },
  validate,
  unconditionalUpdate: false,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  columns: [
    nameColumn,
    column('PolicyName', 'The policy that it puts into force.', ({ spec }) => spec?.policyName ?? ''),
    column('ParamRef', 'Where the parameters are.', paramText),
    ageColumn,
  ],
});
