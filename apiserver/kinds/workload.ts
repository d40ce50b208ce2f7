// Workload: groups of pods that are to be scheduled together; pods name the group that they belong to.
// Read by the API server's mechanisms; alpha: served with its feature gate and --runtime-config. Mirrors: pkg/apis/scheduling/validation,
// pkg/registry/scheduling/workload. Next: pod.ts, whose workloadRef names one.
import {
  duplicate,
  type FieldError,
  immutable,
  invalidValue,
  required,
  tooMany,
} from '../../apimachinery/fieldErrors.ts';
import { isDNS1123Subdomain, isPathSegmentName, nameIsDNSLabel } from '../../apimachinery/names.ts';
import { checkPositive, checkRequired, pushTexts } from './check.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

const mostGroups = 8;

function checkControllerRef(errors: FieldError[], field: string, ref: any): void {
  if (ref.apiGroup) pushTexts(errors, `${field}.apiGroup`, ref.apiGroup, isDNS1123Subdomain(ref.apiGroup));
  for (const name of ['kind', 'name'])
    if (checkRequired(errors, `${field}.${name}`, ref[name]))
      pushTexts(errors, `${field}.${name}`, ref[name], isPathSegmentName(ref[name], false));
}

function checkPolicy(errors: FieldError[], field: string, { basic, gang }: any): void {
  if (basic && gang)
    errors.push(
      invalidValue(
        field,
        '{`basic`, `gang`}',
        'exactly one of `basic`, `gang` is required, but multiple fields are set',
      ),
    );
  else if (!basic && !gang) errors.push(invalidValue(field, '', 'must specify one of: `basic`, `gang`'));
  else if (gang && !gang.minCount) errors.push(required(`${field}.gang.minCount`));
  else if (gang) checkPositive(errors, `${field}.gang.minCount`, gang.minCount);
}

function checkGroups(errors: FieldError[], field: string, groups: readonly any[]): void {
  if (!groups.length) errors.push(required(field, 'must have at least one item'));
  if (groups.length > mostGroups) return void errors.push(tooMany(field, groups.length, mostGroups));
  const names = new Set<string>();
  for (const [i, group] of groups.entries()) {
    const { name = '', policy = {} } = group;
    const at = `${field}[${i}]`;
    if (checkRequired(errors, `${at}.name`, name)) pushTexts(errors, `${at}.name`, name, nameIsDNSLabel(name, false));
    if (names.has(name)) errors.push(duplicate(at, group));
    names.add(name);
    checkPolicy(errors, `${at}.policy`, policy);
  }
}

function validateCreate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.controllerRef) checkControllerRef(errors, 'spec.controllerRef', spec.controllerRef);
  checkGroups(errors, 'spec.podGroups', spec.podGroups ?? []);
  return errors;
}

function validateUpdate({ spec }: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const { controllerRef, podGroups } = spec;
  if (!old.spec.controllerRef) {
    if (controllerRef) checkControllerRef(errors, 'spec.controllerRef', controllerRef);
  } else if (!semanticEqual(controllerRef, old.spec.controllerRef))
    errors.push(immutable('spec.controllerRef', controllerRef ?? null));
  if (!semanticEqual(podGroups, old.spec.podGroups)) errors.push(immutable('spec.podGroups', podGroups ?? null));
  return errors;
}

export const workload = defineKind({
  group: 'scheduling.k8s.io',
  version: 'v1alpha1',
  kind: 'Workload',
  plural: 'workloads',
  namespaced: true,
  schema: 'io.k8s.api.scheduling.v1alpha1.Workload',
  storage: 'workloads',
  gate: 'GenericWorkload',
  defaults: (object) => {
    object.spec ??= {};
  },
  validateCreate,
  validateUpdate,
  columns: [nameColumn, ageColumn],
});
