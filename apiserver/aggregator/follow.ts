// Events of one resource, from now on, for a part of the server that acts on them: begun anew when the cache has to be read anew.
// Reads: the watch cache. Used by: availability.ts, autoregister.ts.
import type { GroupResource } from '../../apimachinery/status.ts';
import { type Api, cacheOf } from '../api.ts';
import type { CacheEvent } from '../storage/cached.ts';

/** `onEvent` hears of changes; `onAnew` that some may have been missed: look at everything. The result ends it. */
export async function follow(
  api: Api,
  resource: GroupResource,
  onEvent: (event: CacheEvent) => void,
  onAnew: () => void,
): Promise<() => void> {
  const served = api.registry.byResource(resource.group, resource.plural);
  if (!served) return () => {};
  let end = () => {};
  let ended = false;
  const begin = async (): Promise<void> => {
    const cache = await cacheOf(api, served);
    if (ended) return;
    end = cache.subscribe(cache.revision, onEvent, undefined, () => void begin().then(onAnew, onAnew));
  };
  await begin();
  return () => {
    ended = true;
    end();
  };
}
