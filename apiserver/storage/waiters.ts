// Those who wait for the watch cache's feed to get somewhere.
// Used by watchCache.ts.
import type { Clock } from '../../apimachinery/clock.ts';
import { FutureRevision, type Revision, StoreUnavailable } from './store.ts';

interface Waiter {
  to: Revision;
  done(error?: Error): void;
}

/** `current` tells how far the feed has come. */
export function createWaiters(clock: Clock, current: () => Revision) {
  const waiting = new Set<Waiter>();
  let closed = false;

  return {
    /** Rejects with FutureRevision after `timeoutMs`. */
    async reached(to: Revision, timeoutMs: number): Promise<void> {
      if (to <= current()) return;
      if (closed) throw new StoreUnavailable('the watch cache is closed');
      await new Promise<void>((resolve, reject) => {
        const timer = clock.setTimeout(() => waiter.done(new FutureRevision(to, current())), timeoutMs);
        const waiter: Waiter = {
          to,
          done(error) {
            timer.cancel();
            waiting.delete(waiter);
            if (error) reject(error);
            else resolve();
          },
        };
        waiting.add(waiter);
      });
    },
    /** The feed has moved. */
    release(): void {
      const at = current();
      for (const waiter of waiting) if (waiter.to <= at) waiter.done();
    },
    close(): void {
      closed = true;
      for (const waiter of waiting) waiter.done(new StoreUnavailable('the watch cache is closed'));
    },
  };
}
