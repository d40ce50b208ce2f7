// Tells the API server's journal of deeds that are no API write: calls to the container runtime, syncs of rules.
// Deeds of one moment on one object for the same causes become one record, so that a pod's start costs one request, not five.
// Writes: writes.trace.mini-k8s.io. Read by: `mini-k8s trace`.
import { type Cause, causeText } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import { writes } from '../apimachinery/trace.ts';
import type { Client } from './client.ts';

/** Times in milliseconds since the epoch. `resource` is `plural.group`. */
export interface SpanReport {
  /** What kind of deed: `CRI`, `iptables`. Deeds of the same verb are joined. */
  verb: string;
  resource: string;
  namespace: string;
  name: string;
  uid?: string;
  /** One deed in a few words: `RunPodSandbox`. */
  message: string;
  start: number;
  end: number;
  causes: readonly Cause[];
}

export interface SpanReporter {
  /** Never throws and never waits; what cannot be told is dropped. */
  report(span: SpanReport): void;
  /** Resolves when what was reported so far is told or dropped. */
  flush(): Promise<void>;
}

interface Pending {
  first: SpanReport;
  messages: string[];
  end: number;
  causes: string[];
}

/** Deeds wait this long for more of the same. */
const gatherMs = 250;
/** Objects whose deeds are remembered at once; a flood beyond it is dropped, the oldest first. */
const mostPending = 2000;
const mostMessages = 12;

export function createSpanReporter(client: Client, clock: Clock): SpanReporter {
  const pending = new Map<string, Pending>();
  let timer: { cancel(): void } | undefined;
  let sending: Promise<void> = Promise.resolve();

  const send = async () => {
    timer = undefined;
    const batch = [...pending.values()];
    pending.clear();
    for (const p of batch) await client.create(writes, recordOf(p) as never).catch(() => undefined);
  };
  return {
    report(span) {
      const causes = span.causes.map(causeText);
      const key = [span.verb, span.resource, span.namespace, span.name, ...causes].join('|');
      const known = pending.get(key);
      if (known) {
        known.messages.push(span.message);
        known.end = Math.max(known.end, span.end);
      } else {
        pending.set(key, { first: span, messages: [span.message], end: span.end, causes });
        if (pending.size > mostPending) pending.delete(pending.keys().next().value!);
      }
      timer ??= clock.setTimeout(() => {
        sending = sending.then(send);
      }, gatherMs);
    },
    async flush() {
      timer?.cancel();
      sending = sending.then(send);
      await sending;
    },
  };
}

function recordOf({ first, messages, end, causes }: Pending): object {
  const more = messages.length > mostMessages ? `, and ${messages.length - mostMessages} more` : '';
  return {
    metadata: { generateName: 'span-' },
    verb: first.verb,
    resource: first.resource,
    ...(first.namespace ? { namespace: first.namespace } : {}),
    name: first.name,
    ...(first.uid ? { uid: first.uid } : {}),
    ...(causes.length ? { causes } : {}),
    time: new Date(first.start).toISOString(),
    message: messages.slice(0, mostMessages).join(', ') + more,
    durationMs: end - first.start,
  };
}
