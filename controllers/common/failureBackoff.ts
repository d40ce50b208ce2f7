// How long something that failed is left alone before it is tried again: doubled with each failure, forgotten after a long quiet time.
// No I/O; time is passed in. Mirrors: client-go util/flowcontrol/backoff.go. Used by: daemonSet/.
import type { Clock } from '../../apimachinery/clock.ts';

export interface FailureBackoff {
  /** Milliseconds that are left; 0: it may be tried. */
  left(key: string): number;
  /** It is tried now: the next time is further away. */
  tried(key: string): void;
}

/** `first` and `most` in milliseconds. */
export function createFailureBackoff(clock: Clock, first: number, most: number): FailureBackoff {
  const entries = new Map<string, { at: number; wait: number }>();
  let sweepAt = clock.now() + most;
  const isOld = (entry: { at: number }) => clock.now() - entry.at > 2 * most;
  const sweep = () => {
    if (clock.now() < sweepAt) return;
    sweepAt = clock.now() + most;
    for (const [key, entry] of entries) if (isOld(entry)) entries.delete(key);
  };
  return {
    left(key) {
      const entry = entries.get(key);
      return entry && !isOld(entry) ? Math.max(entry.at + entry.wait - clock.now(), 0) : 0;
    },
    tried(key) {
      sweep();
      const entry = entries.get(key);
      const wait = entry && !isOld(entry) ? Math.min(entry.wait * 2, most) : first;
      entries.set(key, { at: clock.now(), wait });
    },
  };
}
