// Waiting longer after each failure of the same thing: 10 s doubling to 5 min, forgotten after 10 quiet minutes.
// Reads: the clock. Mirrors: client-go util/flowcontrol/backoff.go. Next: container/startContainer.ts, images/imageManager.ts.
import type { Clock } from '../apimachinery/clock.ts';

export interface BackOff {
  /** Milliseconds still to wait for `key`, whose last failure was at `since`; 0 when it may be tried. */
  remaining(key: string, since: number): number;
  /** How long the wait of now is in all, for messages. */
  current(key: string): number;
  /** Notes one more failure (or start) of `key`, which happened at `at`. */
  next(key: string, at: number): void;
  forget(prefix: string): void;
}

export function createBackOff(clock: Clock, first = 10_000, most = 300_000): BackOff {
  const entries = new Map<string, { wait: number; updated: number }>();
  const expired = (e: { updated: number }, at: number) => at - e.updated > 2 * most;
  return {
    remaining(key, since) {
      const e = entries.get(key);
      if (!e || expired(e, since)) return 0;
      return Math.max(0, e.wait - (clock.now() - since));
    },
    current: (key) => entries.get(key)?.wait ?? 0,
    next(key, at) {
      const e = entries.get(key);
      const wait = !e || expired(e, at) ? first : Math.min(e.wait * 2, most);
      entries.set(key, { wait, updated: clock.now() });
    },
    forget(prefix) {
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    },
  };
}
