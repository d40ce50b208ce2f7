// Charges what a write makes to the quotas of its namespace, and refuses what would be too much.
// Reads: ResourceQuotas. Writes: their status.used, before the object itself is stored: of two that race for the last place one is
// refused. Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota. Next: the quota controller gives back.

import { amountsLine, exceeding, mask, subtract, withoutZeros } from '../../apimachinery/quota/amounts.ts';
import { type Evaluator, evaluatorFor } from '../../apimachinery/quota/evaluators.ts';
import { inScopes } from '../../apimachinery/quota/scopes.ts';
import { type Amounts, addAmounts, amountsOf, amountsText } from '../../apimachinery/resourceHelpers.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { refuse } from './forbidden.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';

const quotas = { group: '', plural: 'resourcequotas' };

export function resourceQuota(): AdmissionPlugin {
  const lines = new Map<string, Promise<unknown>>();
  return {
    name: 'ResourceQuota',
    async validate(a) {
      if (!a.namespace || !a.kind.namespaced) return;
      const evaluator = evaluatorFor(a.kind);
      if (!evaluator.charged.includes(`${a.operation} ${a.subresource}`.trim())) return;
      if (!a.context.cluster.cachedList(quotas, a.namespace).length) return;
      // One at a time in a namespace: those who would meet as conflicts wait instead.
      await inLine(lines, a.namespace, () => charge(a, evaluator));
    },
  };
}

async function inLine(lines: Map<string, Promise<unknown>>, key: string, work: () => Promise<void>): Promise<void> {
  const mine = (lines.get(key) ?? Promise.resolve()).then(work);
  const quiet = mine.catch(() => {});
  lines.set(key, quiet);
  await mine.finally(() => (lines.get(key) === quiet ? lines.delete(key) : undefined));
}

async function charge(a: Attributes, evaluator: Evaluator): Promise<void> {
  const interested = a.context.cluster
    .cachedList(quotas, a.namespace)
    .filter((quota) => evaluator.matching(namesOf(quota)).length && inScopes(quota['spec'], a.kind, a.object))
    .sort((x, y) => (x.metadata.name < y.metadata.name ? -1 : 1));
  for (const quota of interested) checkStated(a, evaluator, quota);
  const delta = deltaOf(a, evaluator);
  if (!interested.length || !delta.size) return;
  // All are asked before any is charged; one alone is asked as it is charged, by what it says then.
  if (interested.length > 1 || a.context.dryRun) for (const quota of interested) chargedUsage(a, quota, delta);
  if (a.context.dryRun) return;
  const charged: KubeObject[] = [];
  try {
    for (const quota of interested)
      if (await write(a, quota, (live) => chargedUsage(a, live, delta))) charged.push(quota);
  } catch (error) {
    for (const quota of charged) await write(a, quota, (live) => subtract(usedOf(live), mask(delta, namesOf(live))));
    throw error;
  }
}

const namesOf = (quota: KubeObject): string[] => Object.keys(quota['status']?.hard ?? {});
const usedOf = (quota: KubeObject): Amounts => amountsOf(quota['status']?.used);

function checkStated(a: Attributes, evaluator: Evaluator, quota: KubeObject): void {
  const names = evaluator.matching(namesOf(quota)).sort();
  const missing = a.operation === 'CREATE' ? evaluator.missing?.(a.object, names) : undefined;
  if (missing) throw refuse(a, `failed quota: ${quota.metadata.name}: ${missing}`);
  const used = usedOf(quota);
  if (names.some((name) => !used.has(name)))
    throw refuse(a, `status unknown for quota: ${quota.metadata.name}, resources: ${names.join(',')}`);
}

/** What this write uses more (or less) than before. */
function deltaOf(a: Attributes, evaluator: Evaluator): Amounts {
  const now = a.context.now();
  const usage = evaluator.usage(a.object, now);
  return withoutZeros(a.operation === 'UPDATE' ? subtract(usage, evaluator.usage(a.old, now)) : usage);
}

/** The usage with the delta; refused when that is more than allowed. */
function chargedUsage(a: Attributes, quota: KubeObject, delta: Amounts): Amounts {
  const hard = amountsOf(quota['status']?.hard);
  const requested = mask(delta, hard.keys());
  const used = usedOf(quota);
  const next: Amounts = new Map(used);
  addAmounts(next, requested);
  const names = exceeding(mask(next, requested.keys()), hard);
  if (names.length) {
    const line = (amounts: Amounts) => amountsLine(mask(amounts, names));
    throw refuse(
      a,
      `exceeded quota: ${quota.metadata.name}, requested: ${line(requested)}, used: ${line(used)}, limited: ${line(hard)}`,
    );
  }
  return next;
}

/** Compares and swaps: on a conflict the usage is worked out again from what is there then. */
const write = (a: Attributes, quota: KubeObject, usage: (live: KubeObject) => Amounts) =>
  a.context.cluster.update(
    quotas,
    quota.metadata.name,
    a.namespace,
    (live) => {
      if (live.metadata.uid !== quota.metadata.uid) return false;
      live.status = { ...live.status, used: amountsText(usage(live)) };
      return true;
    },
    { subresource: 'status' },
  );
