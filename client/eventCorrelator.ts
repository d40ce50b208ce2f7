// Decides what becomes of an Event: a new object, a higher count on one that is there, one for many, or nothing.
// Mirrors: client-go tools/record/events_cache.go (EventAggregator, eventLogger, EventSourceObjectSpamFilter).
// No I/O; time is passed in. Used by: eventRecorder.ts.
import { type Clock, toTime } from '../apimachinery/clock.ts';
import type { Event } from '../apimachinery/types.ts';
import { createBucket } from './workqueue.ts';

/** `name` is the Event to count up by `patch`; without it `event` is to be created. */
export interface Verdict {
  event: Event;
  update?: { name: string; patch: object };
}

export interface Correlator {
  /** undefined: held back. */
  correlate(event: Event): Verdict | undefined;
  /** What the server has now, under the verdict's key: the next equal one counts it up. */
  remember(verdict: Verdict, written: Event): void;
}

const mostRemembered = 4096;
const similar = 10;
const interval = 600_000;
const burst = 25;
const perSecond = 1 / 300;

export function createCorrelator(clock: Clock): Correlator {
  const aggregates = new Lru<{ messages: Set<string>; at: number }>();
  const logged = new Lru<{ name: string; first: string; count: number }>();
  const buckets = new Lru<() => number>();
  const keys = new WeakMap<Event, string>();

  /** After ten different messages of one kind, one Event stands for all further ones. */
  function aggregate(event: Event): { event: Event; key: string } {
    const key = aggregateKey(event);
    let record = aggregates.get(key);
    if (!record || clock.now() - record.at > interval) record = { messages: new Set(), at: 0 };
    record.messages.add(event.message ?? '');
    record.at = clock.now();
    aggregates.set(key, record);
    if (record.messages.size < similar) return { event, key: fullKey(event) };
    record.messages.delete(record.messages.keys().next().value!);
    return { event: { ...event, message: `(combined from similar events): ${event.message}` }, key };
  }

  /** An equal one before: the same object with one more. */
  function count(event: Event, key: string): Verdict {
    const before = logged.get(key);
    if (!before) {
      logged.set(key, { name: event.metadata.name, first: event.firstTimestamp ?? '', count: 1 });
      return { event };
    }
    const counted = {
      ...event,
      metadata: { ...event.metadata, name: before.name },
      firstTimestamp: before.first,
      count: before.count + 1,
    } as Event;
    logged.set(key, { ...before, count: before.count + 1 });
    const patch = { count: counted.count, lastTimestamp: toTime(clock.now()), message: counted.message };
    return { event: counted, update: { name: before.name, patch } };
  }

  function isSpam(event: Event): boolean {
    const key = spamKey(event);
    const bucket = buckets.get(key) ?? createBucket(clock, perSecond, burst, true);
    buckets.set(key, bucket);
    return bucket() > 0;
  }

  return {
    correlate(event) {
      const { event: aggregated, key } = aggregate(event);
      const verdict = count(aggregated, key);
      keys.set(verdict.event, key);
      return isSpam(verdict.event) ? undefined : verdict;
    },
    remember(verdict, written) {
      const key = keys.get(verdict.event);
      const before = key && logged.get(key);
      if (key && before)
        logged.set(key, { ...before, name: written.metadata.name, count: Math.max(written.count ?? 1, 1) });
    },
  };
}

const objectOf = (e: Event) => {
  const o = e.involvedObject;
  return [e.source?.component, e.source?.host, o.kind, o.namespace, o.name, o.fieldPath, o.uid, o.apiVersion];
};
const spamKey = (e: Event) => {
  const o = e.involvedObject;
  return JSON.stringify([e.source?.component, e.source?.host, o.kind, o.namespace, o.name, o.uid, o.apiVersion]);
};
const aggregateKey = (e: Event) => JSON.stringify([...objectOf(e), e.type, e.reason, e.reportingComponent]);
const fullKey = (e: Event) => JSON.stringify([...objectOf(e), e.type, e.reason, e.message]);

/** A map that forgets what was used longest ago. */
class Lru<V> {
  private readonly map = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.map.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.map.delete(key);
    this.map.set(key, value);
    if (this.map.size > mostRemembered) this.map.delete(this.map.keys().next().value!);
  }
}
