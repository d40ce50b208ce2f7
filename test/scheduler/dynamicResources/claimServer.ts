// A store of claims in memory that refuses stale writes as the API server does, and tells an informer when asked to.
import { resourceClaims } from '../../../apimachinery/resources.ts';
import { conflict, modified, notFound } from '../../../apimachinery/status.ts';
import type { ResourceClaim } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import type { InformerCache } from '../../../client/informerCache.ts';

export function createClaimServer(informer: InformerCache<ResourceClaim>) {
  const stored = new Map<string, ResourceClaim>();
  const untold: (() => void)[] = [];
  let version = 1;
  /** Thrown by the next write, before (`lost` false) or after it is stored. */
  let failure: { error: Error; stores: boolean } | undefined;

  function store(claim: ResourceClaim, type: 'ADDED' | 'MODIFIED'): ResourceClaim {
    const next = structuredClone(claim);
    next.metadata.resourceVersion = String(++version);
    stored.set(claim.metadata.name, next);
    untold.push(() => informer.apply(type, structuredClone(next)));
    return structuredClone(next);
  }

  async function write(claim: ResourceClaim, change: (old: ResourceClaim) => ResourceClaim): Promise<ResourceClaim> {
    await Promise.resolve();
    const failing = failure;
    failure = undefined;
    if (failing && !failing.stores) throw failing.error;
    const old = stored.get(claim.metadata.name);
    if (!old) throw notFound(resourceClaims, claim.metadata.name);
    if (old.metadata.resourceVersion !== claim.metadata.resourceVersion)
      throw conflict(resourceClaims, claim.metadata.name, modified);
    const now = store(change(old), 'MODIFIED');
    if (failing) throw failing.error;
    return now;
  }

  const client = {
    get: async (_: unknown, name: string) => {
      const found = stored.get(name);
      if (!found) throw notFound(resourceClaims, name);
      return structuredClone(found);
    },
    update: (_: unknown, claim: ResourceClaim) =>
      write(claim, (old) => ({ ...claim, status: old.status }) as ResourceClaim),
    updateStatus: (_: unknown, claim: ResourceClaim) =>
      write(claim, (old) => ({ ...old, status: claim.status }) as ResourceClaim),
    patch: async (_: unknown, name: string, __: string, ___: string, patch: any) => {
      const old = stored.get(name)!;
      const gone = patch.status.reservedFor[0].uid;
      const reservedFor = old.status?.reservedFor?.filter((r) => r.uid !== gone);
      return store({ ...old, status: { ...old.status, reservedFor } } as ResourceClaim, 'MODIFIED');
    },
  } as unknown as Client;

  return {
    client,
    resource: resourceClaims,
    create: (claim: ResourceClaim) => store(claim, 'ADDED'),
    /** Somebody else's write. */
    change(name: string, change: (claim: ResourceClaim) => void): void {
      const claim = structuredClone(stored.get(name)!);
      change(claim);
      store(claim, 'MODIFIED');
    },
    remove(name: string): void {
      const claim = stored.get(name)!;
      stored.delete(name);
      untold.push(() => informer.apply('DELETED', structuredClone(claim)));
    },
    get: (name: string) => stored.get(name),
    list: () => [...stored.values()],
    failNext(error: Error, stores = false): void {
      failure = { error, stores };
    },
    /** The informer hears of so many changes; without a number of all. */
    tell(n = untold.length): void {
      for (const event of untold.splice(0, n)) event();
    },
  };
}
