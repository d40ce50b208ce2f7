// How long to wait before trying a lost peer again: doubling with jitter, from the start once things went well for a while.
// Mirrors: k8s.io/apimachinery/pkg/util/wait (backoff.go). Used by: reflector.ts and others that keep a connection.
import type { Clock } from '../apimachinery/clock.ts';

export interface BackoffOptions {
  /** Milliseconds. */
  first: number;
  most: number;
  /** Forget the failures before when the last one is this long ago. */
  resetAfter?: number;
  /** Up to this fraction is added at random. */
  jitter?: number;
}

export interface Backoff {
  /** Milliseconds to wait now; each call waits longer than the last, up to `most`. */
  next(): number;
  reset(): void;
}

export function createBackoff(o: BackoffOptions, clock: Clock, random: () => number): Backoff {
  let current = o.first;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    next() {
      if (o.resetAfter && clock.now() - lastAt > o.resetAfter) current = o.first;
      lastAt = clock.now();
      const wait = current * (1 + random() * (o.jitter ?? 1));
      current = Math.min(current * 2, o.most);
      return Math.min(wait, o.most);
    },
    reset() {
      current = o.first;
    },
  };
}

/** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
