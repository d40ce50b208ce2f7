// The events that one resource's cache remembers, so that a watch can begin in the past.
// A hundred at least; those of the last 75 s as long as they are not too many or too large; older ones only while they are few and small.
// Mirrors: the cyclic buffer of apiserver/pkg/storage/cacher/watch_cache.go. Used by resourceCache.ts.
import type { Cached, CacheEvent } from './cached.ts';
import { Compacted, type Revision } from './store.ts';

const maxAgeMs = 75_000;
/** However large and old they are: upstream's least. */
const fewest = 100;
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
  /** Forgets what is too old by now; pushing does so as well. */
  forget(now: number): void;
  /** The events behind `from`. Throws Compacted when some of them are forgotten. */
  after(from: Revision): CacheEvent[];
  /** Forgets all: nothing at or before `floor` can be told any more. */
  clear(floor: Revision): void;
}

interface Limits {
  events: number;
  bytes: number;
}

/** `old`: what is kept beyond the 75 s; `young`: within them. */
export function createCacheHistory(
  start: Revision,
  old: Limits = { events: 1_000, bytes: 1 << 20 },
  young: Limits = { events: 20_000, bytes: 64 << 20 },
): CacheHistory {
  let events: (RememberedEvent | undefined)[] = [];
  let first = 0;
  let bytes = 0;
  let floor = start;

  function forget(now: number): void {
    const least = Math.min(fewest, old.events);
    for (let count = events.length - first; count > least; count--) {
      const oldest = events[first]!;
      const limits = oldest.time >= now - maxAgeMs ? young : old;
      if (count <= limits.events && bytes <= limits.bytes) break;
      bytes -= oldest.current.bytes.length;
      floor = oldest.revision;
      events[first++] = undefined;
    }
    // Empty places are dropped when they are many: each event is moved once.
    if (first > least && first > events.length / 2) {
      events = events.slice(first);
      first = 0;
    }
  }

  return {
    push(event) {
      events.push(event);
      bytes += event.current.bytes.length;
      events[events.length - 1 - eventsWithForms]?.dropForms();
      forget(event.time);
    },
    forget,
    after(from) {
      if (from < floor) throw new Compacted(floor);
      let begin = events.length;
      while (begin > first && events[begin - 1]!.revision > from) begin--;
      return events.slice(begin) as RememberedEvent[];
    },
    clear(at) {
      events = [];
      first = 0;
      bytes = 0;
      floor = at;
    },
  };
}
