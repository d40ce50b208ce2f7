// A store whose requests are counted, by resource and operation.
// Wraps either home of the store; called by run.ts. Next: ../metrics/storage.ts.
import type { ResourceName, StorageMetrics } from '../metrics/storage.ts';
import type { Store } from './store.ts';

/** `resourceOf` tells whose key it is. A method that a store lacks stays absent. */
export function measured(store: Store, metrics: StorageMetrics, resourceOf: (key: string) => ResourceName): Store {
  function timed<T>(operation: string, key: string, work: Promise<T>): Promise<T> {
    const began = performance.now();
    const of = resourceOf(key);
    const done = (failed: boolean) => metrics.request(operation, of, performance.now() - began, failed);
    work.then(
      () => done(false),
      () => done(true),
    );
    return work;
  }
  return {
    get: (key) => timed('get', key, store.get(key)),
    list: (prefix, options) => timed('list', prefix, store.list(prefix, options)),
    put: (key, value, options) => timed(options.expect ? 'update' : 'create', key, store.put(key, value, options)),
    delete: (key, options) => timed('delete', key, store.delete(key, options)),
    trim: (prefix, limit) => store.trim(prefix, limit),
    watch: (from, signal) => store.watch(from, signal),
    revision: () => store.revision(),
    known: store.known && (() => store.known!()),
    compact: (revision) => store.compact(revision),
    close: () => store.close(),
  };
}

const nothing: ResourceName = { group: '', resource: '' };

/** Resources by the prefixes of their keys; `rows` is asked again when `generation` has changed. */
export function resourceFinder(
  rows: () => Iterable<{ prefix: string; kind: { group: string; plural: string } }>,
  generation: () => number,
): (key: string) => ResourceName {
  let known = new Map<string, ResourceName>();
  let at = -1;
  const learn = () => {
    const before = known;
    known = new Map();
    for (const { prefix, kind } of rows())
      if (prefix) known.set(prefix, before.get(prefix) ?? { group: kind.group, resource: kind.plural });
    at = generation();
  };
  return (key) => {
    if (at !== generation()) learn();
    for (let slash = key.indexOf('/', 1); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const found = known.get(key.slice(0, slash + 1));
      if (found) return found;
    }
    return nothing;
  };
}
