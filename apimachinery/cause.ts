// What made a writer act, carried in the W3C headers of its request.
// `traceparent` names the trace; `baggage` holds one mk8s-cause for each watch event that the writer had seen.
// Written by client/transport, read by apiserver/filters; the journal keeps it, `mini-k8s trace` prints it.

/**
 * One reason for a write: the object whose event was seen, or one of the words for acting without an event.
 * `resource` is `plural.group` (`pods`, `replicasets.apps`); `resourceVersion` is of the event.
 */
export interface ObjectCause {
  resource: string;
  namespace: string;
  name: string;
  resourceVersion: string;
}
export type Cause = ObjectCause | { word: 'timer' | 'resync' | 'start-up' | 'user' };

const causeKey = 'mk8s-cause';

/** `replicasets.apps/default/web-5d8f@123`; a cluster-scoped object has an empty namespace; a word stands alone. */
export const causeText = (c: Cause): string =>
  'word' in c ? c.word : `${c.resource}/${c.namespace}/${c.name}@${c.resourceVersion}`;

/** The inverse of causeText; undefined when the text has not that form. */
export function parseCause(text: string): Cause | undefined {
  if (text === 'timer' || text === 'resync' || text === 'start-up' || text === 'user') return { word: text };
  const m = /^([^/@]+)\/([^/]*)\/(.+)@(\d+)$/.exec(text);
  return m ? { resource: m[1]!, namespace: m[2]!, name: m[3]!, resourceVersion: m[4]! } : undefined;
}

/** The value of a `baggage` header for these causes; at most 64 members, as W3C baggage asks. */
export const toBaggage = (causes: readonly Cause[]): string =>
  causes
    .slice(0, 64)
    .map((c) => `${causeKey}=${encodeURIComponent(causeText(c))}`)
    .join(',');

/** The causes in a `baggage` header; members of others and broken ones are passed over. */
export function fromBaggage(header: string | undefined): Cause[] {
  if (!header) return [];
  const causes: Cause[] = [];
  for (const member of header.slice(0, 8192).split(',')) {
    const [key, value] = member.split(';', 1)[0]!.split('=', 2);
    if (key?.trim() !== causeKey || value === undefined) continue;
    const cause = parseCause(safeDecode(value.trim()));
    if (cause) causes.push(cause);
  }
  return causes;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
