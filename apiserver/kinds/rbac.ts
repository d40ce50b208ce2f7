// What the four RBAC kinds share: rules of rules, subjects and role references, and their columns.
// Read by role.ts, clusterRole.ts, roleBinding.ts, clusterRoleBinding.ts. Mirrors: pkg/apis/rbac/{v1/defaults,validation/validation}.go.
// Next: ../authorization/, which decides by what these kinds hold.
import { type FieldError, invalidValue, notSupported, path, required } from '../../apimachinery/fieldErrors.ts';
import { isPathSegmentName, nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import type { PolicyRule } from '../../apimachinery/types.ts';
import { checkRequired, pushTexts } from './check.ts';
import { ageColumn, column, createdColumn, nameColumn } from './columns.ts';
import type { Column } from './kind.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';

function validateRule(errors: FieldError[], field: string, rule: PolicyRule, namespaced: boolean): void {
  const at = (name: string) => path.child(field, name);
  if (!rule.verbs?.length) errors.push(required(at('verbs'), 'verbs must contain at least one value'));
  const urls = rule.nonResourceURLs;
  if (urls?.length) {
    const both = rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length;
    if (namespaced)
      errors.push(invalidValue(at('nonResourceURLs'), urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (both)
      errors.push(
        invalidValue(at('nonResourceURLs'), urls, 'rules cannot apply to both regular resources and non-resource URLs'),
      );
    return;
  }
  if (!rule.apiGroups?.length)
    errors.push(required(at('apiGroups'), 'resource rules must supply at least one api group'));
  if (!rule.resources?.length)
    errors.push(required(at('resources'), 'resource rules must supply at least one resource'));
}

/** Go writes the list out, empty or not. */
export function withRules(role: any): void {
  role.rules ??= null;
}

export function validateRules(rules: readonly PolicyRule[] | null | undefined, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  (rules ?? []).forEach((rule, i) => {
    validateRule(errors, path.index('rules', i), rule, namespaced);
  });
  return errors;
}

/** Users and groups, and every roleRef, are of the RBAC group unless they say otherwise. */
export function defaultBinding(binding: any): void {
  if (binding.roleRef && !binding.roleRef.apiGroup) binding.roleRef.apiGroup = rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = rbacGroup;
  }
}

function validateSubject(errors: FieldError[], field: string, subject: any, namespaced: boolean): void {
  const at = (name: string) => path.child(field, name);
  const named = checkRequired(errors, at('name'), subject.name);
  if (subject.kind === 'ServiceAccount') {
    if (named) pushTexts(errors, at('name'), subject.name, nameIsDNSSubdomain(subject.name, false));
    if (subject.apiGroup) errors.push(notSupported(at('apiGroup'), subject.apiGroup, ['']));
    if (!namespaced) checkRequired(errors, at('namespace'), subject.namespace);
  } else if (subject.kind === 'User' || subject.kind === 'Group') {
    if (subject.apiGroup !== rbacGroup) errors.push(notSupported(at('apiGroup'), subject.apiGroup ?? '', [rbacGroup]));
  } else {
    errors.push(notSupported(at('kind'), subject.kind ?? '', ['ServiceAccount', 'User', 'Group']));
  }
}

/** `roleKinds`: what the binding may refer to. */
export function validateBinding(binding: any, roleKinds: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
  if (apiGroup !== rbacGroup) errors.push(notSupported('roleRef.apiGroup', apiGroup, [rbacGroup]));
  if (!roleKinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, roleKinds));
  if (name === '') errors.push(required('roleRef.name'));
  else pushTexts(errors, 'roleRef.name', name, isPathSegmentName(name, false));
  const namespaced = roleKinds.includes('Role');
  (binding.subjects ?? []).forEach((s: any, i: number) => {
    validateSubject(errors, path.index('subjects', i), s, namespaced);
  });
  return errors;
}

export function validateBindingUpdate(binding: any, old: any): FieldError[] {
  const same = ['apiGroup', 'kind', 'name'].every((f) => binding.roleRef?.[f] === old.roleRef?.[f]);
  return same ? [] : [invalidValue('roleRef', binding.roleRef, 'cannot change roleRef')];
}

export const roleColumns: Column[] = [nameColumn, createdColumn];

const subjectsOf = (kind: string, text: (subject: any) => string) => (binding: any) =>
  (binding.subjects ?? [])
    .filter((s: any) => s.kind === kind)
    .map(text)
    .join(', ');

export const bindingColumns: Column[] = [
  nameColumn,
  column('Role', 'The role that is given.', (o) => `${o.roleRef?.kind ?? ''}/${o.roleRef?.name ?? ''}`),
  ageColumn,
  column(
    'Users',
    'Users to whom it is given.',
    subjectsOf('User', (s) => s.name),
    1,
  ),
  column(
    'Groups',
    'Groups to whom it is given.',
    subjectsOf('Group', (s) => s.name),
    1,
  ),
  column(
    'ServiceAccounts',
    'ServiceAccounts to whom it is given.',
    subjectsOf('ServiceAccount', (s) => `${s.namespace ?? ''}/${s.name}`),
    1,
  ),
];
