// One object by name, for a read or as the start of a write.
// Reads: the watch cache, or the store when the newest state is needed. Next: updateObject.ts, deleteObject.ts, handlers/get.ts.
import * as status from '../../apimachinery/status.ts';
import { type Api, cacheOf } from '../api.ts';
import { keyOf, type Served } from '../kinds/registry.ts';
import type { Cached } from '../storage/cached.ts';
import { cachedFrom } from '../storage/cachedFrom.ts';
import type { Stored } from '../storage/store.ts';

/** What the cache holds, or a moment ago held. */
export async function cachedObject(
  api: Api,
  served: Served,
  namespace: string,
  name: string,
): Promise<Cached | undefined> {
  const cache = await cacheOf(api, served);
  const key = keyOf(served, namespace, name);
  await cache.load?.([key]);
  return cache.get(key);
}

/** An object of the store as its kind shows it: custom resources are stored in any version, under any schema. */
export async function shownAs(api: Api, served: Served, found: Cached | undefined): Promise<Cached | undefined> {
  if (!found || !served.kind.stored) return found;
  const cache = await cacheOf(api, served);
  return (await cache.show!([found]))[0];
}

/**
 * What the store holds now: from the cache once that has come to where the store is. Parsed and in the served form it is there already,
 * and one look at the store's revision does for all who ask at the same time.
 */
export async function currentObject(
  api: Api,
  served: Served,
  namespace: string,
  name: string,
): Promise<Cached | undefined> {
  await api.cache.fresh();
  return cachedObject(api, served, namespace, name);
}

export const fromStored = (served: Served, stored: Stored | undefined): Cached | undefined =>
  stored && cachedFrom(stored, served.home.cacheSpec);

/** The cache first; the store when the cache has nothing. Throws NotFound. */
export async function mustFind(api: Api, served: Served, namespace: string, name: string): Promise<Cached> {
  const found =
    (await cachedObject(api, served, namespace, name)) ?? (await currentObject(api, served, namespace, name));
  if (!found) throw status.notFound(served.kind, name);
  return found;
}
