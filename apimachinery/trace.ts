// The record of one write, or of a deed that is no write, as the API server's journal keeps it (writes.trace.mini-k8s.io/v1).
// Written by apiserver/journal, and as spans by components; read by cli/trace.
import type { Resource } from './resources.ts';
import type { KubeObject } from './types.ts';

/** `resource` is `plural.group`; the record's own resourceVersion is the revision of the write. Times are RFC 3339 with milliseconds. */
export interface WriteRecord extends KubeObject {
  verb: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name: string;
  uid?: string;
  user: string;
  /** The program: the first word of its User-Agent. */
  component?: string;
  /** As causeText writes them; absent: none was recorded. */
  causes?: string[];
  traceparent?: string;
  time: string;
  /** True for what is no API write: a call to the runtime, a sync of rules. */
  span?: boolean;
  message?: string;
  durationMs?: number;
}

export const writes: Resource<WriteRecord> = {
  group: 'trace.mini-k8s.io',
  version: 'v1',
  plural: 'writes',
  kind: 'Write',
  namespaced: false,
};
