// One informer a resource and selector, shared by all who ask, started together.
// Mirrors: client-go informers/factory.go. Reads through reflector.ts, fills informerCache.ts.
// Next along the chain: runner.ts.
import { apiVersionOf, type Resource } from '../apimachinery/resources.ts';
import type { KubeObject } from '../apimachinery/types.ts';
import { withoutCauses } from './causes.ts';
import type { InformerFactory, InformerOptions } from './informer.ts';
import { createInformerCache, type InformerCache } from './informerCache.ts';
import { type ReflectorDeps, runReflector } from './reflector.ts';
import { whenServed } from './whenServed.ts';

interface Entry {
  informer: InformerCache<any>;
  options: InformerOptions;
  started: boolean;
}

/** `start` may be called again after new informers were asked for: it starts only those. */
export function createInformerFactory(deps: ReflectorDeps): InformerFactory {
  const entries = new Map<string, Entry>();
  let served: Promise<void> | undefined;

  function entryFor<T extends KubeObject>(r: Resource<T>, options: InformerOptions): Entry {
    const key = JSON.stringify([
      apiVersionOf(r),
      r.plural,
      options.namespace,
      options.fieldSelector,
      options.labelSelector,
      options.metadataOnly,
    ]);
    const found = entries.get(key);
    if (found) return found;
    const entry: Entry = { informer: createInformerCache(r, deps.log), options, started: false };
    entries.set(key, entry);
    return entry;
  }

  return {
    informer: (r, options = {}) => entryFor(r, options).informer,
    async start(signal) {
      for (const entry of entries.values()) {
        if (entry.started) continue;
        entry.started = true;
        const { resource } = entry.informer;
        withoutCauses(() => {
          served ??= whenServed(deps, signal);
          void served.then(() => runReflector(deps, resource, entry.options, entry.informer, signal));
        });
      }
      const stopped = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([Promise.all([...entries.values()].map((e) => e.informer.whenSynced)), stopped]);
    },
  };
}
