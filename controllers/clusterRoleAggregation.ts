// Fills the ClusterRoles that have an aggregationRule with the rules of those that its selectors name.
// Reads: clusterroles. Writes: clusterroles' rules. Mirrors: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
// Next along the chain: the API server's RBAC authorizer, which reads the rules.
import { deepEqual } from '../apimachinery/deepEqual.ts';
import { selectorOf } from '../apimachinery/labelSelector.ts';
import { apiVersionOf, clusterRoles } from '../apimachinery/resources.ts';
import type { ClusterRole } from '../apimachinery/types.ts';
import { type Controller, watch } from '../client/controller.ts';

const name = 'clusterrole-aggregation-controller';
type Rules = NonNullable<ClusterRole['rules']>;

/** Each rule once, in the order of the roles' names. */
export function aggregate(role: ClusterRole, all: readonly ClusterRole[]): Rules {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map((s) => selectorOf(s));
  const byName = (a: ClusterRole, b: ClusterRole) => (a.metadata.name < b.metadata.name ? -1 : 1);
  const rules: Rules = [];
  for (const selector of selectors)
    for (const other of all.filter((r) => selector.matches(r.metadata.labels)).sort(byName))
      if (other.metadata.name !== role.metadata.name)
        for (const rule of other.rules ?? []) if (!rules.some((r) => deepEqual(r, rule))) rules.push(rule);
  return rules;
}

export const clusterRoleAggregationController: Controller = {
  name,
  workers: 5,
  watches: [
    watch({
      resource: clusterRoles,
      // Any role may be part of any aggregate.
      keys: (_, { informers }) => {
        const all = informers.informer(clusterRoles).list() as ClusterRole[];
        return all.filter((r) => r.aggregationRule).map((r) => r.metadata.name);
      },
    }),
  ],
  async reconcile(key, { client, informers }) {
    const informer = informers.informer(clusterRoles);
    const role = informer.get(key) as ClusterRole | undefined;
    if (!role?.aggregationRule) return;
    const rules = aggregate(role, informer.list() as ClusterRole[]);
    if (deepEqual(rules, role.rules ?? [])) return;
    const applied = { apiVersion: apiVersionOf(clusterRoles), kind: 'ClusterRole', metadata: { name: key }, rules };
    await client.patch(clusterRoles, key, undefined, 'apply', applied, { fieldManager: name, force: true });
  },
};
