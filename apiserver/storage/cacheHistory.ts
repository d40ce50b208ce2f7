// The events that one resource's cache remembers, so that a watch can begin in the past.
// At least `minEvents`; beyond them those of the last 75 s, as long as they are not more than `maxEvents`.
// Mirrors: the cyclic buffer of apiserver/pkg/storage/cacher/watch_cache.go. Used by resourceCache.ts.
import type { Cached, CacheEvent } from './cached.ts';
import { Compacted, type Revision } from './store.ts';

const maxAgeMs = 75_000;
/** Encoded forms are shared by watchers that keep up; behind so many later events they are let go. */
const eventsWithForms = 100;

/** A class for its memory: most events are never encoded in more than one form, and old ones in none. */
export class RememberedEvent implements CacheEvent {
  readonly type: CacheEvent['type'];
  readonly current: Cached;
  readonly previous: Cached | undefined;
  readonly revision: Revision;
  readonly time: number;
  private made: Map<string, Buffer> | undefined;
  private old: boolean;

  constructor(type: CacheEvent['type'], current: Cached, previous: Cached | undefined, time: number) {
    this.type = type;
    this.current = current;
    this.previous = previous;
    this.revision = current.revision;
    this.time = time;
    this.made = undefined;
    this.old = false;
  }

  get forms(): Map<string, Buffer> {
    if (this.old) return new Map();
    this.made ??= new Map();
    return this.made;
  }

  dropForms(): void {
    this.old = true;
    this.made = undefined;
  }
}

export interface CacheHistory {
  push(event: RememberedEvent): void;
  /** The events behind `from`. Throws Compacted when some of them are forgotten. */
  after(from: Revision): CacheEvent[];
  /** Forgets all: nothing at or before `floor` can be told any more. */
  clear(floor: Revision): void;
}

export function createCacheHistory(start: Revision, minEvents = 1_000, maxEvents = 20_000): CacheHistory {
  let events: RememberedEvent[] = [];
  let first = 0;
  let floor = start;

  function forget(now: number): void {
    for (let count = events.length - first; count > minEvents; count--) {
      const oldest = events[first]!;
      if (count <= maxEvents && oldest.time >= now - maxAgeMs) break;
      floor = oldest.revision;
      first++;
    }
    if (first > minEvents && first > events.length / 2) {
      events = events.slice(first);
      first = 0;
    }
  }

  return {
    push(event) {
      events.push(event);
      events[events.length - 1 - eventsWithForms]?.dropForms();
      forget(event.time);
    },
    after(from) {
      if (from < floor) throw new Compacted(floor);
      let begin = events.length;
      while (begin > first && events[begin - 1]!.revision > from) begin--;
      return events.slice(begin);
    },
    clear(at) {
      events = [];
      first = 0;
      floor = at;
    },
  };
}
