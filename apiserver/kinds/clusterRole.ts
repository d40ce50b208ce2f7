// ClusterRole: what may be done everywhere, to cluster-wide things and to paths; or the sum of other ClusterRoles by label.
// Read by the API server's mechanisms. Mirrors: pkg/registry/rbac/clusterrole.
// Next: clusterRoleBinding.ts and roleBinding.ts give it to somebody.
import { type FieldError, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { SelectorError, selectorOf, validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { isPathSegmentName } from '../../apimachinery/names.ts';
import { authorizeRole } from '../authorization/escalation.ts';
import { defineKind } from './kind.ts';
import { rbacGroup, roleColumns, validateRules, withRules } from './rbac.ts';
import { hasInvalidValues } from './selectors.ts';

const selectorsOf = (object: any): any[] => object.aggregationRule?.clusterRoleSelectors ?? [];

/** Upstream shows null where a selector is broken. */
function checkReadable(errors: FieldError[], field: string, selector: any): void {
  try {
    selectorOf(selector);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    errors.push(invalidValue(field, null, 'invalid label selector.'));
  }
}

function check(object: any, allowInvalidValues = false): FieldError[] {
  const errors = validateRules(object.rules, false);
  const field = 'aggregationRule.clusterRoleSelectors';
  if (object.aggregationRule && !selectorsOf(object).length)
    errors.push(required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  selectorsOf(object).forEach((selector, i) => {
    errors.push(...validateLabelSelector(selector, `${field}[${i}]`, { allowInvalidValues }));
    checkReadable(errors, `${field}[${i}]`, selector);
  });
  return errors;
}

export const clusterRole = defineKind({
  group: rbacGroup,
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRole',
  storage: 'clusterroles',
  validateName: isPathSegmentName,
  defaults: withRules,
  validateCreate: (object) => check(object),
  validateUpdate: (object, old) => check(object, selectorsOf(old).some(hasInvalidValues)),
  authorizeWrite: (object, old, context) => authorizeRole('clusterroles', object, old, context),
  createOnUpdate: true,
  columns: roleColumns,
});
