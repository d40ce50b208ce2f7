// After the start: brings the bootstrap roles and bindings into the cluster, and adds to those that exist what they lack.
// Reads and writes the four RBAC kinds. Mirrors: pkg/registry/rbac/rest/storage_rbac.go and component-helpers/auth/rbac/reconciliation.
// Next: ../authorization/rbacIndex.ts, which then knows them.
import { isReason } from '../../apimachinery/status.ts';
import type { PolicyRule } from '../../apimachinery/types.ts';
import { missingRules } from '../authorization/rules.ts';
import type { Cluster } from '../kinds/cluster.ts';
import { clusterRoleBindings } from './rbacPolicy/clusterRoleBindings.ts';
import { clusterRoles } from './rbacPolicy/clusterRoles.ts';
import { controllerRoles } from './rbacPolicy/controllerRoles.ts';
import { roleBindings, roles } from './rbacPolicy/namespaceRoles.ts';
import { autoupdate } from './rbacPolicy/policy.ts';

const group = 'rbac.authorization.k8s.io';
type Policy = {
  metadata: { name: string; namespace?: string; labels: object; annotations: object };
  [field: string]: any;
};

/** One pass; the namespaces kube-system and kube-public must exist. Rejects when the store does; call it again then. */
export async function reconcileRbac(cluster: Cluster): Promise<void> {
  await keepOwners(cluster);
  await ensureAll(cluster, 'clusterroles', withAggregates([...clusterRoles, ...controllerRoles], cluster), addRules);
  await ensureAll(cluster, 'clusterrolebindings', clusterRoleBindings, addSubjects);
  await ensureAll(cluster, 'roles', roles, addRules);
  await ensureAll(cluster, 'rolebindings', roleBindings, addSubjects);
}

const aggregated = ['admin', 'edit', 'view'].map((name) => [name, `system:aggregate-to-${name}`] as const);
const [discovery, publicInfo] = ['system:discovery', 'system:public-info-viewer'];

/** What was one object in the clusters of older versions is two now: the second begins as the owner of the first has made it. */
async function keepOwners(cluster: Cluster): Promise<void> {
  for (const [from, to] of aggregated)
    await begin(cluster, 'clusterroles', from, to, ({ aggregationRule, rules }) =>
      aggregationRule ? undefined : { rules },
    );
  const binding = clusterRoleBindings.find(({ metadata }) => metadata.name === publicInfo)!;
  await begin(cluster, 'clusterrolebindings', discovery!, publicInfo!, ({ subjects }) => ({ ...binding, subjects }));
}

/** Makes `to` with the labels and annotations of `from`, where there is only that one. */
async function begin(cluster: Cluster, plural: string, from: string, to: string, rest: (old: any) => any) {
  const resource = { group, plural };
  if (cluster.cached(resource, to) || (await cluster.get(resource, to))) return;
  const old = await cluster.get(resource, from);
  const made = old && rest(old);
  if (!made) return;
  const { labels, annotations } = old.metadata;
  await created(cluster, resource, { ...made, metadata: { name: to, labels, annotations } });
}

async function ensureAll(cluster: Cluster, plural: string, wanted: readonly Policy[], add: Addition): Promise<void> {
  await Promise.all(wanted.map((policy) => ensure(cluster, plural, policy, add)));
}

/** Puts into `existing` what it lacks of `wanted`; true when it changed. Never takes anything away. */
type Addition = (existing: any, wanted: Policy) => boolean;

async function ensure(cluster: Cluster, plural: string, wanted: Policy, add: Addition): Promise<void> {
  const { name, namespace } = wanted.metadata;
  const resource = { group, plural };
  const cached = cluster.cached(resource, name, namespace);
  if (cached && !complete(structuredClone(cached), wanted, add)) return;
  if (!cached && (await created(cluster, resource, wanted))) return;
  await cluster.update(resource, name, namespace, (object) => complete(object, wanted, add));
}

/** False when it was there already, unknown to the cache. */
async function created(
  cluster: Cluster,
  resource: { group: string; plural: string },
  wanted: Policy,
): Promise<boolean> {
  try {
    await cluster.create(resource, structuredClone(wanted));
    return true;
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return false;
    throw error;
  }
}

/** Labels, annotations and `add`'s part; an object whose owner turned autoupdate off is left alone. */
function complete(object: any, wanted: Policy, add: Addition): boolean {
  if (object.metadata.annotations?.[autoupdate] === 'false') return false;
  const changes = [
    merge(object.metadata, 'labels', wanted.metadata.labels),
    merge(object.metadata, 'annotations', wanted.metadata.annotations),
    add(object, wanted),
  ];
  return changes.includes(true);
}

/** Only what is missing: a value that somebody changed stays. */
function merge(metadata: any, field: string, wanted: object): boolean {
  const have = metadata[field] ?? {};
  const missing = Object.entries(wanted).filter(([k]) => !(k in have));
  if (!missing.length) return false;
  metadata[field] = { ...have, ...Object.fromEntries(missing) };
  return true;
}

function addRules(object: any, wanted: Policy): boolean {
  const lacking = (wanted['rules'] as PolicyRule[]).filter((r) => missingRules(object.rules ?? [], [r]).length);
  const aggregation = wanted['aggregationRule'] && !object.aggregationRule;
  if (aggregation) object.aggregationRule = wanted['aggregationRule'];
  if (lacking.length) object.rules = [...(object.rules ?? []), ...lacking];
  return Boolean(aggregation) || lacking.length > 0;
}

function addSubjects(object: any, wanted: Policy): boolean {
  const key = (s: any) => `${s.kind} ${s.namespace ?? ''}/${s.name}`;
  const have = new Set((object.subjects ?? []).map(key));
  const lacking = (wanted['subjects'] as object[]).filter((s) => !have.has(key(s)));
  if (lacking.length) object.subjects = [...(object.subjects ?? []), ...lacking];
  return lacking.length > 0;
}

/**
 * The aggregated roles with the sum of what their selectors find: among the bootstrap roles, and among those of the cluster, whose
 * owners may have labelled some. Selected roles may be aggregated themselves, so the sum follows them down.
 */
function withAggregates(policies: Policy[], cluster: Cluster): Policy[] {
  const known = new Map<string, any>(
    cluster.cachedList({ group, plural: 'clusterroles' }).map((r) => [r.metadata.name, r]),
  );
  for (const policy of policies) if (!known.has(policy.metadata.name)) known.set(policy.metadata.name, policy);
  const all = [...known.values()];
  return policies.map((p) => (p['aggregationRule'] ? { ...p, rules: sumOf(p, all, new Set()) } : p));
}

function sumOf(aggregated: any, all: readonly any[], seen: Set<string>): PolicyRule[] {
  const sum: PolicyRule[] = [];
  for (const { matchLabels = {} } of aggregated.aggregationRule.clusterRoleSelectors) {
    for (const role of all) {
      const selected = Object.entries(matchLabels).every(([k, v]) => role.metadata.labels?.[k] === v);
      if (!selected || seen.has(role.metadata.name)) continue;
      seen.add(role.metadata.name);
      sum.push(...(role.aggregationRule ? sumOf(role, all, seen) : (role.rules ?? [])));
    }
  }
  return sum.filter((r, i) => sum.findIndex((s) => JSON.stringify(s) === JSON.stringify(r)) === i);
}
