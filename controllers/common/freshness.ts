// Has a cache seen what we wrote a moment ago? Until then what it lacks must not be made again, and what it has is old.
// Used by: the controllers that write what they read: workloads, their histories, endpoints.
import type { Clock } from '../../apimachinery/clock.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Informer } from '../../client/informer.ts';

/** A server that came back with an older state never reaches the version we wrote: do not wait for it for ever. */
const longest = 30_000;

export interface Freshness {
  /** `key` wrote this object. */
  wrote(key: string, object: KubeObject): void;
  isFresh(key: string): boolean;
}

export function createFreshness(informer: Pick<Informer, 'lastResourceVersion'>, clock: Clock): Freshness {
  const written = new Map<string, { version: bigint; at: number }>();
  return {
    wrote(key, object) {
      const version = toVersion(object.metadata.resourceVersion);
      if (version > (written.get(key)?.version ?? 0n)) written.set(key, { version, at: clock.now() });
    },
    isFresh(key) {
      const last = written.get(key);
      if (last && last.version > toVersion(informer.lastResourceVersion) && clock.now() - last.at < longest)
        return false;
      written.delete(key);
      return true;
    },
  };
}

const toVersion = (text: string | undefined): bigint => (text && /^\d+$/.test(text) ? BigInt(text) : 0n);
