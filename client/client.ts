// What a component can ask of the API server: typed verbs over Resource rows, and nothing else.
// Implemented by transport.ts. Every method rejects with a StatusError that carries the server's Status, or with a
// ConnectionError when no answer came. Writes carry the causes of the reconcile they run in (cause.ts).
import type { Resource } from '../apimachinery/resources.ts';
import type { DeleteOptions, KubeList, KubeObject, NewObject, Status, WatchEvent } from '../apimachinery/types.ts';

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  /** Objects come as PartialObjectMetadata: apiVersion, kind (of that form) and metadata alone. */
  metadataOnly?: boolean;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue'> {
  allowWatchBookmarks?: boolean;
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
}

export interface WriteOptions {
  fieldManager?: string;
  dryRun?: boolean;
  subresource?: string;
  /** Ends the request; it then rejects with a ConnectionError. */
  signal?: AbortSignal;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface Client {
  get<T extends KubeObject>(
    r: Resource<T>,
    name: string,
    namespace?: string,
    options?: { subresource?: string; resourceVersion?: string },
  ): Promise<T>;
  list<T extends KubeObject>(r: Resource<T>, options?: ListOptions): Promise<KubeList<T>>;
  /** Events until the server ends the stream or `signal` aborts. Rejects as the others do when it cannot start. */
  watch<T extends KubeObject>(r: Resource<T>, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
  /** The namespace is the object's own. With a subresource the body may be of another kind: use `post`. */
  create<T extends KubeObject>(r: Resource<T>, object: NewObject<T>, options?: WriteOptions): Promise<T>;
  update<T extends KubeObject>(r: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T extends KubeObject>(r: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    r: Resource<T>,
    name: string,
    namespace: string | undefined,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { force?: boolean },
  ): Promise<T>;
  delete<T extends KubeObject>(
    r: Resource<T>,
    name: string,
    namespace?: string,
    options?: DeleteOptions,
  ): Promise<T | Status>;
  deleteCollection<T extends KubeObject>(
    r: Resource<T>,
    options: ListOptions,
    deleteOptions?: DeleteOptions,
  ): Promise<void>;
  /** POST to a subresource, such as a pod's binding or a ServiceAccount's token. */
  post<Body, Answer = Body>(
    r: Resource,
    name: string,
    namespace: string | undefined,
    subresource: string,
    body: Body,
  ): Promise<Answer>;
  /** Any path; JSON in and out. Text answers come back as strings. */
  raw<Answer = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  close(): void;
}

/** No answer came: refused, cut or timed out. Whether a write happened is not known. */
export class ConnectionError extends Error {
  override readonly cause: unknown;
  constructor(message: string, cause?: unknown) {
    super(message);
    this.name = 'ConnectionError';
    this.cause = cause;
  }
}
