// The contract of the cluster's one store: ordered revisions, compare-and-swap, snapshots, an ordered watch.
// Two homes: embedded.ts (SQLite) and etcd.ts; one suite, test/suites/store.ts, which both pass.
// Next along the chain: watchCache.ts, which every read is served from.

/** The store's revision at which a key was last written; grows by one with each transaction. 0 is "absent". */
export type Revision = number;

export interface Stored {
  key: string;
  value: Uint8Array;
  /** Of the last write to the key: an object's resourceVersion. */
  revision: Revision;
}

export interface Page {
  items: Stored[];
  /** The snapshot that the page was read from. */
  revision: Revision;
  more: boolean;
  /** Keys behind this page, in the same snapshot; absent when the store does not say. */
  remaining?: number;
}

/** What was there before is not told: whoever needs it has seen it come. */
export type StoreEvent =
  | { type: 'PUT'; key: string; value: Uint8Array; revision: Revision }
  | { type: 'DELETE'; key: string; revision: Revision };

/** A conflict says what is there now, so that the caller can read it back without another request. */
export type Written = { revision: Revision } | { conflict: Stored | undefined };

/** Another key written in the same transaction, one that was never written before: the journal's record of the write. */
export interface Companion {
  key: string;
  value: Uint8Array;
}

export interface WriteOptions {
  /** The revision that the writer has seen; 0: the key must be absent. */
  expect: Revision;
  /** Seconds after which the store removes the key. */
  ttl?: number;
  /** Written with it or not at all; both get the same revision. */
  with?: Companion;
}

export interface Store {
  get(key: string): Promise<Stored | undefined>;
  /** Keys under `prefix` in byte order. `at`: that snapshot, else the newest. `after`: start behind that key. */
  list(prefix: string, options?: { at?: Revision; after?: string; limit?: number }): Promise<Page>;
  put(key: string, value: Uint8Array, options: WriteOptions): Promise<Written>;
  delete(key: string, options: Omit<WriteOptions, 'ttl'>): Promise<Written>;
  /** Removes up to `limit` of the first keys under `prefix` without looking at them: for the journal's trimming alone. */
  trim(prefix: string, limit: number): Promise<void>;
  /**
   * Every event behind revision `from`, in revision order, in batches, each batch whole revisions.
   * An empty batch tells only that the store has reached `revision`. Ends when `signal` aborts; throws Compacted when `from` is gone.
   */
  watch(from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch>;
  /** The newest revision, linearizable: no write acknowledged before the call is later than it. */
  revision(): Promise<Revision>;
  /** The same without waiting, from a store that lives in this process. */
  known?(): Revision;
  compact(revision: Revision): Promise<void>;
  close(): Promise<void>;
}

export interface WatchBatch {
  events: StoreEvent[];
  /** The watcher has now seen everything up to here. */
  revision: Revision;
}

/** The revision that was asked for has been compacted away; the API answers 410. */
export class Compacted extends Error {
  readonly oldest: Revision;
  constructor(oldest: Revision) {
    super(`required revision has been compacted, oldest is ${oldest}`);
    this.name = 'Compacted';
    this.oldest = oldest;
  }
}

/** The revision that was asked for is later than the store's. */
export class FutureRevision extends Error {
  constructor(wanted: Revision, current: Revision) {
    super(`required revision ${wanted} is a future revision, current is ${current}`);
    this.name = 'FutureRevision';
  }
}

/** The store cannot be reached or has no leader: nothing is known of the request's fate except where said. */
export class StoreUnavailable extends Error {
  /** Of a write: true when it may or may not have happened. */
  readonly uncertain: boolean;
  constructor(message: string, uncertain = false) {
    super(message);
    this.name = 'StoreUnavailable';
    this.uncertain = uncertain;
  }
}
