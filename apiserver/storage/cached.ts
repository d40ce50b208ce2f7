// What the watch cache hands out: objects as bytes with the few facts that selectors ask for, and events over them.
// Made by watchCache.ts; read by ../handlers/ (get, list, watch).
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Revision } from './store.ts';

/** One object at one revision, immutable. */
export interface Cached {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: Revision;
  /** JSON in the stored version with metadata.resourceVersion inside: may be sent as it is. */
  readonly bytes: Buffer;
  readonly labels: Readonly<Record<string, string>>;
  /** The kind's selectable fields, metadata.name and metadata.namespace among them. */
  readonly fields: Readonly<Record<string, string>>;
  /** Parsed anew or remembered weakly; shared, so treat as read-only. */
  object(): KubeObject;
}

export interface CacheEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** For DELETED: the last state, with the deletion's revision inside. */
  current: Cached;
  /** The state before, for MODIFIED and DELETED: selectors need it. */
  previous?: Cached;
  revision: Revision;
  /**
   * Encoded forms of this event, each made on first demand and shared by all watchers; the key names media type,
   * form and version. Kept for the newest events only. */
  readonly forms: Map<string, Buffer>;
}

/** How one resource's objects are told apart; given by its Kind. */
export interface CacheSpec {
  /** `/registry/pods/`: with the slash. */
  prefix: string;
  namespaced: boolean;
  fields(object: KubeObject): Record<string, string>;
}

/** One resource's objects, fed in revision order. */
export interface ResourceCache {
  readonly spec: CacheSpec;
  get(key: string): Cached | undefined;
  /** Of a cache whose objects somebody else has to convert: to be waited for before these (absent: all) are read. Rejects when that fails. */
  load?(keys?: readonly string[]): Promise<void>;
  /** Of a cache that shows objects otherwise than they are stored: objects read from the store, as it shows them. */
  show?(items: readonly Cached[]): Promise<Cached[]>;
  /** In key order; `namespace` narrows, `after` starts behind that key. */
  list(options?: { namespace?: string; after?: string; limit?: number }): Cached[];
  readonly size: number;
  /** Everything up to here has been applied. */
  readonly revision: Revision;
  /** The revision of the last change to this resource: nothing changed between it and `revision`. */
  readonly lastChange: Revision;
  /**
   * Calls `onEvent` for each event behind `from`, first those remembered, then live, in order, synchronously; `onProgress` when the
   * revision grows without an event for this resource (with many subscribers rather read `revision` when it is wanted); `onEnd` once,
   * when nothing will follow because the feed had a gap, the store was put back to an older state, or the resource was dropped: clients
   * must list anew.
   * Throws Compacted when `from` is older than what is remembered. The result ends the subscription.
   */
  subscribe(
    from: Revision,
    onEvent: (event: CacheEvent) => void,
    onProgress?: (revision: Revision) => void,
    onEnd?: () => void,
  ): () => void;
}

/** What a writer has told of a write. */
export interface Hint {
  /** The bytes to be served, once the store has said the revision: made once for the writer's answer and for the cache. */
  served(revision: Revision): Buffer;
}

export interface WatchCache {
  /** The cache of a resource; made and filled on first demand. */
  resource(spec: CacheSpec): Promise<ResourceCache>;
  /** How many objects lie under a prefix, if somebody has asked for them before. */
  size(prefix: string): number | undefined;
  /**
   * Told by a writer before store.put: `value` is `object`, encoded. Spares the cache parsing it when its event comes.
   * The object belongs to the cache from then on: it gets its resourceVersion and is shared, so treat it as read-only.
   */
  hint(key: string, value: Uint8Array, object: KubeObject): Hint;
  /** Forgets one (a CRD is gone). */
  drop(prefix: string): void;
  /** Resolves once the cache holds the store's revision of now: what makes a read consistent. One look serves all who wait for it. */
  fresh(): Promise<Revision>;
  /** Resolves when `revision` is reached; rejects with FutureRevision after `timeoutMs`. */
  reached(revision: Revision, timeoutMs: number): Promise<void>;
  readonly revision: Revision;
  /** False while the feed is broken or not yet begun. */
  readonly healthy: boolean;
  close(): Promise<void>;
}
