// ClusterRole: what may be done everywhere, to cluster-wide things and to paths; or the sum of other ClusterRoles by label.
// Read by the API server's mechanisms. Mirrors: pkg/registry/rbac/clusterrole.
// Next: clusterRoleBinding.ts and roleBinding.ts give it to somebody.
import { type FieldError, required } from '../../apimachinery/fieldErrors.ts';
import { isPathSegmentName } from '../../apimachinery/names.ts';
import { authorizeRole } from '../authorization/escalation.ts';
import { defineKind } from './kind.ts';
import { rbacGroup, roleColumns, validateRules } from './rbac.ts';

function validate(object: any): FieldError[] {
  const errors = validateRules(object.rules, false);
  if (!object.aggregationRule) return errors;
  const selectors = object.aggregationRule.clusterRoleSelectors ?? [];
  const field = 'aggregationRule.clusterRoleSelectors';
  if (!selectors.length) {
    errors.push(required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
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
  validate,
  authorizeWrite: (object, old, context) => authorizeRole('clusterroles', object, old, context),
  createOnUpdate: true,
  columns: roleColumns,
});
