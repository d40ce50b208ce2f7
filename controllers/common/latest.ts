// The newest state of an object that we know: what the watch has brought, or what we wrote and the watch will bring in a moment.
// Without this a controller that writes again and again would decide by states that are no more.
// Reads: informers. Mirrors: storeClaimUpdate and storeVolumeUpdate in pkg/controller/volume/persistentvolume/pv_controller_base.go.
// Used by: persistentVolume/, attachDetach/.
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/informerCache.ts';

export interface Latest<T extends KubeObject> {
  get(key: string): T | undefined;
  /** The newest state of each of these. */
  all(objects: readonly T[]): T[];
  /** An answer of the server to a write of ours. */
  wrote(object: T): T;
}

const versionOf = (text: string | undefined): bigint => (text && /^\d+$/.test(text) ? BigInt(text) : 0n);

export function createLatest<T extends KubeObject>(
  informer: Pick<Informer<T>, 'get' | 'lastResourceVersion'>,
): Latest<T> {
  const written = new Map<string, T>();
  /** Ours, until the watch has come as far: then it is the watch that knows, even that the object is gone. */
  function get(key: string): T | undefined {
    const ours = written.get(key);
    if (!ours) return informer.get(key);
    if (versionOf(informer.lastResourceVersion) < versionOf(ours.metadata.resourceVersion)) return ours;
    written.delete(key);
    return informer.get(key);
  }
  return {
    get,
    all: (objects) => objects.map((o) => get(keyOf(o))).filter((o) => o !== undefined),
    wrote(object) {
      written.set(keyOf(object), object);
      return object;
    },
  };
}
