// PodDisruptionBudget: how many of some pods must stay while others are evicted.
// Read by the API server's mechanisms. Mirrors: pkg/registry/policy/poddisruptionbudget, pkg/apis/policy/validation, pkg/printers.
// Next: pod/eviction.ts, which asks it; its controller counts the pods.
import { type FieldError, invalidValue, notSupported } from '../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { checkAtMostAll, checkIntOrPercent } from './amounts.ts';
import { checkNotNegative } from './check.ts';
import { ageColumn, column, countColumn, nameColumn } from './columns.ts';
import { checkConditions } from './conditions.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

const evictionPolicies: readonly string[] = ['AlwaysAllow', 'IfHealthyBudget'];
const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'];
const noCounts = () => Object.fromEntries(counts.map((name) => [name, 0]));

function checkSpec(spec: any, allowInvalidValues = false): FieldError[] {
  const errors: FieldError[] = [];
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    // Upstream shows the struct, with the names of its Go fields.
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    };
    errors.push(invalidValue('spec', shown, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable']) {
    if (spec[name] === undefined) continue;
    checkIntOrPercent(errors, `spec.${name}`, spec[name]);
    checkAtMostAll(errors, `spec.${name}`, spec[name]);
  }
  errors.push(...validateLabelSelector(selector, 'spec.selector', { allowInvalidValues }));
  if (policy !== undefined && !evictionPolicies.includes(policy))
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, evictionPolicies));
  return errors;
}

function validateStatus(budget: any): FieldError[] {
  const errors: FieldError[] = [];
  checkConditions(errors, 'status.conditions', budget.status?.conditions);
  for (const name of counts) checkNotNegative(errors, `status.${name}`, budget.status?.[name]);
  return errors;
}

export const podDisruptionBudget = defineKind({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  namespaced: true,
  schema: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  storage: 'poddisruptionbudgets',
  defaults: (budget) => {
    budget.spec ??= {};
    if (budget.status) budget.status = { ...noCounts(), ...budget.status };
  },
  prepareCreate: (budget) => {
    budget.status = noCounts();
  },
  validateCreate: (budget) => checkSpec(budget.spec),
  // A selector that was stored before its values were checked may stay.
  validateUpdate: (budget, old) => checkSpec(budget.spec, validateLabelSelector(old.spec.selector, '').length > 0),
  unconditionalUpdate: false,
  generation: (budget, old) => !semanticEqual(budget.spec, old.spec),
  subresources: [statusSubresource(validateStatus)],
  columns: [
    nameColumn,
    column('Min Available', 'Pods that must stay.', (o) => String(o.spec?.minAvailable ?? 'N/A')),
    column('Max Unavailable', 'Pods that may be away.', (o) => String(o.spec?.maxUnavailable ?? 'N/A')),
    countColumn('Allowed Disruptions', 'Pods that may be evicted now.', (o) => o.status?.disruptionsAllowed),
    ageColumn,
  ],
});
