// The RBAC objects turned round for quick questions: subject to its grants, role to its rules.
// Reads: the watch cache through Cluster; each of the four parts is rebuilt when its resource has changed, on the next question.
// Next: rbac.ts walks the grants of a request's user.
import type { PolicyRule, RoleBinding } from '../../apimachinery/types.ts';
import type { Cluster } from '../kinds/cluster.ts';

export interface RoleRef {
  kind: string;
  name: string;
}

/** One subject of one binding. `namespace` is the binding's, '' for a ClusterRoleBinding. */
export interface Grant {
  binding: string;
  namespace: string;
  roleRef: RoleRef;
  subject: { kind: string; name: string; namespace?: string };
}

export interface RbacIndex {
  /** `subject` is `User <name>` or `Group <name>`; ServiceAccounts are users by their full name. */
  grants(namespace: string, subject: string): readonly Grant[];
  /** The role's rules; `namespace` is where a Role is looked for. Undefined: no such role. */
  rules(ref: RoleRef, namespace: string): readonly PolicyRule[] | undefined;
}

const group = 'rbac.authorization.k8s.io';
const none: readonly Grant[] = [];
const indexes = new WeakMap<Cluster, RbacIndex>();

/** The one index of a cluster. */
export function rbacIndex(cluster: Cluster): RbacIndex {
  const index = indexes.get(cluster) ?? createIndex(cluster);
  indexes.set(cluster, index);
  return index;
}

function createIndex(cluster: Cluster): RbacIndex {
  const clusterRoles = derived(cluster, 'clusterroles', rulesByName);
  const roles = derived(cluster, 'roles', rulesByName);
  const clusterBindings = derived(cluster, 'clusterrolebindings', grantsBySubject);
  const bindings = derived(cluster, 'rolebindings', grantsBySubject);
  return {
    grants: (namespace, subject) => (namespace ? bindings() : clusterBindings()).get(`${namespace}/${subject}`) ?? none,
    rules: (ref, namespace) =>
      ref.kind === 'ClusterRole' ? clusterRoles().get(`/${ref.name}`) : roles().get(`${namespace}/${ref.name}`),
  };
}

/** `make` over a resource's objects, remembered until the resource changes. */
function derived<T>(cluster: Cluster, plural: string, make: (objects: any[]) => T): () => T {
  const resource = { group, plural };
  let at = -1;
  let value: T;
  return () => {
    const change = cluster.lastChange(resource);
    if (change !== at) {
      value = make(cluster.cachedList(resource));
      at = change;
    }
    return value;
  };
}

const rulesByName = (roles: any[]): Map<string, PolicyRule[]> =>
  new Map(roles.map((r) => [`${r.metadata.namespace ?? ''}/${r.metadata.name}`, r.rules ?? []]));

function grantsBySubject(bindings: RoleBinding[]): Map<string, Grant[]> {
  const found = new Map<string, Grant[]>();
  for (const binding of bindings) {
    const namespace = binding.metadata.namespace ?? '';
    for (const subject of binding.subjects ?? []) {
      const name = subjectName(subject, namespace);
      if (!name) continue;
      const key = `${namespace}/${name}`;
      const grant = { binding: binding.metadata.name, namespace, roleRef: binding.roleRef, subject };
      const list = found.get(key);
      if (list) list.push(grant);
      else found.set(key, [grant]);
    }
  }
  return found;
}

/** A ServiceAccount without namespace is one of the binding's own. */
function subjectName(subject: Grant['subject'], bindingNamespace: string): string | undefined {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind} ${subject.name}`;
  const namespace = subject.namespace || bindingNamespace;
  return namespace ? `User system:serviceaccount:${namespace}:${subject.name}` : undefined;
}
