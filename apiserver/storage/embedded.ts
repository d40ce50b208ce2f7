// The store in a file of its own: SQLite, in the API server's process. Every write that was acknowledged is on the disk.
// Writes of one turn of the event loop share a transaction (group commit); what it changed goes to the watchers from memory.
// Mirrors: what k3s-io/kine makes of SQLite, without the gRPC between. Reads and writes: the data file, through embeddedSql.ts.
// Next along the chain: watchCache.ts.
import { type Clock, realClock } from '../../apimachinery/clock.ts';
import { type EmbeddedSql, openEmbeddedSql, type Row, rowsPerRevision, span } from './embeddedSql.ts';
import { createEventRing } from './eventRing.ts';
import type { Page, Revision, Store, Stored, StoreEvent, WatchBatch, WriteOptions, Written } from './store.ts';
import { Compacted, FutureRevision, StoreUnavailable } from './store.ts';

export interface EmbeddedOptions {
  /** Decides when a TTL ends. Absent: the machine's. */
  clock?: Clock;
}

/** What runs inside the group's transaction: it adds the events that it makes. */
type Work<T> = (events: StoreEvent[]) => T;
interface Queued {
  work: Work<unknown>;
  resolve(result: any): void;
  reject(error: Error): void;
}

const maxGroup = 512;
const pageSize = 500;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Opens the store in the file at `path`, which is made (0600) when absent. Throws StoreUnavailable when it cannot be used. */
export async function openEmbeddedStore(path: string, options: EmbeddedOptions = {}): Promise<Store> {
  const sql = open(path);
  const clock = options.clock ?? realClock;
  let revision = sql.revision();
  let compacted = sql.meta('compacted');
  const ring = createEventRing(revision);
  let closed = false;

  // --- writing: one transaction for all that is queued in a turn ---

  const queue: Queued[] = [];
  let committed = revision;
  let wake = Promise.withResolvers<void>();

  function enqueue<T>(work: Work<T>): Promise<T> {
    if (closed) return Promise.reject(new StoreUnavailable('the store is closed'));
    return new Promise((resolve, reject) => {
      queue.push({ work, resolve, reject });
      if (queue.length === 1) setImmediate(flush);
    });
  }

  function flush(): void {
    const group = queue.splice(0, maxGroup);
    if (queue.length > 0) setImmediate(flush);
    if (group.length === 0) return;
    const events: StoreEvent[] = [];
    try {
      const results = runGroup(group, events);
      publish(events);
      for (let i = 0; i < group.length; i++) group[i]!.resolve(results[i]);
    } catch (error) {
      revision = committed;
      const failure = new StoreUnavailable(`the store cannot write: ${(error as Error).message}`);
      for (const { reject } of group) reject(failure);
    }
  }

  function runGroup(group: Queued[], events: StoreEvent[]): unknown[] {
    try {
      sql.begin();
      const results = group.map(({ work }) => work(events));
      sql.commit();
      return results;
    } catch (error) {
      sql.rollback();
      throw error;
    }
  }

  function publish(events: StoreEvent[]): void {
    committed = revision;
    if (events.length === 0) return;
    ring.push(events);
    wakeAll();
  }

  function wakeAll(): void {
    const sleeping = wake;
    wake = Promise.withResolvers();
    sleeping.resolve();
  }

  /** Adds to the current revision a row in place of `held`; `n` counts the revision's rows from 0. */
  function record(events: StoreEvent[], n: number, key: string, value: Uint8Array | null, held?: Row, ttl = 0): void {
    const expires = ttl ? clock.now() + ttl * 1000 : null;
    sql.insert(revision, n, key, value, held?.id ?? 0, expires);
    const previous = held?.stored;
    if (value) events.push({ type: 'PUT', key, value, revision, previous });
    else events.push({ type: 'DELETE', key, value: previous!.value, revision, previous });
    if (expires) expiry.add(expires);
  }

  /** Compare, then set or, with null, remove. */
  function swap(key: string, value: Uint8Array | null, o: WriteOptions): Promise<Written> {
    return enqueue((events) => {
      const held = sql.newest(key);
      if ((held?.stored.revision ?? 0) !== o.expect || (!value && !held)) return { conflict: held?.stored };
      revision++;
      record(events, 0, key, value, held, o.ttl);
      if (o.with) record(events, 1, o.with.key, o.with.value, sql.newest(o.with.key));
      return { revision };
    });
  }

  // --- reading ---

  function checkSnapshot(at: Revision): void {
    if (closed) throw new StoreUnavailable('the store is closed');
    if (at > committed) throw new FutureRevision(at, committed);
    if (at < compacted) throw new Compacted(compacted);
  }

  /** Reads page by page, so that a long list leaves the event loop to others in between. */
  async function list(prefix: string, o: { at?: Revision; after?: string; limit?: number } = {}): Promise<Page> {
    const at = o.at ?? committed;
    const limit = o.limit || Number.POSITIVE_INFINITY;
    let items: Stored[] = [];
    for (;;) {
      checkSnapshot(at);
      const want = Math.min(pageSize, limit + 1 - items.length);
      const found = sql.rows(span(prefix, items.at(-1)?.key ?? o.after, at), want).map((row) => row.stored);
      items = items.length > 0 ? items.concat(found) : found;
      if (items.length > limit) break;
      if (found.length < want) return { items, revision: at, more: false, remaining: 0 };
      await nextTurn();
    }
    items.pop();
    return { items, revision: at, more: true, remaining: sql.count(span(prefix, items.at(-1)!.key, at)) };
  }

  async function* watch(from: Revision, signal: AbortSignal): AsyncGenerator<WatchBatch> {
    checkSnapshot(from);
    signal.addEventListener('abort', wakeAll, { once: true });
    try {
      for (let seen = from; !signal.aborted && !closed; ) {
        if (seen >= committed) {
          await wake.promise;
          continue;
        }
        const events = ring.after(seen) ?? readHistory(seen);
        seen = events.at(-1)?.revision ?? committed;
        yield { events, revision: seen };
      }
    } finally {
      signal.removeEventListener('abort', wakeAll);
    }
  }

  function readHistory(seen: Revision): StoreEvent[] {
    if (seen < compacted) throw new Compacted(compacted);
    return sql.events(seen, pageSize, 4 << 20);
  }

  // --- what goes by itself: expiry, compaction ---

  const expiry = createExpiry(sql, clock, (key, id) =>
    enqueue((events) => {
      const held = sql.newest(key);
      if (held?.id !== id) return;
      revision++;
      record(events, 0, key, null, held);
    }),
  );

  let sweeping = Promise.resolve();
  /** Removes in small transactions what `compacted` has made unreachable; taken up again when a process died in the middle. */
  async function sweep(): Promise<void> {
    let swept = sql.meta('swept');
    while (!closed && swept < (compacted + 1) * rowsPerRevision - 1) {
      swept = await enqueue(() => sql.sweep(swept, compacted));
    }
  }
  const startSweep = (): Promise<void> => {
    sweeping = sweeping.then(sweep).catch(() => {});
    return sweeping;
  };

  async function compact(to: Revision): Promise<void> {
    if (to > committed) throw new FutureRevision(to, committed);
    if (to <= compacted) return;
    await enqueue(() => sql.setCompacted(to));
    compacted = Math.max(compacted, to);
    await startSweep();
  }

  if (compacted > 0) startSweep();
  expiry.start();

  return {
    async get(key) {
      checkSnapshot(committed);
      return sql.newest(key)?.stored;
    },
    list,
    put: (key, value, o) => swap(key, value, o),
    delete: (key, o) => swap(key, null, o),
    async trim(prefix, limit) {
      for (let left = limit; left > 0; left -= rowsPerRevision) {
        const most = Math.min(left, rowsPerRevision);
        const gone = await enqueue((events) => {
          const rows = sql.rows(span(prefix, undefined, revision), most);
          if (rows.length > 0) revision++;
          for (const [n, held] of rows.entries()) record(events, n, held.stored.key, null, held);
          return rows.length;
        });
        if (gone < most) return;
      }
    },
    watch,
    revision: async () => committed,
    known: () => committed,
    compact,
    async close() {
      if (closed) return;
      while (queue.length > 0) flush();
      closed = true;
      expiry.stop();
      wakeAll();
      await sweeping;
      sql.close();
    },
  };
}

function open(path: string): EmbeddedSql {
  try {
    return openEmbeddedSql(path);
  } catch (error) {
    const { message } = error as Error;
    const hint = message.includes('locked') ? 'another process has it open' : message;
    throw new StoreUnavailable(`cannot open the store ${path}: ${hint}`);
  }
}

/** Calls `remove` for each row whose time has come, also for those whose time came while no process ran. */
function createExpiry(sql: EmbeddedSql, clock: Clock, remove: (key: string, id: number) => Promise<unknown>) {
  // Everything that expires up to here has been seen to.
  let done = 0;
  let timer: { at: number; cancel(): void } | undefined;
  let stopped = false;

  async function run(): Promise<void> {
    timer = undefined;
    const now = clock.now();
    const due = sql.due(done, now);
    try {
      await Promise.all(due.map(({ key, id }) => remove(key, id)));
      if (due.length < 1000) done = Math.max(done, now);
    } catch {
      // The disk is full or the store is closing; what is due stays due.
    }
    arm(due.length === 1000 ? clock.now() : undefined);
  }

  function arm(at = stopped ? undefined : sql.nextDue(done)): void {
    if (stopped || at === undefined || (timer && timer.at <= at)) return;
    timer?.cancel();
    // A timer takes 24 days at most; and a machine that slept should notice within a minute.
    const wait = Math.min(Math.max(at - clock.now(), 5), 60_000);
    timer = { at, ...clock.setTimeout(run, wait) };
  }

  return {
    start: () => arm(),
    /** Called inside the transaction: the row need not be readable yet. */
    add(expires: number): void {
      if (expires <= done) done = expires - 1;
      arm(expires);
    },
    stop(): void {
      stopped = true;
      timer?.cancel();
    },
  };
}
