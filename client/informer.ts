// A local copy of one resource, kept by list and watch, with indexes: what controllers read instead of asking the server.
// Mirrors: client-go tools/cache (reflector.go, shared_informer.go, thread_safe_store.go).
// Built by reflector.ts; next along the chain: controller.ts.
import type { Resource } from '../apimachinery/resources.ts';
import type { KubeObject } from '../apimachinery/types.ts';

/** `namespace/name`, or `name` for cluster-scoped objects. */
export type ObjectKey = string;

export interface Handler<T> {
  added?(object: T): void;
  updated?(object: T, old: T): void;
  /** `object` is the last state that was seen; a missed deletion is reported at the next relist. */
  deleted?(object: T): void;
}

/**
 * Objects are shared: treat them as read-only and copy (structuredClone) before changing.
 * They are kept without metadata.managedFields, which no component reads and which weigh as much as the rest.
 */
export interface Informer<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  get(key: ObjectKey): T | undefined;
  list(namespace?: string): T[];
  /** How many `list` would give. */
  count(namespace?: string): number;
  byIndex(index: string, value: string): T[];
  /** Before start: `values` gives the index values of an object. */
  addIndex(index: string, values: (object: T) => string[]): void;
  /** Handlers added late get an `added` for each object that is there. Returns a function that removes it. */
  addHandler(handler: Handler<T>): () => void;
  /** True once the first list is in and its handlers have run. */
  readonly synced: boolean;
  readonly lastResourceVersion: string;
  /** Why the handlers that run now run: the first list, a watch event, or a later list that showed what was missed. */
  readonly origin: 'start-up' | 'watch' | 'resync';
}

export interface InformerOptions {
  namespace?: string;
  fieldSelector?: string;
  labelSelector?: string;
  /** Keep apiVersion, kind and metadata alone. */
  metadataOnly?: boolean;
}

/** One informer a resource and selector, shared by all that ask; started together. */
export interface InformerFactory {
  informer<T extends KubeObject>(r: Resource<T>, options?: InformerOptions): Informer<T>;
  /** Starts those not yet started; resolves when all are synced. Runs until the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
}
