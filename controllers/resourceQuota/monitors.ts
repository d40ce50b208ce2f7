// Caches of what quotas count: begun when the first quota names a resource, kept from then on.
// Reads: discovery, and any resource. Mirrors: pkg/controller/resourcequota/resource_quota_monitor.go.
// Used by: resourceQuota.ts. Objects that merely count are kept by their metadata alone.
import { evaluatorFor, looksInside } from '../../apimachinery/quota/evaluators.ts';
import type { Resource } from '../../apimachinery/resources.ts';
import type { GroupResource } from '../../apimachinery/status.ts';
import type { ControllerContext } from '../../client/controller.ts';
import type { Informer } from '../../client/informer.ts';
import { allows, discover } from '../common/discovery.ts';

export interface Monitors {
  /** Undefined when the resource is not served. */
  informerOf(r: GroupResource): Promise<Informer<any> | 'filling' | undefined>;
}

/** Of the core group: they are watched whole by other controllers anyway. */
const watchedWhole = new Set(['replicationcontrollers', 'resourcequotas']);
const isWhole = (r: GroupResource) => looksInside(r) || (!r.group && watchedWhole.has(r.plural));

/** `freed` hears of namespaces where objects of a resource have gone or come to use something else. */
export function createMonitors(
  { informers, client, clock }: ControllerContext,
  signal: AbortSignal,
  freed: (namespace: string, r: GroupResource) => void,
): Monitors {
  const started = new Map<string, Informer<any>>();

  async function begin(r: GroupResource): Promise<Informer<any> | undefined> {
    const { resources } = await discover(client);
    const served = resources.find((s) => s.group === r.group && s.plural === r.plural);
    if (!served?.namespaced || !allows(served, 'list', 'watch')) return undefined;
    const { group, version, plural, kind, namespaced } = served;
    const resource: Resource<any> = { group, version, plural, kind, namespaced };
    const informer = informers.informer(resource, isWhole(r) ? {} : { metadataOnly: true });
    const evaluator = evaluatorFor(r);
    const usage = (o: any) =>
      JSON.stringify([...evaluator.usage(o, clock.now())].map(([n, q]) => [n, String(q.digits), q.scale]));
    informer.addHandler({
      added: (o) => (informer.synced ? freed(o.metadata.namespace ?? '', r) : undefined),
      updated: (o, old) => {
        const moved = o.metadata.resourceVersion !== old.metadata.resourceVersion && usage(o) !== usage(old);
        if (moved || scopesOf(o) !== scopesOf(old)) freed(o.metadata.namespace ?? '', r);
      },
      deleted: (o) => freed(o.metadata.namespace ?? '', r),
    });
    void informers.start(signal);
    return informer;
  }

  return {
    async informerOf(r) {
      const key = `${r.plural}.${r.group}`;
      let informer = started.get(key);
      if (!informer) {
        informer = await begin(r);
        if (informer) started.set(key, informer);
      }
      return !informer || informer.synced ? informer : 'filling';
    },
  };
}

/** What of an object that changes may bring it into another scope. */
const scopesOf = (o: any): string => `${o.spec?.activeDeadlineSeconds} ${o.spec?.volumeAttributesClassName}`;
