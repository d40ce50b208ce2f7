// RoleBinding: gives a Role, or a ClusterRole's rules within one namespace, to users, groups and ServiceAccounts.
// Read by the API server's mechanisms. Mirrors: pkg/registry/rbac/rolebinding.
// Next: ../authorization/rbacIndex.ts reads it.
import { isPathSegmentName } from '../../apimachinery/names.ts';
import { authorizeBinding } from '../authorization/escalation.ts';
import { defineKind } from './kind.ts';
import { bindingColumns, defaultBinding, rbacGroup, validateBinding, validateBindingUpdate } from './rbac.ts';

export const roleBinding = defineKind({
  group: rbacGroup,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.RoleBinding',
  storage: 'rolebindings',
  validateName: isPathSegmentName,
  defaults: defaultBinding,
  validate: (object) => validateBinding(object, ['Role', 'ClusterRole']),
  validateUpdate: validateBindingUpdate,
  authorizeWrite: (object, old, context) => authorizeBinding('rolebindings', object, old, context),
  createOnUpdate: true,
  columns: bindingColumns,
});
