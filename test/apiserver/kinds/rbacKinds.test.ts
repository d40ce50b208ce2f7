import { describe, expect, it } from 'vitest';
import { aggregateMessage } from '../../../apimachinery/fieldErrors.ts';
import { clusterRole } from '../../../apiserver/kinds/clusterRole.ts';
import { clusterRoleBinding } from '../../../apiserver/kinds/clusterRoleBinding.ts';
import { role } from '../../../apiserver/kinds/role.ts';
import { roleBinding } from '../../../apiserver/kinds/roleBinding.ts';
import { created, made, updated } from './said.ts';

const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const group = 'rbac.authorization.k8s.io';
const ref = { apiGroup: group, kind: 'Role', name: 'r' };

describe('rules', () => {
  it.each([
    [role, [pods], ''],
    [role, [{ ...pods, verbs: [] }], 'rules[0].verbs: Required value: verbs must contain at least one value'],
    [
      role,
      [{ verbs: ['get'] }],
      '[rules[0].apiGroups: Required value: resource rules must supply at least one api group, rules[0].resources: Required value: resource rules must supply at least one resource]',
    ],
    [
      role,
      [pods, { verbs: ['get'], nonResourceURLs: ['/x'] }],
      'rules[1].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
    ],
    [clusterRole, [{ verbs: ['get'], nonResourceURLs: ['/x'] }], ''],
    [
      clusterRole,
      [{ ...pods, nonResourceURLs: ['/x'] }],
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
    ],
  ])('%#', (kind, rules, text) => {
    const said = created(kind, made(kind, { rules }));
    expect(said.length > 1 ? `[${said.join(', ')}]` : (said[0] ?? '')).toBe(text);
  });
});

describe('the sum of other roles', () => {
  const sum = (...clusterRoleSelectors: object[]) =>
    made(clusterRole, { rules: [], aggregationRule: { clusterRoleSelectors } });
  const at = 'aggregationRule.clusterRoleSelectors';
  const badValue = { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] };
  const unreadable = `${at}[0]: Invalid value: null: invalid label selector.`;

  it.each([
    [sum({ matchLabels: { a: 'b' } }, { matchExpressions: [{ key: 'c', operator: 'Exists' }] }), []],
    [sum(), [`${at}: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil`]],
    [
      sum({ matchExpressions: [{ key: 'a', operator: 'Near' }] }),
      [`${at}[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator`, unreadable],
    ],
    [
      sum({ matchExpressions: [{ key: 'a', operator: 'In' }] }),
      [
        `${at}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
        unreadable,
      ],
    ],
    [
      sum(badValue),
      [
        expect.stringContaining(`${at}[0].matchExpressions[0].values[0]: Invalid value: "-": a valid label`),
        unreadable,
      ],
    ],
  ])('%#', (object, expected) => {
    expect(created(clusterRole, object)).toEqual(expected);
  });

  it('keeps values that were never right', () => {
    expect(updated(clusterRole, sum(badValue), sum(badValue))).toEqual([unreadable]);
    expect(updated(clusterRole, sum(badValue), sum({}))).toHaveLength(2);
  });
});

describe('bindings', () => {
  it('get the group of their role, users and groups', () => {
    const binding: any = {
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'a' },
        { kind: 'ServiceAccount', name: 'b' },
      ],
    };
    roleBinding.defaults!(binding);
    expect(binding).toEqual({
      roleRef: ref,
      subjects: [
        { kind: 'User', name: 'a', apiGroup: group },
        { kind: 'ServiceAccount', name: 'b' },
      ],
    });
  });

  it.each([
    [roleBinding, ref, [{ kind: 'ServiceAccount', name: 'x' }], ''],
    [
      clusterRoleBinding,
      { ...ref, kind: 'ClusterRole' },
      [{ kind: 'ServiceAccount', name: 'x' }],
      'subjects[0].namespace: Required value',
    ],
    [clusterRoleBinding, ref, [], 'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
    [
      roleBinding,
      { apiGroup: 'x', kind: 'Y', name: '' },
      [],
      '[roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io", roleRef.kind: Unsupported value: "Y": supported values: "Role", "ClusterRole", roleRef.name: Required value]',
    ],
    [roleBinding, { ...ref, name: 'a/b' }, [], 'roleRef.name: Invalid value: "a/b": may not contain \'/\''],
    [
      roleBinding,
      ref,
      [{ kind: 'Robot', name: 'x' }],
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
    [
      clusterRoleBinding,
      { ...ref, kind: 'ClusterRole' },
      [
        { kind: 'User', name: 'any text', apiGroup: group },
        { kind: 'Group', name: 'system:authenticated', apiGroup: group },
        { kind: 'ServiceAccount', name: 'x', namespace: 'n' },
      ],
      '',
    ],
    [
      roleBinding,
      ref,
      [{ kind: 'ServiceAccount', name: 'x', apiGroup: group }],
      'subjects[0].apiGroup: Unsupported value: "rbac.authorization.k8s.io": supported values: ""',
    ],
    [
      roleBinding,
      ref,
      [{ kind: 'ServiceAccount', name: 'a:b' }],
      expect.stringMatching(/^subjects\[0\].name: Invalid value: "a:b": a lowercase RFC 1123 subdomain/),
    ],
    [
      roleBinding,
      ref,
      [{ kind: 'User', name: '', apiGroup: 'x' }],
      '[subjects[0].name: Required value, subjects[0].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"]',
    ],
  ])('%#', (kind, roleRef, subjects, text) => {
    const errors = kind.validate!({ metadata: { name: 'x' }, roleRef, subjects });
    expect(errors.length ? aggregateMessage(errors) : '').toEqual(text);
  });

  it('keep their role', () => {
    expect(roleBinding.validateUpdate!({ roleRef: ref }, { roleRef: { ...ref } })).toEqual([]);
    expect(
      aggregateMessage(roleBinding.validateUpdate!({ roleRef: { ...ref, name: 'q' } }, { roleRef: ref })),
    ).toContain('cannot change roleRef');
  });

  it('print who holds what', () => {
    const binding: any = {
      metadata: { name: 'b', creationTimestamp: '2026-01-01T00:00:00Z' },
      roleRef: ref,
      subjects: [
        { kind: 'User', name: 'a' },
        { kind: 'User', name: 'b' },
        { kind: 'ServiceAccount', namespace: 'n', name: 's' },
      ],
    };
    const cells = roleBinding.columns!.map((c) => [c.name, c.value(binding, Date.parse('2026-01-01T00:01:00Z'))]);
    expect(cells).toEqual([
      ['Name', 'b'],
      ['Role', 'Role/r'],
      ['Age', '60s'],
      ['Users', 'a, b'],
      ['Groups', ''],
      ['ServiceAccounts', 'n/s'],
    ]);
  });
});
