// The keys that wait for a reconcile: each at most once, never two workers on one, failures with growing delays,
// and with every key the causes of all the events that put it here.
// Mirrors: client-go util/workqueue (queue.go, delaying_queue.go, default_rate_limiters.go).
// Filled and emptied by runner.ts. Time is passed in.
import type { Cause } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import { collectCauses, mergeCauses } from './causes.ts';

export interface WorkItem {
  key: string;
  causes: Cause[];
}

/** What a queue tells its metrics. */
export interface QueueObserver {
  depth(n: number): void;
  added(): void;
  /** Seconds that a key waited until a worker took it. */
  waited(seconds: number): void;
  /** Seconds that a worker needed. */
  worked(seconds: number): void;
  retried(): void;
}

export interface WorkQueue {
  /** Puts the key in line; one that is worked on now comes again after `done`. */
  add(key: string, causes: readonly Cause[]): void;
  /** Later, in milliseconds; the earliest of several wishes counts. Without causes it is the timer that wakes it. */
  addAfter(key: string, ms: number, causes?: readonly Cause[]): void;
  /** Later, or as soon as the key is added for another reason: its work is still to be done, for these causes. */
  postpone(key: string, ms: number, causes: readonly Cause[]): void;
  /** After a failure: 5 ms, doubled with each one, up to 1,000 s; and 10 a second after a burst of 100 over all keys. */
  addRateLimited(key: string, causes: readonly Cause[]): void;
  /** The key succeeded: its next failure counts as the first. */
  forget(key: string): void;
  failures(key: string): number;
  /** The next key; undefined once the queue is shut down and empty of work to hand out. */
  get(): Promise<WorkItem | undefined>;
  done(key: string): void;
  /** Seconds that workers have been busy with what they have now: all of them together, and the one at it longest. */
  busy(): { together: number; longest: number };
  /** Hands out nothing more. */
  shutDown(): void;
  readonly length: number;
}

const firstDelay = 5;
const mostDelay = 1_000_000;

export function createWorkQueue(clock: Clock, observer?: QueueObserver): WorkQueue {
  const line: string[] = [];
  let head = 0;
  const dirty = new Map<string, { causes: Map<string, Cause>; since: number }>();
  const processing = new Map<string, number>();
  const failed = new Map<string, number>();
  const later = new Map<string, { at: number; causes: Cause[]; postponed: boolean; timer: { cancel(): void } }>();
  const waiting: ((item: WorkItem | undefined) => void)[] = [];
  const bucket = createBucket(clock, 10, 100);
  let stopped = false;
  let handingOut = false;

  const depth = () => line.length - head;

  function enqueue(key: string): void {
    line.push(key);
    observer?.depth(depth());
    if (waiting.length === 0 || handingOut) return;
    // Not at once: the events of one read from the socket come in one turn, and a key takes all their causes along.
    handingOut = true;
    setImmediate(handOut);
  }

  function handOut(): void {
    handingOut = false;
    while (waiting.length && depth() > 0) waiting.shift()!(take());
  }

  function take(): WorkItem {
    const key = line[head++]!;
    if (head > 1024 && head * 2 > line.length) {
      line.splice(0, head);
      head = 0;
    }
    const { causes, since } = dirty.get(key)!;
    dirty.delete(key);
    processing.set(key, clock.now());
    observer?.depth(depth());
    observer?.waited((clock.now() - since) / 1000);
    return { key, causes: [...causes.values()] };
  }

  /** Causes of work that was put off and is taken up now. */
  function takePostponed(key: string): Cause[] {
    const entry = later.get(key);
    if (!entry?.postponed) return [];
    entry.timer.cancel();
    later.delete(key);
    return entry.causes;
  }

  function wakeLater(key: string, ms: number, causes: readonly Cause[], postponed: boolean): void {
    const at = clock.now() + ms;
    const entry = later.get(key);
    const merged = mergeCauses(entry?.causes ?? [], causes);
    if (entry && entry.at <= at) {
      entry.causes = merged;
      entry.postponed ||= postponed;
      return;
    }
    entry?.timer.cancel();
    const fire = () => {
      const due = later.get(key);
      later.delete(key);
      if (due) queue.add(key, due.causes);
    };
    // Node's timers end at 2^31 ms; a later wish is looked at again then.
    const timer = clock.setTimeout(fire, Math.min(ms, 2 ** 31 - 1));
    later.set(key, { at, causes: merged, postponed: postponed || (entry?.postponed ?? false), timer });
  }

  const queue: WorkQueue = {
    add(key, added) {
      if (stopped) return;
      const causes = [...takePostponed(key), ...added];
      const entry = dirty.get(key);
      if (entry) {
        collectCauses(entry.causes, causes);
        return;
      }
      dirty.set(key, { causes: collectCauses(new Map(), causes), since: clock.now() });
      observer?.added();
      if (!processing.has(key)) enqueue(key);
    },
    addAfter(key, ms, causes = [{ word: 'timer' }]) {
      if (stopped) return;
      if (ms <= 0) queue.add(key, causes);
      else wakeLater(key, ms, causes, false);
    },
    postpone(key, ms, causes) {
      if (!stopped) wakeLater(key, ms, causes, true);
    },
    addRateLimited(key, causes) {
      const n = failed.get(key) ?? 0;
      failed.set(key, n + 1);
      observer?.retried();
      queue.postpone(key, Math.max(Math.min(firstDelay * 2 ** n, mostDelay), bucket()), causes);
    },
    forget: (key) => void failed.delete(key),
    failures: (key) => failed.get(key) ?? 0,
    get() {
      if (stopped) return Promise.resolve(undefined);
      if (depth() > 0) return Promise.resolve(take());
      return new Promise((resolve) => waiting.push(resolve));
    },
    done(key) {
      const started = processing.get(key);
      processing.delete(key);
      if (started !== undefined) observer?.worked((clock.now() - started) / 1000);
      if (!stopped && dirty.has(key)) enqueue(key);
    },
    busy() {
      const seconds = [...processing.values()].map((since) => (clock.now() - since) / 1000);
      return { together: seconds.reduce((a, b) => a + b, 0), longest: Math.max(0, ...seconds) };
    },
    shutDown() {
      stopped = true;
      for (const entry of later.values()) entry.timer.cancel();
      later.clear();
      for (const resolve of waiting.splice(0)) resolve(undefined);
    },
    get length() {
      return depth();
    },
  };
  return queue;
}

/**
 * A token bucket: each call takes one and says how many milliseconds until it is there.
 * With `refuse` a call that finds none takes none: for what is dropped rather than delayed.
 */
export function createBucket(clock: Clock, perSecond: number, burst: number, refuse = false): () => number {
  let tokens = burst;
  let at = clock.now();
  return () => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
    at = now;
    if (refuse && tokens < 1) return ((1 - tokens) / perSecond) * 1000;
    tokens -= 1;
    return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
  };
}
