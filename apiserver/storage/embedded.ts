// The store in a file of its own: SQLite, in the API server's process. Every write that was acknowledged is on the disk.
// Decides here what each write does; a thread puts it on the disk (embeddedCommits.ts), and what it changed goes to the watchers from memory.
// Mirrors: what k3s-io/kine makes of SQLite, without the gRPC between. Reads: the data file, through embeddedSql.ts.
// Next along the chain: watchCache.ts.
import { type Clock, realClock } from '../../apimachinery/clock.ts';
import { type Change, createCommits } from './embeddedCommits.ts';
import { lockEmbeddedFile } from './embeddedLock.ts';
import { type EmbeddedSql, firstId, openEmbeddedSql, revisionOf, rowsPerRevision, span } from './embeddedSql.ts';
import { createEventRing } from './eventRing.ts';
import { openHighWater } from './highWater.ts';
import type { Page, Revision, Store, Stored, StoreEvent, WatchBatch, WriteOptions, Written } from './store.ts';
import { Compacted, FutureRevision, StoreUnavailable } from './store.ts';

export interface EmbeddedOptions {
  /** Decides when a TTL ends. Absent: the machine's. */
  clock?: Clock;
}

/** What a key holds: as the disk has it, or as it is on its way there. */
interface Held {
  /** Of its row; 0: none. */
  id: number;
  /** Absent: it is on the disk. */
  done?: Promise<void>;
}

const nothing: Held = { id: 0 };

const pageSize = 500;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Opens the store in the file at `path`, which is made (0600) when absent. Throws StoreUnavailable when it cannot be used. */
export async function openEmbeddedStore(path: string, options: EmbeddedOptions = {}): Promise<Store> {
  const { sql, unlock } = open(path);
  const clock = options.clock ?? realClock;
  let revision = sql.revision();
  let compacted = sql.meta('compacted');
  const highWater = openHighWater(`${path}-revision`, clock);
  const restored = highWater.afterRestore(revision);
  if (restored) {
    revision = restored;
    compacted = restored;
  }
  /** Each key that is on the disk and its newest row: a write is compared with this, without a look at the disk. */
  const live = sql.live();
  const ring = createEventRing(revision);
  let closed = false;

  // --- writing: decided here and now, in order; told to the caller when it is on the disk ---

  let committed = revision;
  let wake = Promise.withResolvers<void>();
  const commits = createCommits(path, publish, () => {
    revision = committed;
  });

  function publish(changes: Change[]): void {
    for (const { row, event } of changes) {
      if (event.type === 'PUT') live.set(row.key, row.id);
      else live.delete(row.key);
    }
    committed = changes.at(-1)!.event.revision;
    highWater.reached(committed);
    ring.push(changes.map((c) => c.event));
    wakeAll();
  }

  function wakeAll(): void {
    const sleeping = wake;
    wake = Promise.withResolvers();
    sleeping.resolve();
  }

  function heldBy(key: string): Held {
    const id = live.get(key);
    return commits.pending(key) ?? (id === undefined ? nothing : { id });
  }

  /** A row of the current revision in place of what is held; `n` counts the revision's rows from 0. */
  function change(n: number, key: string, value: Uint8Array | null, held: Held, expires: number | null = null): Change {
    const row = { id: firstId(revision) + n, key, previous: held.id, expires };
    return { row, event: value ? { type: 'PUT', key, value, revision } : { type: 'DELETE', key, revision } };
  }

  /** Compare, then set or, with null, remove. */
  async function swap(key: string, value: Uint8Array | null, o: WriteOptions): Promise<Written> {
    checkOpen();
    const held = heldBy(key);
    if (revisionOf(held.id) !== o.expect || (!value && !held.id)) {
      // What this conflicts with may yet be lost.
      await held.done;
      checkOpen();
      return { conflict: sql.newest(key)?.stored };
    }
    const mine = ++revision;
    const expires = o.ttl ? clock.now() + o.ttl * 1000 : null;
    const changes = [change(0, key, value, held, expires)];
    if (o.with) changes.push(change(1, o.with.key, o.with.value, nothing));
    await commits.add(changes);
    if (expires) expiry.add(expires);
    return { revision: mine };
  }

  /** By prefix, the last key that a trim has removed: until compaction its rows are there, and would be walked through again. */
  const trimmed = new Map<string, string>();

  function firstKeys(prefix: string, most: number): { key: string; id: number }[] {
    const behind = sql.keys(span(prefix, trimmed.get(prefix), committed), most);
    if (behind.length === most || !trimmed.delete(prefix)) return behind;
    return sql.keys(span(prefix, undefined, committed), most);
  }

  /** Removes the first keys under `prefix`, all at one revision; gives how many. */
  async function trimOnce(prefix: string, most: number): Promise<number> {
    await commits.flushed();
    checkOpen();
    const rows = firstKeys(prefix, most).filter(({ key, id }) => heldBy(key).id === id);
    if (rows.length === 0) return 0;
    trimmed.set(prefix, rows.at(-1)!.key);
    revision++;
    await commits.add(rows.map((held, n) => change(n, held.key, null, held)));
    return rows.length;
  }

  // --- reading ---

  function checkOpen(): void {
    if (closed) throw new StoreUnavailable('the store is closed');
  }

  function checkSnapshot(at: Revision): void {
    checkOpen();
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

  const expiry = createExpiry(sql, clock, async (key, id) => {
    const held = heldBy(key);
    if (held.id !== id || closed) return;
    revision++;
    await commits.add([change(0, key, null, held)]);
  });

  let sweeping = Promise.resolve();
  /** Removes in small transactions what `compacted` has made unreachable; taken up again when a process died in the middle. */
  async function sweep(): Promise<void> {
    let swept = sql.meta('swept');
    while (!closed && swept < (compacted + 1) * rowsPerRevision - 1) {
      swept = await commits.sweep(swept, compacted);
    }
  }
  const startSweep = (): Promise<void> => {
    sweeping = sweeping.then(sweep).catch(() => {});
    return sweeping;
  };

  async function compact(to: Revision): Promise<void> {
    if (to > committed) throw new FutureRevision(to, committed);
    if (to <= compacted) return;
    await commits.setCompacted(to);
    compacted = Math.max(compacted, to);
    await startSweep();
  }

  if (restored) {
    await commits.setCompacted(restored);
    highWater.reached(restored);
  }
  if (compacted > 0) startSweep();
  expiry.start();

  return {
    async get(key) {
      checkSnapshot(committed);
      return live.has(key) ? sql.newest(key)?.stored : undefined;
    },
    list,
    put: swap,
    delete: (key, o) => swap(key, null, o),
    async trim(prefix, limit) {
      for (let left = limit; left > 0; left -= rowsPerRevision) {
        const most = Math.min(left, rowsPerRevision);
        const gone = await trimOnce(prefix, most);
        if (gone < most) return;
      }
    },
    watch,
    revision: async () => committed,
    known: () => committed,
    compact,
    async close() {
      if (closed) return;
      closed = true;
      expiry.stop();
      await commits.drained();
      wakeAll();
      await sweeping;
      await commits.close();
      highWater.close();
      sql.close();
      unlock();
    },
  };
}

function open(path: string): { sql: EmbeddedSql; unlock(): void } {
  try {
    const unlock = lockEmbeddedFile(path);
    return { sql: openEmbeddedSql(path), unlock };
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
