// The newest events of the embedded store, so that watchers which keep up never touch the disk.
// Filled by embedded.ts after each commit; a watcher that has fallen behind it reads the history table instead.
import type { Revision, StoreEvent } from './store.ts';

export interface EventRing {
  push(events: readonly StoreEvent[]): void;
  /** The events behind `seen`; undefined when some of them have left the ring. */
  after(seen: Revision): StoreEvent[] | undefined;
}

/** Holds at most `maxEvents` events and about `maxBytes` of values; `start` is the revision before the first event. */
export function createEventRing(start: Revision, maxEvents = 1024, maxBytes = 4 << 20): EventRing {
  let events: StoreEvent[] = [];
  let first = 0;
  let bytes = 0;
  let floor = start;

  const size = (e: StoreEvent): number => (e.type === 'PUT' ? e.value.length : 0);

  /** Index of the first event behind `seen`. */
  function find(seen: Revision): number {
    let low = first;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (events[middle]!.revision > seen) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  function shrink(): void {
    while (events.length - first > maxEvents || (bytes > maxBytes && first < events.length)) {
      const gone = events[first++]!;
      bytes -= size(gone);
      floor = gone.revision;
    }
    if (first > maxEvents) {
      events = events.slice(first);
      first = 0;
    }
  }

  return {
    push(added) {
      for (const event of added) {
        events.push(event);
        bytes += size(event);
      }
      shrink();
    },
    after: (seen) => (seen < floor ? undefined : events.slice(find(seen))),
  };
}
