// The words that the bootstrap policy is written in: rules, roles and bindings as short values.
// Mirrors: pkg/apis/rbac/v1/helpers.go and the label and annotation of plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
// Used by the tables beside it. Next: ../reconcileRbac.ts brings them into the cluster.
import type { PolicyRule } from '../../../apimachinery/types.ts';

export const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate';
const rbacGroup = 'rbac.authorization.k8s.io';
const label = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

export const read = ['get', 'list', 'watch'];
export const readWrite = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
export const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const sorted = (text: string | readonly string[]) => (typeof text === 'string' ? text.split(' ') : [...text]).sort();

/** `groups`: `core` stands for the group without name. Words are separated by spaces. */
export function rule(verbs: string | readonly string[], groups: string, resources: string, names?: string): PolicyRule {
  const apiGroups = sorted(groups).map((g) => (g === 'core' ? '' : g));
  return {
    verbs: sorted(verbs),
    apiGroups: apiGroups.sort(),
    resources: sorted(resources),
    ...(names ? { resourceNames: sorted(names) } : {}),
  };
}

/** Paths that are no resources. */
export const urls = (verbs: string, paths: string): PolicyRule => ({
  verbs: sorted(verbs),
  nonResourceURLs: sorted(paths),
});

export const eventsRule = rule('create update patch', 'core events.k8s.io', 'events');

const metadata = (name: string, namespace?: string, labels: Record<string, string> = {}) => ({
  name,
  ...(namespace ? { namespace } : {}),
  labels: { ...label, ...labels },
  annotations: { [autoupdate]: 'true' },
});

const apiVersion = `${rbacGroup}/v1`;
export const clusterRole = (name: string, rules: PolicyRule[], labels?: Record<string, string>) => ({
  apiVersion,
  kind: 'ClusterRole',
  metadata: metadata(name, undefined, labels),
  rules,
});

/** A role that is the sum of the ClusterRoles with the label `aggregate-to-<suffix>`. */
export const aggregatedRole = (name: string, labels?: Record<string, string>) => ({
  ...clusterRole(name, [], labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] },
});
export const aggregateTo = (name: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' });

export const role = (namespace: string, name: string, rules: PolicyRule[]) => ({
  apiVersion,
  kind: 'Role',
  metadata: metadata(name, namespace),
  rules,
});

/** `Group system:masters`, `User system:kube-proxy`, `ServiceAccount kube-system/kube-dns`. */
function subject(text: string) {
  const [kind, name] = text.split(' ') as [string, string];
  if (kind !== 'ServiceAccount') return { apiGroup: rbacGroup, kind, name };
  const [namespace, account] = name.split('/') as [string, string];
  return { kind, name: account, namespace };
}

export const clusterRoleBinding = (name: string, roleName: string, subjects: string[]) => ({
  apiVersion,
  kind: 'ClusterRoleBinding',
  metadata: metadata(name),
  roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: roleName },
  subjects: subjects.map(subject),
});

export const roleBinding = (namespace: string, name: string, roleName: string, subjects: string[]) => ({
  apiVersion,
  kind: 'RoleBinding',
  metadata: metadata(name, namespace),
  roleRef: { apiGroup: rbacGroup, kind: 'Role', name: roleName },
  subjects: subjects.map(subject),
});
