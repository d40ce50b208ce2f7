// ClusterRoleBinding: gives a ClusterRole's rules everywhere to users, groups and ServiceAccounts.
// Read by the API server's mechanisms. Mirrors: pkg/registry/rbac/clusterrolebinding.
// Next: ../authorization/rbacIndex.ts reads it.
import { isPathSegmentName } from '../../apimachinery/names.ts';
import { authorizeBinding } from '../authorization/escalation.ts';
import { defineKind } from './kind.ts';
import { bindingColumns, defaultBinding, rbacGroup, validateBinding, validateBindingUpdate } from './rbac.ts';

export const clusterRoleBinding = defineKind({
  group: rbacGroup,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  storage: 'clusterrolebindings',
  validateName: isPathSegmentName,
  defaults: defaultBinding,
  validate: (object) => validateBinding(object, ['ClusterRole']),
  validateUpdate: validateBindingUpdate,
  authorizeWrite: (object, old, context) => authorizeBinding('clusterrolebindings', object, old, context),
  createOnUpdate: true,
  columns: bindingColumns,
});
