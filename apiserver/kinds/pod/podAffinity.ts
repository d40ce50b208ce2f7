// Rules of what steers pods towards or away from each other: affinity, anti-affinity, topology spread.
// Mirrors: validatePodAffinityTerm and validateTopologySpreadConstraints in pkg/apis/core/validation/validation.go.
// Called by: spec.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../../apimachinery/labelSelector.ts';
import { isDNS1123Label, isQualifiedName } from '../../../apimachinery/names.ts';
import { checkPositive, pushTexts } from '../check.ts';
import { checkWeight } from './scheduling.ts';

function checkKeys(errors: FieldError[], field: string, keys: string[] | undefined, selector: any): void {
  if (!keys?.length) return;
  if (!selector) return void errors.push(forbiddenField(field, 'must not be specified when labelSelector is not set'));
  for (let i = 0; i < keys.length; i++) pushTexts(errors, `${field}[${i}]`, keys[i], isQualifiedName(keys[i]!));
}

/** Keys whose values come from the pod itself; the server has merged them into the selector already. */
function checkMatchLabelKeys(errors: FieldError[], field: string, term: any): void {
  const { matchLabelKeys: match, mismatchLabelKeys: mismatch, labelSelector: selector } = term;
  if (!match?.length && !mismatch?.length) return;
  checkKeys(errors, `${field}.matchLabelKeys`, match, selector);
  checkKeys(errors, `${field}.mismatchLabelKeys`, mismatch, selector);
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const i = (match ?? []).lastIndexOf(key);
    if (i >= 0 && seen.has(key))
      errors.push(invalidValue(`${field}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'));
    seen.add(key);
  }
  (match ?? []).forEach((key: string, i: number) => {
    if (mismatch?.includes(key))
      errors.push(
        invalidValue(`${field}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
      );
  });
}

function checkTerm(errors: FieldError[], field: string, term: any): void {
  if (term.labelSelector) errors.push(...validateLabelSelector(term.labelSelector, `${field}.labelSelector`));
  if (term.namespaceSelector)
    errors.push(...validateLabelSelector(term.namespaceSelector, `${field}.namespaceSelector`));
  for (const name of term.namespaces ?? []) pushTexts(errors, `${field}.namespace`, name, isDNS1123Label(name));
  checkMatchLabelKeys(errors, field, term);
  const key = term.topologyKey ?? '';
  if (!key) errors.push(required(`${field}.topologyKey`, 'can not be empty'));
  pushTexts(errors, `${field}.topologyKey`, key, isQualifiedName(key));
}

/** Affinity and anti-affinity have the same shape. */
export function checkPodAffinity(errors: FieldError[], field: string, affinity: any): void {
  (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).forEach((term: any, i: number) => {
    checkTerm(errors, `${field}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, term);
  });
  (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach((weighted: any, i: number) => {
    const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    checkWeight(errors, `${at}.weight`, weighted.weight);
    checkTerm(errors, `${at}.podAffinityTerm`, weighted.podAffinityTerm ?? {});
  });
}

const whenUnsatisfiable: readonly string[] = ['DoNotSchedule', 'ScheduleAnyway'];
const inclusionPolicies: readonly string[] = ['Honor', 'Ignore'];

function checkInclusion(errors: FieldError[], field: string, policy: string | undefined): void {
  if (policy !== undefined && !inclusionPolicies.includes(policy))
    errors.push(notSupported(field, policy, inclusionPolicies));
}

export function checkTopologySpread(errors: FieldError[], field: string, constraints: any[]): void {
  constraints.forEach((constraint, i) => {
    const at = `${field}[${i}]`;
    const { topologyKey = '', whenUnsatisfiable: action = '', minDomains } = constraint;
    checkPositive(errors, `${at}.maxSkew`, constraint.maxSkew);
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    if (!whenUnsatisfiable.includes(action))
      errors.push(notSupported(`${at}.whenUnsatisfiable`, action, whenUnsatisfiable));
    const again = constraints.slice(i + 1).some((c) => c.topologyKey === topologyKey && c.whenUnsatisfiable === action);
    if (again) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${action}}`));
    if (minDomains !== undefined) {
      checkPositive(errors, `${at}.minDomains`, minDomains);
      if (action !== 'DoNotSchedule')
        errors.push(
          invalidValue(
            `${at}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`,
          ),
        );
    }
    checkInclusion(errors, `${at}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy);
    checkInclusion(errors, `${at}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy);
    checkMatchLabelKeys(errors, at, { ...constraint, mismatchLabelKeys: undefined });
    if (constraint.labelSelector)
      errors.push(...validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`));
  });
}
