// Lets go of old revisions, so that the store's history stays as long as one interval and no longer.
// Several API servers share a store: the one that first moves the key compact_rev_key does the round, the others see that it moved.
// Mirrors: apiserver/pkg/storage/etcd3/compact.go; the key and its use are the same, so upstream's API server can take part.
import type { Clock } from '../../apimachinery/clock.ts';
import type { Logger } from '../../component-base/logger.ts';
import type { Revision, Store } from './store.ts';

/** Upstream's --etcd-compaction-interval. */
export const defaultCompactionIntervalMs = 5 * 60_000;

const roundKey = 'compact_rev_key';

export interface CompactorOptions {
  /** 0: never. */
  intervalMs?: number;
  clock: Clock;
  log: Logger;
}

/** Begins with a round at once, which only notes the revision; each later one compacts what the round before noted. */
export function startCompactor(store: Store, options: CompactorOptions): { stop(): void } {
  const { intervalMs = defaultCompactionIntervalMs, clock, log } = options;
  const round = createRound(store);
  let timer: { cancel(): void } | undefined;
  let stopped = intervalMs <= 0;

  async function run(): Promise<void> {
    try {
      const compacted = await round();
      if (compacted) log.info({ revision: compacted }, 'compacted the store');
    } catch (error) {
      if (!stopped) log.warn({ err: error }, 'compaction failed; the next round tries again');
    }
    if (!stopped) timer = clock.setTimeout(run, intervalMs);
  }

  if (!stopped) void run();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** One server's rounds; each gives the revision that it compacted, if it did. */
function createRound(store: Store): () => Promise<Revision | undefined> {
  // Of the round key, as this server saw it last; and the store's newest revision at that time.
  let seen: Revision = 0;
  let noted: Revision = 0;

  return async () => {
    const written = await store.put(roundKey, Buffer.from(String(noted)), { expect: seen });
    if ('conflict' in written) {
      seen = written.conflict?.revision ?? 0;
      noted = await store.revision();
      return undefined;
    }
    const target = noted;
    seen = written.revision;
    noted = written.revision;
    if (target === 0) return undefined;
    await store.compact(target);
    return target;
  };
}
