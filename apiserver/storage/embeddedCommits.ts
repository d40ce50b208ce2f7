// What waits for the disk: rows gather while the writer thread commits the ones before them (group commit). Two transactions are on their
// way at a time, so that the thread has the next one while requests are answered for the last.
// Holds each key's newest row until it is on the disk, so that the next write to the key is compared with it.
// Written by embedded.ts; read by embeddedWriter.ts, as messages.
import { Worker } from 'node:worker_threads';
import type { NewRow, WriterAnswer, WriterJob } from './embeddedWriter.ts';
import type { StoreEvent } from './store.ts';
import { StoreUnavailable } from './store.ts';

/** One row, and the event that it is to watchers. */
export interface Change {
  row: NewRow;
  event: StoreEvent;
}

/** What goes to the disk together: so many writes. `attempt`: how many batches had failed when it was sent. */
interface Batch {
  changes: Change[];
  writes: number;
  attempt: number;
  done: PromiseWithResolvers<void>;
}

/** A key's newest row while it waits. */
export interface Pending {
  /** 0: the row removes the key. */
  id: number;
  /** Settles when the row is on the disk, or is not. */
  done: Promise<void>;
}

export interface Commits {
  /** The changes of one revision; settles when they are on the disk, rejects with StoreUnavailable when they are lost. */
  add(changes: Change[]): Promise<void>;
  pending(key: string): Pending | undefined;
  /** Compaction's own transactions. */
  setCompacted(revision: number): Promise<void>;
  sweep(swept: number, compacted: number): Promise<number>;
  /** Settles when what has been added so far is on the disk, or is lost. */
  flushed(): Promise<void>;
  /** Settles when nothing waits any more. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

const maxRows = 1024;
/** So many writes go off at once when the thread has time for them; fewer wait for the end of the turn, in case more come. */
const enough = 6;
const mostSent = 2;

/**
 * `committed` hears of each batch that is on the disk, in order, before its writers do.
 * `failed` hears that everything that waited is lost: the disk is full, or the thread is gone.
 */
export function createCommits(path: string, committed: (changes: Change[]) => void, failed: () => void): Commits {
  // Flags of the process are not for this thread; its heap holds one batch at a time, the values lie outside of it.
  const writer = new Worker(new URL('./embeddedWriter.ts', import.meta.url), {
    workerData: path,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 },
  });
  const waiting = new Map<string, Pending>();
  const batches: Batch[] = [];
  const sent = new Set<Batch>();
  const answers: ((answer: WriterAnswer) => void)[] = [];
  let unsettled = 0;
  let failures = 0;
  let newest: Promise<void> = Promise.resolve();
  let gone: StoreUnavailable | undefined;

  writer.on('message', (answer: WriterAnswer) => answers.shift()!(answer));
  writer.on('error', (error: Error) => end(`the store's writer stopped: ${error.message}`));
  writer.on('exit', () => end("the store's writer has ended"));

  function end(reason: string): void {
    gone ??= new StoreUnavailable(reason, true);
    for (const answer of answers.splice(0)) answer({ error: reason });
  }

  function ask(job: WriterJob, values: ArrayBuffer[] = []): Promise<WriterAnswer> {
    if (gone) return Promise.resolve({ error: gone.message });
    return new Promise((resolve) => {
      answers.push(resolve);
      writer.postMessage(job, values);
    });
  }

  function newestBatch(): Batch {
    const last = batches.at(-1);
    if (last && last.changes.length < maxRows) return last;
    const done = Promise.withResolvers<void>();
    // Who waits for it hears; a rejection that nobody waits for is no crash.
    done.promise.catch(() => {});
    const batch: Batch = { changes: [], writes: 0, attempt: 0, done };
    newest = done.promise;
    unsettled++;
    batches.push(batch);
    if (batches.length === 1 && sent.size === 0) setImmediate(sendWaiting);
    return batch;
  }

  /** What comes while two are on their way gathers for the next one, which costs less than a message and a transaction each. */
  function sendWaiting(): void {
    while (batches.length > 0 && sent.size < mostSent) void send(batches.shift()!);
  }

  async function send(batch: Batch): Promise<void> {
    sent.add(batch);
    batch.attempt = failures;
    const values = packed(batch.changes);
    const rows = batch.changes.map((c) => c.row);
    const answer = await ask({ rows, values, attempt: batch.attempt }, [values]);
    sent.delete(batch);
    if (!('error' in answer)) settle(batch);
    else if (batch.attempt === failures)
      lose(batch, new StoreUnavailable(`the store cannot write: ${answer.error}`, gone?.uncertain));
    else unsettled--;
    if (batches.length > 0) setImmediate(sendWaiting);
  }

  function settle(batch: Batch): void {
    for (const { row } of batch.changes) if (waiting.get(row.key)?.done === batch.done.promise) waiting.delete(row.key);
    unsettled--;
    committed(batch.changes);
    batch.done.resolve();
  }

  /** What came behind it was compared with its rows, and is lost with it: what has gathered, and what the thread refuses next. */
  function lose(batch: Batch, error: StoreUnavailable): void {
    failures++;
    waiting.clear();
    failed();
    const unsent = batches.splice(0);
    unsettled -= 1 + unsent.length;
    for (const { done } of [batch, ...sent, ...unsent]) done.reject(error);
  }

  async function drained(): Promise<void> {
    while (unsettled > 0) await newest.catch(() => {});
  }

  return {
    add(changes) {
      const batch = newestBatch();
      const done = batch.done.promise;
      batch.writes++;
      for (const change of changes) {
        const { row, event } = change;
        batch.changes.push(change);
        waiting.set(row.key, { id: event.type === 'PUT' ? row.id : 0, done });
      }
      if (batch.writes >= enough) sendWaiting();
      return done;
    },
    pending: (key) => waiting.get(key),
    async setCompacted(revision) {
      const answer = await ask({ compacted: revision });
      if ('error' in answer) throw new StoreUnavailable(`the store cannot write: ${answer.error}`);
    },
    async sweep(swept, compacted) {
      const answer = await ask({ sweep: swept, compacted });
      if ('error' in answer) throw new StoreUnavailable(`the store cannot write: ${answer.error}`);
      return answer.swept!;
    },
    flushed: () => newest.catch(() => {}),
    drained,
    async close() {
      await drained();
      if (gone) return;
      const ended = new Promise((resolve) => writer.once('exit', resolve));
      writer.postMessage('close' satisfies WriterJob);
      await ended;
    },
  };
}

/** The values in one buffer that changes threads without being copied again; tells each row where its value lies. */
function packed(changes: Change[]): ArrayBuffer {
  let size = 0;
  for (const { event } of changes) if (event.type === 'PUT') size += event.value.length;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { row, event } of changes) {
    if (event.type === 'DELETE') continue;
    row.start = at;
    bytes.set(event.value, at);
    row.end = at += event.value.length;
  }
  return bytes.buffer;
}
