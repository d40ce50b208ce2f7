// Waiting before the next try, so that many who lost the same peer do not come back in one moment.
import type { Clock } from '../../apimachinery/clock.ts';

/** Waits `ms`, give or take a quarter, or until the signal aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, ms * (0.75 + Math.random() / 2));
    signal?.addEventListener('abort', done);
  });
}
