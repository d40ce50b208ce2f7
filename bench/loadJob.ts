// What a load process is told and what it tells: plain data over its arguments and standard output.
// Shared by load.ts, which does it, and the rows, which ask for it.

export interface LoadJob {
  url: string;
  /** PEM files. */
  ca: string;
  cert: string;
  key: string;
  op: 'create' | 'get' | 'list' | 'page' | 'update' | 'conflict' | 'delete';
  /** Requests in all, and at once. */
  requests: number;
  connections: number;
  /** Objects p0 … p<objects-1> are there, or are made. */
  objects: number;
  /** Of a create; `NAME` stands where the name goes. */
  template: string;
  /** Watches that are open while the requests run; their events are counted. */
  watchers: number;
  /** `/api/v1/namespaces/default/pods`. */
  collection: string;
  /** HTTP/2 instead of HTTP/1.1, one stream at a time on each connection. */
  http2?: boolean;
  /** Instead of JSON; `template` is JSON all the same. */
  protobuf?: boolean;
  /** Of each request. */
  headers?: Record<string, string>;
}

export interface LoadResult {
  seconds: number;
  requests: number;
  bytes: number;
  events: number;
  /** Answers that were not what the job expects. */
  failures: number;
}
