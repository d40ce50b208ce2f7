// What all reads are served from: one ordered feed of the store's events, dealt out to one cache a resource.
// A consistent read waits here until the feed has reached what the store's revision was when the read came.
// Mirrors: apiserver/pkg/storage/cacher/cacher.go, which has a feed for each resource; one feed keeps one order for all.
// Reads: store.ts. Next along the chain: resourceCache.ts, then ../handlers/.
import type { Clock } from '../../apimachinery/clock.ts';
import type { Logger } from '../../component-base/logger.ts';
import type { Cached, CacheSpec, ResourceCache, WatchCache } from './cached.ts';
import { cachedFrom } from './cachedFrom.ts';
import { createHints } from './hints.ts';
import { pause } from './pause.ts';
import { createResourceCache, type FedCache } from './resourceCache.ts';
import {
  Compacted,
  FutureRevision,
  type Revision,
  type Store,
  type Stored,
  type StoreEvent,
  StoreUnavailable,
} from './store.ts';
import { createWaiters } from './waiters.ts';

export interface WatchCacheOptions {
  /** Events that each resource remembers however old they are, unless they are large; absent: 1,000. */
  historySize?: number;
  log: Logger;
  clock: Clock;
}

const pageSize = 500;
/** How long a consistent read waits for the feed before it is refused. */
const freshTimeoutMs = 10_000;
const fillTimeoutMs = 30_000;
const tidyMs = 30_000;

export function createWatchCache(store: Store, { historySize, log, clock }: WatchCacheOptions): WatchCache {
  const stop = new AbortController();
  const live = new Map<string, FedCache>();
  /** Events of resources that are being read for the first time. */
  const filling = new Map<string, StoreEvent[]>();
  const resources = new Map<string, Promise<ResourceCache>>();
  const hints = createHints();
  const waiters = createWaiters(clock, () => revision);
  let revision: Revision = 0;
  let healthy = false;
  /** Grows when the feed has had a gap. */
  let gaps = 0;
  /** When caches are next told to forget: one that is not written to any more does not do so by itself. */
  let tidyAt = 0;

  // --- the feed ---

  async function run(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        if (revision === 0) advance(await store.revision());
        healthy = true;
        for await (const batch of store.watch(revision, stop.signal)) {
          failures = 0;
          deal(batch.events);
          advance(batch.revision);
        }
        if (!stop.signal.aborted) throw new StoreUnavailable('the store ended the watch');
      } catch (error) {
        healthy = false;
        if (await mended(error as Error)) continue;
        await pause(clock, Math.min(2_000, 50 * 2 ** failures++), stop.signal);
      }
    }
  }

  /** True when the feed can go on at once. */
  async function mended(error: Error): Promise<boolean> {
    if (stop.signal.aborted) return true;
    log.warn({ err: error, revision }, 'the feed from the store broke');
    if (!(error instanceof Compacted || error instanceof FutureRevision)) return false;
    try {
      await relist();
      return true;
    } catch (failure) {
      log.warn({ err: failure }, 'reading the store anew failed');
      return false;
    }
  }

  function deal(events: readonly StoreEvent[]): void {
    for (const event of events) {
      const prefix = prefixOf(event.key);
      if (prefix === undefined) continue;
      const cache = live.get(prefix);
      if (cache) apply(cache, event);
      else filling.get(prefix)?.push(event);
    }
  }

  /** The resource that a key belongs to: resources lie at different depths, but none inside another. */
  function prefixOf(key: string): string | undefined {
    for (let slash = key.indexOf('/', 1); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const prefix = key.slice(0, slash + 1);
      if (live.has(prefix) || filling.has(prefix)) return prefix;
    }
    return undefined;
  }

  function apply(cache: FedCache, event: StoreEvent): void {
    const object = event.type === 'PUT' ? readable(event, cache.spec, hints.take(event.key, event.value)) : undefined;
    if (object) cache.put(object);
    else cache.remove(event.key, event.revision);
  }

  /** What cannot be read (someone wrote into the store by hand) counts as absent. */
  function readable(stored: Stored, spec: CacheSpec, known?: ReturnType<typeof hints.take>): Cached | undefined {
    try {
      return cachedFrom(stored, spec, known);
    } catch (error) {
      log.error({ err: error, key: stored.key }, 'the store holds something that is no object; it is passed over');
      return undefined;
    }
  }

  function advance(to: Revision): void {
    revision = to;
    const tidy = clock.now() >= tidyAt;
    if (tidy) tidyAt = clock.now() + tidyMs;
    for (const cache of live.values()) {
      cache.progress(to);
      if (tidy) cache.forget();
    }
    waiters.release();
  }

  // --- reading a resource from the store ---

  async function* pages(spec: CacheSpec, at?: Revision): AsyncGenerator<{ objects: Cached[]; at: Revision }> {
    let after: string | undefined;
    for (;;) {
      const page = await store.list(spec.prefix, { at, after, limit: pageSize });
      const objects = page.items.map((item) => readable(item, spec)).filter((o) => o !== undefined);
      at = page.revision;
      yield { objects, at };
      if (!page.more) return;
      after = page.items.at(-1)!.key;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function read(spec: CacheSpec, at?: Revision): Promise<{ objects: Cached[]; at: Revision }> {
    const all: { objects: Cached[]; at: Revision } = { objects: [], at: at ?? 0 };
    for await (const page of pages(spec, at)) {
      for (const object of page.objects) all.objects.push(object);
      all.at = page.at;
    }
    return all;
  }

  /** The objects as of one revision, then what the feed brought behind it while they were read. */
  async function fill(spec: CacheSpec): Promise<ResourceCache> {
    for (;;) {
      const since = gaps;
      const arrived: StoreEvent[] = [];
      filling.set(spec.prefix, arrived);
      const { objects, at } = await read(spec);
      await waiters.reached(at, fillTimeoutMs);
      if (filling.get(spec.prefix) !== arrived)
        throw new StoreUnavailable(`${spec.prefix} was dropped while it was read`);
      if (since !== gaps) continue;
      filling.delete(spec.prefix);
      const cache = createResourceCache(spec, objects, at, { log, now: () => clock.now(), historySize });
      live.set(spec.prefix, cache);
      for (const event of arrived) if (event.revision > at) apply(cache, event);
      cache.progress(revision);
      return cache;
    }
  }

  function resource(spec: CacheSpec): Promise<ResourceCache> {
    const known = resources.get(spec.prefix);
    if (known) return known;
    const made = fill(spec).catch((error) => {
      if (resources.get(spec.prefix) === made) forget(spec.prefix);
      throw error;
    });
    resources.set(spec.prefix, made);
    return made;
  }

  function forget(prefix: string): void {
    resources.delete(prefix);
    filling.delete(prefix);
    live.delete(prefix);
  }

  /** After a gap in the feed, or when the store was restored to an older state: every cache jumps to one snapshot. */
  async function relist(): Promise<void> {
    const at = await store.revision();
    const states = new Map<FedCache, Cached[]>();
    const unread = (): FedCache[] => [...live.values()].filter((cache) => !states.has(cache));
    // More may come to life meanwhile, still from before the gap.
    for (let caches = unread(); caches.length > 0; caches = unread()) {
      for (const cache of caches) states.set(cache, (await read(cache.spec, at)).objects);
    }
    gaps++;
    for (const [cache, objects] of states) cache.reset(objects, at);
    advance(at);
    log.info({ revision: at, resources: states.size }, 'read the store anew');
  }

  // --- consistent reads ---

  let looking: Promise<unknown> = Promise.resolve();
  let nextLook: Promise<Revision> | undefined;

  /** All requests that have arrived by now are read in this turn of the loop: one look does for them. */
  const turnsEnd = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  function look(): Promise<Revision> {
    // From here on the request is on its way: who comes now may have seen a later write.
    nextLook = undefined;
    const sent = store.revision();
    looking = sent.catch(() => {});
    return sent.then(caughtUp);
  }

  async function caughtUp(to: Revision): Promise<Revision> {
    if (to > revision) await waiters.reached(to, freshTimeoutMs).catch(behind);
    return to;
  }

  function behind(error: Error): never {
    if (!(error instanceof FutureRevision)) throw error;
    throw new StoreUnavailable(`the watch cache is behind the store: ${error.message}`);
  }

  function fresh(): Promise<Revision> {
    const known = store.known?.();
    if (known !== undefined) return caughtUp(known);
    nextLook ??= looking.then(turnsEnd).then(look);
    return nextLook;
  }

  const feed = run();
  return {
    resource,
    size: (prefix) => live.get(prefix)?.size,
    hint: hints.add,
    drop(prefix) {
      const cache = live.get(prefix);
      forget(prefix);
      cache?.end();
    },
    fresh,
    reached: waiters.reached,
    get revision() {
      return revision;
    },
    get healthy() {
      return healthy;
    },
    async close() {
      stop.abort();
      waiters.close();
      for (const cache of live.values()) cache.end();
      await feed;
    },
  };
}
