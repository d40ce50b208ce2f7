// One resource in the watch cache: its objects in key order, its recent events, and who listens.
// Fed by watchCache.ts in revision order; read by ../handlers/. Everything in here is synchronous.
// Mirrors: apiserver/pkg/storage/cacher/watch_cache.go and cacher.go, one resource's worth.
import type { Logger } from '../../component-base/logger.ts';
import type { Cached, CacheEvent, CacheSpec, ResourceCache } from './cached.ts';
import { toDeleted } from './cachedFrom.ts';
import { createCacheHistory, RememberedEvent } from './cacheHistory.ts';
import { createSortedObjects, type SortedObjects } from './sortedObjects.ts';
import type { Revision } from './store.ts';

/** A resource's cache as its feeder sees it. */
export interface FedCache extends ResourceCache {
  /** The key was put. */
  put(object: Cached): void;
  /** The key was removed. */
  remove(key: string, revision: Revision): void;
  /** All events up to `revision` have been given. */
  progress(revision: Revision): void;
  /**
   * The state at `revision`, read anew after a gap in the feed or when the store was put back to an older state: what happened between
   * cannot be told any more, so all subscriptions are ended. Who comes back with an older revision has to list anew.
   */
  reset(objects: readonly Cached[], revision: Revision): void;
  /** Time has gone by: events that nobody will ask for are let go. */
  forget(): void;
  /** Ends all subscriptions. */
  end(): void;
}

export interface ResourceCacheOptions {
  log: Logger;
  now(): number;
  historySize?: number;
}

interface Subscriber {
  onEvent(event: CacheEvent): void;
  onProgress?: (revision: Revision) => void;
  onEnd?: () => void;
  /** How many events had been told when it came: those are in its replay. */
  joined: number;
}

/** `objects` is the state at `at`, in any order. */
export function createResourceCache(
  spec: CacheSpec,
  objects: readonly Cached[],
  at: Revision,
  { log, now, historySize }: ResourceCacheOptions,
): FedCache {
  let held = sorted(objects);
  const history = createCacheHistory(
    at,
    historySize === undefined ? undefined : { events: historySize, bytes: 1 << 20 },
  );
  const subscribers = new Set<Subscriber>();
  let listeners = 0;
  let told = 0;
  let revision = at;
  let lastChange = at;

  function tell(type: CacheEvent['type'], current: Cached, previous?: Cached): void {
    const event = new RememberedEvent(type, current, previous, now());
    history.push(event);
    told++;
    lastChange = event.revision;
    for (const s of subscribers) {
      if (s.joined >= told) continue;
      try {
        s.onEvent(event);
      } catch (error) {
        fail(s, error);
      }
    }
  }

  /** One subscriber's mistake must not keep the event from the others. */
  function fail(subscriber: Subscriber, error: unknown): void {
    log.error({ err: error, resource: spec.prefix }, 'a watcher failed and was ended');
    leave(subscriber);
    subscriber.onEnd?.();
  }

  function leave(subscriber: Subscriber): void {
    if (subscribers.delete(subscriber) && subscriber.onProgress) listeners--;
  }

  function put(object: Cached): void {
    const before = held.get(object.key);
    if (before && before.revision >= object.revision) return;
    held.set(object);
    tell(before ? 'MODIFIED' : 'ADDED', object, before);
  }

  function remove(key: string, at: Revision): void {
    const last = held.delete(key);
    if (last) tell('DELETED', toDeleted(last, at), last);
  }

  function end(): void {
    const ended = [...subscribers];
    subscribers.clear();
    listeners = 0;
    for (const s of ended) s.onEnd?.();
  }

  /** The cache stands at `to`; nothing before can be told. */
  function standAt(to: Revision): void {
    history.clear(to);
    lastChange = to;
    revision = to;
  }

  return {
    spec,
    get: (key) => held.get(key),
    list({ namespace, after, limit } = {}) {
      return held.range(namespace ? `${spec.prefix}${namespace}/` : spec.prefix, after, limit);
    },
    get size() {
      return held.size;
    },
    get revision() {
      return revision;
    },
    get lastChange() {
      return lastChange;
    },

    subscribe(from, onEvent, onProgress, onEnd) {
      for (const event of history.after(from)) onEvent(event);
      const subscriber: Subscriber = { onEvent, onProgress, onEnd, joined: told };
      subscribers.add(subscriber);
      if (onProgress) listeners++;
      return () => leave(subscriber);
    },

    put,
    remove,

    progress(to) {
      const silent = lastChange <= revision;
      revision = to;
      if (listeners === 0 || !silent) return;
      for (const s of subscribers) s.onProgress?.(to);
    },

    reset(objects, to) {
      held = sorted(objects);
      standAt(to);
      end();
    },

    forget: () => history.forget(now()),
    end,
  };
}

function sorted(objects: readonly Cached[]): SortedObjects<Cached> {
  const held = createSortedObjects<Cached>();
  for (const object of objects) held.set(object);
  return held;
}
