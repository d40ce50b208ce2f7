// RBAC: bindings give a subject the rules of a role, in one namespace or everywhere.
// Reads: Roles, ClusterRoles and their bindings through rbacIndex.ts. Mirrors: plugin/pkg/auth/authorizer/rbac/rbac.go.
// Next: authorizer.ts, whose list this is one opinion of; escalation.ts asks for the rules behind a roleRef.
import { goQuote } from '../../apimachinery/goQuote.ts';
import type { PolicyRule, UserInfo } from '../../apimachinery/types.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { Attributes, Decision, Mode } from './authorizer.ts';
import { type Grant, type RbacIndex, type RoleRef, rbacIndex } from './rbacIndex.ts';
import { ruleAllows } from './rules.ts';

/** Every role that a user holds in `namespace` ('' asks for the cluster-wide ones alone), with the binding that gives it. */
function* grantsOf(index: RbacIndex, user: UserInfo, namespace: string): Generator<Grant> {
  const subjects = [`User ${user.username ?? ''}`, ...(user.groups ?? []).map((g) => `Group ${g}`)];
  for (const subject of subjects) yield* index.grants('', subject);
  if (namespace === '') return;
  for (const subject of subjects) yield* index.grants(namespace, subject);
}

const roleMissing = (ref: RoleRef): string =>
  `${ref.kind.toLowerCase()}.rbac.authorization.k8s.io ${goQuote(ref.name)} not found`;

/** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
function grantText(grant: Grant): string {
  const kind = grant.namespace ? 'RoleBinding' : 'ClusterRoleBinding';
  const name = grant.namespace ? `${grant.binding}/${grant.namespace}` : grant.binding;
  const { subject } = grant;
  const who =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? grant.namespace}` : subject.name;
  return `${kind} ${goQuote(name)} of ${grant.roleRef.kind} ${goQuote(grant.roleRef.name)} to ${subject.kind} ${goQuote(who)}`;
}

function decide(index: RbacIndex, a: Attributes): Decision {
  const errors = new Set<string>();
  for (const grant of grantsOf(index, a.user, a.resource?.namespace ?? '')) {
    const rules = index.rules(grant.roleRef, grant.namespace);
    if (!rules) errors.add(roleMissing(grant.roleRef));
    else if (rules.some((rule) => ruleAllows(rule, a))) {
      return { allowed: true, reason: `RBAC: allowed by ${grantText(grant)}` };
    }
  }
  return { allowed: false, reason: errors.size ? `RBAC: ${aggregate([...errors])}` : '' };
}

const aggregate = (errors: readonly string[]): string => (errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`);

function rulesFor(index: RbacIndex, user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] } {
  const rules: PolicyRule[] = [];
  const errors = new Set<string>();
  for (const grant of grantsOf(index, user, namespace)) {
    const found = index.rules(grant.roleRef, grant.namespace);
    if (found) rules.push(...found);
    else errors.add(roleMissing(grant.roleRef));
  }
  return { rules, errors: [...errors] };
}

export function rbacAuthorizer(cluster: Cluster): Mode {
  const index = rbacIndex(cluster);
  return {
    name: 'RBAC',
    decide: (attributes) => decide(index, attributes),
    rulesFor: (user, namespace) => rulesFor(index, user, namespace),
  };
}

/** What a user holds by RBAC, whatever other authorizers say: what the escalation rules measure against. */
export const rbacRulesOf = (cluster: Cluster, user: UserInfo, namespace: string) =>
  rulesFor(rbacIndex(cluster), user, namespace);
