// ResourceQuota: how much all objects of a namespace may use together, and how much they do.
// Read by the API server's mechanisms. Mirrors: ValidateResourceQuota* in pkg/apis/core/validation, pkg/registry/core/resourcequota, pkg/printers.
// Next: its controller counts; admission refuses what would be too much.
import { type FieldError, immutable, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { canonicalQuantity, parseQuantity } from '../../apimachinery/quantity.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { isStandardForQuota } from './pod/resourceNames.ts';
import { checkAmount, checkName } from './pod/resources.ts';
import { roundAmounts } from './resourceLists.ts';
import { statusSubresource } from './statusSubresource.ts';

const pods = ['pods'];
const ofPods = [...pods, 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
/** The scopes, and the standard resources that each can narrow. */
const scopes: Record<string, readonly string[]> = {
  Terminating: ofPods,
  NotTerminating: ofPods,
  BestEffort: pods,
  NotBestEffort: ofPods,
  PriorityClass: ofPods,
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
  CrossNamespacePodAffinity: ofPods,
};
/** Of these it can only be asked whether they hold. */
const plainScopes = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const opposites: readonly (readonly [string, string])[] = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];

function checkAmounts(errors: FieldError[], field: string, amounts: Record<string, string> = {}): void {
  for (const name in amounts) {
    const at = `${field}[${name}]`;
    checkName(errors, at, name);
    if (!name.includes('/') && !isStandardForQuota(name))
      errors.push(invalidValue(at, name, 'must be a standard resource for quota'));
    checkAmount(errors, at, name, parseQuantity(amounts[name]!));
  }
}

const countedBy = ({ hard = {} }: any): string[] => Object.keys(hard).filter(isStandardForQuota).toSorted();

/** `shown` is what stands beside a resource that the scope does not narrow. */
function checkScope(errors: FieldError[], field: string, scope: string, counted: string[], shown: unknown): void {
  const narrowed = Object.hasOwn(scopes, scope) ? scopes[scope] : undefined;
  for (const name of counted)
    if (narrowed && !narrowed.includes(name))
      errors.push(invalidValue(field, shown, 'unsupported scope applied to resource'));
}

function checkConflicts(errors: FieldError[], field: string, used: readonly string[], shown: unknown): void {
  for (const pair of opposites)
    if (pair.every((scope) => used.includes(scope))) errors.push(invalidValue(field, shown, 'conflicting scopes'));
}

function checkScopes(errors: FieldError[], spec: any): void {
  const field = 'spec.scopes';
  const used: string[] = spec.scopes ?? [];
  const counted = countedBy(spec);
  for (const scope of used) {
    if (!Object.hasOwn(scopes, scope)) errors.push(invalidValue(field, used, 'unsupported scope'));
    checkScope(errors, field, scope, counted, used);
  }
  checkConflicts(errors, field, used, used);
}

const plainText =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function checkRequirement(errors: FieldError[], field: string, { scopeName = '', operator = '', values }: any): void {
  if (plainScopes.includes(scopeName) && operator !== 'Exists')
    errors.push(invalidValue(`${field}.operator`, operator, plainText));
  if (operator === 'In' || operator === 'NotIn') {
    if (!values?.length)
      errors.push(
        required(`${field}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"),
      );
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values?.length)
      errors.push(
        invalidValue(
          `${field}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      );
  } else errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
}

function checkSelector(errors: FieldError[], spec: any): void {
  const field = 'spec.scopeSelector.matchExpressions';
  const expressions: any[] = spec.scopeSelector?.matchExpressions ?? [];
  const counted = countedBy(spec);
  // Upstream shows the struct, with the names of its Go fields.
  const shown = {
    MatchExpressions: expressions.map(({ scopeName, operator, values }) => ({
      ScopeName: scopeName,
      Operator: operator,
      Values: values ?? null,
    })),
  };
  for (const expression of expressions) {
    const scope = expression.scopeName ?? '';
    if (!Object.hasOwn(scopes, scope)) errors.push(invalidValue(`${field}.scopeName`, scope, 'unsupported scope'));
    checkScope(errors, field, scope, counted, shown);
    checkRequirement(errors, field, expression);
  }
  checkConflicts(
    errors,
    field,
    expressions.map((e) => e.scopeName),
    spec.scopes ?? null,
  );
}

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkAmounts(errors, 'spec.hard', spec.hard);
  checkScopes(errors, spec);
  checkSelector(errors, spec);
  return errors;
}

function validateUpdate({ spec }: any, old: any): FieldError[] {
  const set = (list: string[] | undefined) => [...new Set(list)].toSorted().join();
  return set(spec.scopes) === set(old.spec.scopes) ? [] : [immutable('spec.scopes', spec.scopes ?? null)];
}

function validateStatus({ status = {} }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkAmounts(errors, 'status.hard', status.hard);
  checkAmounts(errors, 'status.used', status.used);
  return errors;
}

/** `cpu: 1/2, pods: 3/10`, of limits or of everything else. */
const usage = (ofLimits: boolean) => (quota: any) => {
  const { hard = {}, used = {} } = quota.status ?? {};
  const names = Object.keys(hard).toSorted();
  const amount = (text: string | undefined) => canonicalQuantity(text ?? '0');
  return names
    .filter((name) => name.startsWith('limits.') === ofLimits)
    .map((name) => `${name}: ${amount(used[name])}/${amount(hard[name])}`)
    .join(', ');
};

export const resourceQuota = defineKind({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ResourceQuota',
  storage: 'resourcequotas',
  defaults: (quota) => {
    quota.spec ??= {};
    quota.status ??= {};
    roundAmounts(quota.spec.hard);
    roundAmounts(quota.status.hard);
    roundAmounts(quota.status.used);
  },
  validate,
  validateUpdate,
  deleteReturnsObject: true,
  subresources: [statusSubresource(validateStatus)],
  columns: [
    nameColumn,
    column('Request', 'What is used of what may be asked for.', usage(false)),
    column('Limit', 'What is used of what limits may add up to.', usage(true)),
    ageColumn,
  ],
});
