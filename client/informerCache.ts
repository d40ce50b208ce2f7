// The copy itself: objects by key, namespace and index, and the handlers that hear of each change.
// Written to by reflector.ts, read by controllers. Mirrors: client-go tools/cache (thread_safe_store.go, delta_fifo.go).
// Next along the chain: runner.ts, whose handlers turn events into keys.
import type { Resource } from '../apimachinery/resources.ts';
import type { KubeObject } from '../apimachinery/types.ts';
import type { Logger } from '../component-base/logger.ts';
import type { Handler, Informer, ObjectKey } from './informer.ts';
import type { Sink } from './reflector.ts';

/** `namespace/name`, or `name` for cluster-scoped objects. */
export const keyOf = (o: { metadata: { namespace?: string; name: string } }): ObjectKey =>
  o.metadata.namespace ? `${o.metadata.namespace}/${o.metadata.name}` : o.metadata.name;

/** The two parts of a key; the namespace of a cluster-scoped object is empty. */
export function splitKey(key: ObjectKey): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

interface Index<T> {
  values(object: T): string[];
  keys: Map<string, Set<ObjectKey>>;
}

function put<T>(index: Index<T>, values: readonly string[], key: ObjectKey): void {
  for (const value of values) {
    const set = index.keys.get(value);
    if (set) set.add(key);
    else index.keys.set(value, new Set([key]));
  }
}

function drop<T>(index: Index<T>, values: readonly string[], key: ObjectKey): void {
  for (const value of values) {
    const set = index.keys.get(value);
    set?.delete(key);
    if (set?.size === 0) index.keys.delete(value);
  }
}

/** Most updates leave an object where it is in every index. */
function move<T>(index: Index<T>, old: T, object: T, key: ObjectKey): void {
  const [before, now] = [index.values(old), index.values(object)];
  if (before.length === now.length && before.every((value, i) => value === now[i])) return;
  drop(index, before, key);
  put(index, now, key);
}

const namespaceIndex = 'namespace';

export interface InformerCache<T extends KubeObject> extends Informer<T>, Sink<T> {
  whenSynced: Promise<void>;
}

/** An informer and the sink that fills it. */
export function createInformerCache<T extends KubeObject>(resource: Resource<T>, log: Logger): InformerCache<T> {
  const objects = new Map<ObjectKey, T>();
  const indexes = new Map<string, Index<T>>();
  const handlers = new Set<Handler<T>>();
  const firstState = Promise.withResolvers<void>();
  let synced = false;
  let lastResourceVersion = '';
  let origin: Informer['origin'] = 'start-up';
  if (resource.namespaced)
    indexes.set(namespaceIndex, { values: (o) => [o.metadata.namespace ?? ''], keys: new Map() });

  function set(key: ObjectKey, object: T): void {
    const old = objects.get(key);
    objects.set(key, object);
    for (const index of indexes.values())
      if (old) move(index, old, object, key);
      else put(index, index.values(object), key);
    for (const h of handlers) tell(() => (old ? h.updated?.(object, old) : h.added?.(object)));
  }

  function remove(key: ObjectKey, last?: T): void {
    const old = objects.get(key);
    if (!old) return;
    objects.delete(key);
    for (const index of indexes.values()) drop(index, index.values(old), key);
    for (const h of handlers) tell(() => h.deleted?.(last ?? old));
  }

  /** A handler that throws must not stop the reflector: that would leave a stale copy behind. */
  function tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      log.error({ resource: resource.plural, error: (error as Error).stack }, 'informer handler failed');
    }
  }

  const keysOf = (index: string, value: string) => indexes.get(index)?.keys.get(value);
  const fetch = (keys: Iterable<ObjectKey>) => Array.from(keys, (k) => objects.get(k)!);

  return {
    resource,
    get: (key) => objects.get(key),
    list: (namespace) =>
      namespace === undefined ? [...objects.values()] : fetch(keysOf(namespaceIndex, namespace) ?? []),
    count: (namespace) => (namespace === undefined ? objects.size : (keysOf(namespaceIndex, namespace)?.size ?? 0)),
    byIndex(index, value) {
      if (!indexes.has(index)) throw new Error(`no index ${index} on ${resource.plural}`);
      return fetch(keysOf(index, value) ?? []);
    },
    addIndex(name, values) {
      if (indexes.has(name)) return;
      const index: Index<T> = { values, keys: new Map() };
      for (const [key, object] of objects) put(index, values(object), key);
      indexes.set(name, index);
    },
    addHandler(handler) {
      handlers.add(handler);
      for (const object of objects.values()) tell(() => handler.added?.(object));
      return () => handlers.delete(handler);
    },
    whenSynced: firstState.promise,
    get synced() {
      return synced;
    },
    get lastResourceVersion() {
      return lastResourceVersion;
    },
    get origin() {
      return origin;
    },

    replace(items, resourceVersion) {
      origin = synced ? 'resync' : 'start-up';
      const now = new Set<ObjectKey>();
      for (const item of items) {
        const key = keyOf(item);
        now.add(key);
        const old = objects.get(key);
        if (isOther(old, item)) remove(key);
        if (old?.metadata.resourceVersion !== item.metadata.resourceVersion || isOther(old, item)) set(key, trim(item));
      }
      for (const key of [...objects.keys()]) if (!now.has(key)) remove(key);
      lastResourceVersion = resourceVersion;
      synced = true;
      origin = 'watch';
      firstState.resolve();
    },
    apply(type, object) {
      origin = 'watch';
      const key = keyOf(object);
      const old = objects.get(key);
      lastResourceVersion = object.metadata.resourceVersion ?? lastResourceVersion;
      if (type === 'DELETED') return remove(key, trim(object));
      // Deleted and made again between two lists: whoever counts objects must see both.
      if (isOther(old, object)) remove(key);
      set(key, trim(object));
    },
    bookmark(resourceVersion) {
      lastResourceVersion = resourceVersion;
    },
  };
}

const isOther = (old: KubeObject | undefined, now: KubeObject) =>
  old !== undefined && old.metadata.uid !== now.metadata.uid;

/** Nobody reads managedFields from a cache, and a write without them leaves the server's as they are. */
function trim<T extends KubeObject>(object: T): T {
  delete object.metadata.managedFields;
  return object;
}
