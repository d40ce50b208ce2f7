// The EventRecorder: makes core/v1 Events and writes them in the background; those about one object one after the other.
// Writes: events, through the correlator's verdicts. Mirrors: client-go tools/record/event.go.
// Used by: every component that tells people what it did.
import { type Clock, toTime } from '../apimachinery/clock.ts';
import { events } from '../apimachinery/resources.ts';
import { isReason, StatusError } from '../apimachinery/status.ts';
import type { Event, KubeObject, ObjectReference } from '../apimachinery/types.ts';
import type { Logger } from '../component-base/logger.ts';
import { sleep } from './backoff.ts';
import { captureCauses } from './causes.ts';
import type { Client } from './client.ts';
import { createCorrelator, type Verdict } from './eventCorrelator.ts';
import type { EventRecorder } from './events.ts';

export interface RecorderOptions {
  client: Client;
  clock: Clock;
  random(): number;
  log: Logger;
  /** The source that `kubectl describe` shows in its FROM column: `deployment-controller`. */
  component: string;
  /** The node, where the source is on one. */
  host?: string;
  signal?: AbortSignal;
}

const mostWaiting = 5000;
/** So many at the same time: a scheduler that binds 1,000 pods a second has as many Events to tell, but its bindings go first. */
const laneCount = 8;
const tries = 12;
const retryAfter = 10_000;

export function createEventRecorder(o: RecorderOptions): EventRecorder {
  const correlator = createCorrelator(o.clock);
  const nextSuffix = nameSuffixes(o.clock);
  let waiting = 0;
  const lanes = Array.from({ length: laneCount }, () => Promise.resolve());
  return {
    event(about, type, reason, message) {
      if (waiting >= mostWaiting) return;
      const event = makeEvent(o, reference(about), type, reason, message, nextSuffix());
      const inContext = captureCauses();
      const lane = laneOf(event.involvedObject);
      waiting++;
      lanes[lane] = lanes[lane]!.then(async () => {
        const verdict = correlator.correlate(event);
        if (verdict) await inContext(() => deliver(o, verdict, correlator.remember));
        waiting--;
      });
    },
    flush: async () => void (await Promise.all(lanes)),
  };
}

/** Events about one object share a lane: counting one up needs the name under which the last was written. */
function laneOf({ uid, name }: ObjectReference): number {
  let sum = 0;
  for (const char of uid || name || '') sum = (sum * 31 + char.charCodeAt(0)) | 0;
  return Math.abs(sum % laneCount);
}

const reference = (about: KubeObject | ObjectReference): ObjectReference =>
  'metadata' in about
    ? {
        kind: about.kind,
        namespace: about.metadata.namespace,
        name: about.metadata.name,
        uid: about.metadata.uid,
        apiVersion: about.apiVersion,
        resourceVersion: about.metadata.resourceVersion,
      }
    : about;

function makeEvent(
  o: RecorderOptions,
  involvedObject: ObjectReference,
  type: string,
  reason: string,
  message: string,
  suffix: string,
): Event {
  const now = toTime(o.clock.now());
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${involvedObject.name}.${suffix}`, namespace: involvedObject.namespace || 'default' },
    involvedObject,
    reason,
    message: message.length > 1024 ? `${message.slice(0, 1021)}...` : message,
    source: { component: o.component, ...(o.host ? { host: o.host } : {}) },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type,
    reportingComponent: o.component,
    reportingInstance: o.host ?? '',
  };
}

/** Nanoseconds in hex, as upstream names Events; never twice the same. */
function nameSuffixes(clock: Clock): () => string {
  let last = 0n;
  return () => {
    const now = BigInt(Math.floor(clock.now())) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return last.toString(16);
  };
}

/** Tries while no answer comes; a refusal is final. */
async function deliver(
  o: RecorderOptions,
  verdict: Verdict,
  remember: (v: Verdict, written: Event) => void,
): Promise<void> {
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      remember(verdict, await write(o.client, verdict));
      return;
    } catch (error) {
      if (error instanceof StatusError || o.signal?.aborted) {
        o.log.debug({ error: String(error), reason: verdict.event.reason }, 'event refused');
        return;
      }
      await sleep(o.clock, attempt === 0 ? retryAfter * o.random() : retryAfter, o.signal);
    }
  }
}

async function write(client: Client, { event, update }: Verdict): Promise<Event> {
  if (update)
    try {
      return (await client.patch(events, update.name, event.metadata.namespace, 'strategic', update.patch)) as Event;
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  return (await client.create(events, event as any)) as unknown as Event;
}
