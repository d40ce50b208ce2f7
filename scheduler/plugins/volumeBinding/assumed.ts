// Objects as this scheduler has decided they will be, over those that the API server is known to have.
// An assumption holds until the informer shows another state of the object. Mirrors: plugins/volumebinding/assume_cache.go.
// Used by: volumeBinding.ts.
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Informer } from '../../../client/informer.ts';
import { keyOf } from '../../../client/informerCache.ts';

export interface Assumed<T extends KubeObject> {
  get(key: string): T | undefined;
  /** As the API server told it last. */
  real(key: string): T | undefined;
  byIndex(index: string, value: string): T[];
  /** `object` must have been made from the present state: it carries that one's resourceVersion. */
  assume(object: T): void;
  restore(object: T): void;
}

export function createAssumed<T extends KubeObject>(informer: Informer<T>): Assumed<T> {
  const assumed = new Map<string, T>();

  function latest(key: string, real: T | undefined): T | undefined {
    const own = assumed.get(key);
    if (!own) return real;
    if (real && real.metadata.resourceVersion === own.metadata.resourceVersion) return own;
    assumed.delete(key);
    return real;
  }

  return {
    get: (key) => latest(key, informer.get(key)),
    real: (key) => informer.get(key),
    byIndex: (index, value) =>
      assumed.size
        ? informer.byIndex(index, value).map((object) => latest(keyOf(object), object)!)
        : informer.byIndex(index, value),
    assume: (object) => void assumed.set(keyOf(object), object),
    restore: (object) => void assumed.delete(keyOf(object)),
  };
}
