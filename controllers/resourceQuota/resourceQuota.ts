// Says in each ResourceQuota how much its namespace uses, anew whenever something goes, and every few minutes in any case.
// Reads: resourcequotas, and what they count. Writes: resourcequotas/status.
// Mirrors: pkg/controller/resourcequota/resource_quota_controller.go. Next along the chain: the API server's admission, which charges.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { resourceQuotas } from '../../apimachinery/resources.ts';
import type { GroupResource } from '../../apimachinery/status.ts';
import type { ResourceQuota } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, type Enqueue, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createMonitors, type Monitors } from './monitors.ts';
import { countedBy, givesBack, planStatus, usedNow } from './plan.ts';

/**
 * What admission has just charged may not be in the caches yet, so nothing is given back while a quota is being charged;
 * but for no longer than this, as in a busy namespace that never ends.
 */
const settling = { quiet: 500, most: 5000 };

/** How long until a resource that is not served is asked for again: its definition may come. */
const unserved = 30_000;

/** Events of so many milliseconds make one count. */
const together = 100;

export interface QuotaOptions {
  /** --concurrent-resource-quota-syncs. */
  workers: number;
  /** Milliseconds, --resource-quota-sync-period. */
  period: number;
}

export function resourceQuotaController({ workers, period }: QuotaOptions): Controller {
  const monitors = Promise.withResolvers<Monitors>();
  const charged = new Map<string, { last: number; first: number }>();
  let wake: Enqueue;
  return {
    name: 'resourcequota-controller',
    workers,
    watches: [
      watch({
        resource: resourceQuotas,
        keys: (quota) => [keyOf(quota)],
        when: (quota, old) => !deepEqual(quota.spec, old.spec) || !deepEqual(quota.status?.hard, old.status?.hard),
      }),
    ],
    setup({ informers, clock }, enqueue) {
      wake = enqueue;
      informers.informer(resourceQuotas).addHandler({
        updated(quota) {
          const now = clock.now();
          charged.set(keyOf(quota), { first: charged.get(keyOf(quota))?.first ?? now, last: now });
          // What was charged for an object that was refused after all is given back then.
          enqueue(keyOf(quota), { after: settling.most });
        },
        deleted: (quota) => void charged.delete(keyOf(quota)),
      });
    },
    async run(context, _, signal) {
      const all = (namespace?: string) => context.informers.informer(resourceQuotas).list(namespace) as ResourceQuota[];
      const counts = (quota: ResourceQuota, r: GroupResource) =>
        countedBy(quota).some((c) => c.plural === r.plural && c.group === r.group);
      const freed = (namespace: string, r: GroupResource) => {
        for (const quota of all(namespace)) if (counts(quota, r)) wake(keyOf(quota), { after: together });
      };
      monitors.resolve(createMonitors(context, signal, freed));
      while (!signal.aborted) {
        await sleep(context.clock, period, signal);
        for (const quota of all()) wake(keyOf(quota));
      }
    },
    reconcile: async (key, context) => reconcile(key, context, await monitors.promise, charged),
  };
}

async function reconcile(
  key: string,
  { client, informers, clock }: ControllerContext,
  monitors: Monitors,
  charged: Map<string, { last: number; first: number }>,
): Promise<Result | undefined> {
  const find = () => informers.informer(resourceQuotas).get(key) as ResourceQuota | undefined;
  const found = find();
  if (!found) return undefined;
  const caches = new Map(
    await Promise.all(
      countedBy(found).map(async (r) => [`${r.plural}.${r.group}`, await monitors.informerOf(r)] as const),
    ),
  );
  // The quota as it is now that the caches have been waited for.
  const quota = find();
  if (!quota) return undefined;
  const objectsOf = (r: GroupResource) => {
    const cache = caches.get(`${r.plural}.${r.group}`);
    return cache === 'filling' ? undefined : cache?.list(quota.metadata.namespace);
  };
  const used = usedNow(quota, objectsOf, clock.now());
  const wait = givesBack(quota, used) ? untilSettled(charged.get(key), clock.now()) : 0;
  if (wait > 0) return { after: wait };
  charged.delete(key);
  const status = planStatus(quota, used);
  if (status) await client.updateStatus(resourceQuotas, { ...quota, status } as never);
  const states = [...caches.values()];
  if (states.includes('filling')) return { after: 200 };
  return states.includes(undefined) ? { after: unserved } : undefined;
}

function untilSettled(at: { last: number; first: number } | undefined, now: number): number {
  if (!at || now - at.first >= settling.most) return 0;
  return Math.max(0, at.last + settling.quiet - now);
}
