// What bindings of policies of both kinds have: the policy, its parameters, and the objects meant.
// Mirrors: validateParamRef and the bindings in pkg/apis/admissionregistration/validation/validation.go, pkg/printers.
// Called by: ../validatingAdmissionPolicyBinding.ts, ../mutatingAdmissionPolicyBinding.ts. Next: rules.ts.
import { type FieldError, forbiddenField, required } from '../../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../../apimachinery/labelSelector.ts';
import { isPathSegmentName, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { checkRequiredOneOf, pushTexts } from '../check.ts';
import { column } from '../columns.ts';
import { semanticEqual } from '../equal.ts';
import { checkMatchResources } from './rules.ts';

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

export function checkBinding(errors: FieldError[], { policyName, paramRef, matchResources }: any): void {
  if (!policyName) errors.push(required('spec.policyName'));
  else pushTexts(errors, 'spec.policyName', policyName, nameIsDNSSubdomain(policyName, false));
  if (paramRef) checkParamRef(errors, 'spec.paramRef', paramRef);
  if (matchResources) checkMatchResources(errors, 'spec.matchResources', matchResources);
}

/** The same parameters come into play as before. */
export const sameBinding = (binding: any, old: any): boolean =>
  ['paramRef', 'policyName'].every((name) => old && semanticEqual(binding.spec[name], old.spec[name]));

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

export const policyNameColumn = column(
  'PolicyName',
  'The policy that it puts into force.',
  ({ spec }) => spec?.policyName ?? '',
);
export const paramRefColumn = column('ParamRef', 'Where the parameters are.', paramText);
