// The status that a quota should have, from the objects of its namespace.
// Pure. Mirrors: syncResourceQuota in pkg/controller/resourcequota/resource_quota_controller.go, CalculateUsage in pkg/quota/v1.
// Used by: resourceQuota.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { compareQuantities } from '../../apimachinery/quantity.ts';
import { evaluatorFor, resourceFor, sumUsage } from '../../apimachinery/quota/evaluators.ts';
import { inScopes } from '../../apimachinery/quota/scopes.ts';
import { type Amounts, addAmounts, amountsOf, amountsText } from '../../apimachinery/resourceHelpers.ts';
import type { GroupResource } from '../../apimachinery/status.ts';
import type { ResourceQuota } from '../../apimachinery/types.ts';

/** The resources whose objects this quota counts. */
export function countedBy(quota: ResourceQuota): GroupResource[] {
  const found = new Map<string, GroupResource>();
  for (const name of Object.keys(quota.spec?.hard ?? {})) {
    const r = resourceFor(name);
    if (r) found.set(`${r.plural}.${r.group}`, r);
  }
  return [...found.values()];
}

/** `objectsOf` gives the namespace's objects; undefined where they are not known: what they use stays as it was said before. */
export function usedNow(
  quota: ResourceQuota,
  objectsOf: (r: GroupResource) => readonly any[] | undefined,
  now: number,
): Amounts {
  const names = Object.keys(quota.spec?.hard ?? {});
  const before = amountsOf(quota.status?.used);
  const used: Amounts = new Map();
  for (const r of countedBy(quota)) {
    const evaluator = evaluatorFor(r);
    const objects = objectsOf(r)?.filter((o) => inScopes(quota.spec, r, o));
    if (objects) addAmounts(used, sumUsage(evaluator, names, objects, now));
    else for (const name of evaluator.matching(names)) if (before.has(name)) used.set(name, before.get(name)!);
  }
  return used;
}

/** The new status; undefined when the one that is there says the same. */
export function planStatus(quota: ResourceQuota, used: Amounts): ResourceQuota['status'] | undefined {
  const hard = quota.spec?.hard ?? {};
  const same = (a: Amounts, b: Record<string, string> | undefined) =>
    deepEqual(amountsText(a), amountsText(amountsOf(b)));
  if (same(amountsOf(hard), quota.status?.hard) && same(used, quota.status?.used)) return undefined;
  return { hard, used: amountsText(used) };
}

/** Would something that admission has charged be given back? */
export function givesBack(quota: ResourceQuota, used: Amounts): boolean {
  const before = amountsOf(quota.status?.used);
  return [...used].some(([name, q]) => before.has(name) && compareQuantities(q, before.get(name)!) < 0);
}
