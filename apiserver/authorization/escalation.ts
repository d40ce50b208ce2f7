// Nobody grants what they do not hold: the rules for writing roles and bindings.
// Reads: the writer's own rules. Mirrors: pkg/registry/rbac/{escalation_check,role,rolebinding,clusterrole,clusterrolebinding}/…/policybased.
// Used by: the four RBAC kinds' `authorizeWrite`.
import { goQuote } from '../../apimachinery/goQuote.ts';
import { forbidden, notFound } from '../../apimachinery/status.ts';
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

/** One write of a kind of RBAC: what is refused, and by whom it is asked. */
interface Grant {
  plural: string;
  object: any;
  old: any | undefined;
  context: Context;
  namespace: string;
}

/** Nothing is granted by who may do everything, nor where only owners or finalizers change. */
function grantOf(plural: string, object: any, old: any | undefined, context: Context): Grant | undefined {
  if (mayDoEverything(context.user) || (old && justFinalizers(object, old))) return undefined;
  return { plural, object, old, context, namespace: object.metadata.namespace ?? '' };
}

function refuse({ plural, object }: Grant, why: string): never {
  throw forbidden({ group, plural }, object.metadata.name ?? '', why);
}

function refuseLack(grant: Grant, rules: readonly PolicyRule[]): void {
  const lack = lackText(grant.context, grant.namespace, rules);
  if (lack) refuse(grant, lack);
}

/** Refuses a Role or ClusterRole that holds more than its writer, unless the writer may `escalate`. */
export async function authorizeRole(
  plural: string,
  object: any,
  old: any | undefined,
  context: Context,
): Promise<void> {
  const grant = grantOf(plural, object, old, context);
  if (!grant) return;
  const { namespace } = grant;
  if (await may(context, 'escalate', plural, namespace, old ? object.metadata.name : '')) return;
  refuseLack(grant, object.rules ?? []);
  const aggregates = object.aggregationRule ?? old?.aggregationRule;
  if (aggregates && lackText(context, namespace, full))
    refuse(grant, 'must have cluster-admin privileges to use an aggregationRule');
}

/** Refuses a binding to a role that holds more than the binding's writer, unless the writer may `bind` it. */
export async function authorizeBinding(
  plural: string,
  object: any,
  old: any | undefined,
  context: Context,
): Promise<void> {
  const grant = grantOf(plural, object, old, context);
  if (!grant) return;
  const ref: RoleRef = object.roleRef ?? { kind: '', name: '' };
  const rolePlural = { Role: 'roles', ClusterRole: 'clusterroles' }[ref.kind];
  if (rolePlural && (await may(context, 'bind', rolePlural, grant.namespace, ref.name))) return;
  refuseLack(grant, await rulesBehind(ref, grant.namespace, context));
}

/** Read from the store: the role may have been created a moment ago. */
async function rulesBehind(ref: RoleRef, namespace: string, context: Context): Promise<readonly PolicyRule[]> {
  const everywhere = ref.kind === 'ClusterRole';
  const resource = { group, plural: everywhere ? 'clusterroles' : 'roles' };
  const role = await context.cluster.get(resource, ref.name, everywhere ? undefined : namespace);
  if (!role) throw notFound(resource, ref.name);
  return role.rules ?? [];
}
