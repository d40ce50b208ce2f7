// Role: what may be done within one namespace.
// Read by the API server's mechanisms. Mirrors: pkg/registry/rbac/role.
// Next: roleBinding.ts gives it to somebody.
import { isPathSegmentName } from '../../apimachinery/names.ts';
import { authorizeRole } from '../authorization/escalation.ts';
import { defineKind } from './kind.ts';
import { rbacGroup, roleColumns, validateRules, withRules } from './rbac.ts';

export const role = defineKind({
  group: rbacGroup,
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.Role',
  storage: 'roles',
  validateName: isPathSegmentName,
  defaults: withRules,
  validate: (object) => validateRules(object.rules, true),
  authorizeWrite: (object, old, context) => authorizeRole('roles', object, old, context),
  createOnUpdate: true,
  columns: roleColumns,
});
