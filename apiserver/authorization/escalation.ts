// Nobody grants what they do not hold: the rules for writing roles and bindings.
// Reads: the writer's own rules. Mirrors: pkg/registry/rbac/{escalation_check,role,rolebinding,clusterrole,clusterrolebinding}/…/policybased.
// Used by: the four RBAC kinds' `authorizeWrite`.
import { goQuote } from '../../apimachinery/goQuote.ts';
import { forbidden, type GroupResource, notFound } from '../../apimachinery/status.ts';
import type { PolicyRule } from '../../apimachinery/types.ts';
import type { Context } from '../kinds/kind.ts';
import { type Attributes, mayDoEverything } from './authorizer.ts';
import { rbacRulesOf } from './rbac.ts';
import type { RoleRef } from './rbacIndex.ts';
import { compactRules, missingRules, quoteList, ruleText } from './rules.ts';

const group = 'rbac.authorization.k8s.io';
const full: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** What a user lacks to grant `rules` in `namespace`, in upstream's words; undefined when nothing. */
function lackText(context: Context, namespace: string, rules: readonly PolicyRule[]): string | undefined {
  const own = rbacRulesOf(context.cluster, context.user, namespace);
  const missing = missingRules(own.rules, rules);
  if (!missing.length) return undefined;
  const { username = '', groups = [] } = context.user;
  const lines = [...new Set(compactRules(missing).map(ruleText))].sort();
  const errors = own.errors.length ? `; resolution errors: [${own.errors.join(' ')}]` : '';
  return `user ${goQuote(username)} (groups=${quoteList(groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${errors}`;
}

async function may(context: Context, verb: string, plural: string, namespace: string, name: string): Promise<boolean> {
  const resource = { group, version: 'v1', plural, subresource: '', namespace, name };
  const attributes: Attributes = { user: context.user, verb, resource };
  return (await context.authorization.authorize(attributes)).allowed;
}

const justFinalizers = (object: any, old: any): boolean => {
  const bare = (o: any) => {
    const { ownerReferences, finalizers, managedFields, ...metadata } = o.metadata;
    return JSON.stringify({ ...o, metadata });
  };
  return bare(object) === bare(old);
};

/** Refuses a Role or ClusterRole that holds more than its writer, unless the writer may `escalate`. */
export async function authorizeRole(
  plural: string,
  object: any,
  old: any | undefined,
  context: Context,
): Promise<void> {
  if (mayDoEverything(context.user) || (old && justFinalizers(object, old))) return;
  const { name, namespace = '' } = object.metadata;
  if (await may(context, 'escalate', plural, namespace, old ? name : '')) return;
  const resource: GroupResource = { group, plural };
  const lack = lackText(context, namespace, object.rules ?? []);
  if (lack) throw forbidden(resource, name ?? '', lack);
  const aggregates = object.aggregationRule ?? old?.aggregationRule;
  if (aggregates && lackText(context, namespace, full)) {
    throw forbidden(resource, name ?? '', 'must have cluster-admin privileges to use an aggregationRule');
  }
}

/** Refuses a binding to a role that holds more than the binding's writer, unless the writer may `bind` it. */
export async function authorizeBinding(
  plural: string,
  object: any,
  old: any | undefined,
  context: Context,
): Promise<void> {
  if (mayDoEverything(context.user) || (old && justFinalizers(object, old))) return;
  const { name, namespace = '' } = object.metadata;
  const ref: RoleRef = object.roleRef ?? { kind: '', name: '' };
  const rolePlural = { Role: 'roles', ClusterRole: 'clusterroles' }[ref.kind];
  if (rolePlural && (await may(context, 'bind', rolePlural, namespace, ref.name))) return;
  const lack = lackText(context, namespace, await rulesBehind(ref, namespace, context));
  if (lack) throw forbidden({ group, plural }, name ?? '', lack);
}

/** Read from the store: the role may have been created a moment ago. */
async function rulesBehind(ref: RoleRef, namespace: string, context: Context): Promise<readonly PolicyRule[]> {
  const everywhere = ref.kind === 'ClusterRole';
  const resource = { group, plural: everywhere ? 'clusterroles' : 'roles' };
  const role = await context.cluster.get(resource, ref.name, everywhere ? undefined : namespace);
  if (!role) throw notFound(resource, ref.name);
  return role.rules ?? [];
}
