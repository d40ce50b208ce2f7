// What waits for the disk: rows gather while the writer thread commits the ones before them (group commit), one transaction at a time.
// Holds each key's newest row until it is on the disk, so that the next write to the key is compared with it.
// Written by embedded.ts; read by embeddedWriter.ts, as messages.
import { Worker } from 'node:worker_threads';
import type { Row } from './embeddedSql.ts';
import type { NewRow, WriterAnswer, WriterJob } from './embeddedWriter.ts';
import type { StoreEvent } from './store.ts';
import { StoreUnavailable } from './store.ts';

/** One row, and the event that it is to watchers. */
export interface Change {
  row: NewRow;
  /** Null: the row removes the key. */
  value: Uint8Array | null;
  event: StoreEvent;
}

/** What goes to the disk together. */
interface Batch {
  epoch: number;
  changes: Change[];
  done: PromiseWithResolvers<void>;
}

/** A key's newest row while it waits; `stored` is absent when the row removes the key. */
export interface Pending {
  id: number;
  stored?: Row['stored'];
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
  /** Settles when all that was added is on the disk. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

const maxRows = 1024;

/**
 * `committed` hears of each batch that is on the disk, in order, before its writers do.
 * `failed` hears that everything that waited is lost: the disk is full, or the thread is gone.
 */
export function createCommits(path: string, committed: (events: StoreEvent[]) => void, failed: () => void): Commits {
  // Flags of the process are not for this thread; its heap holds one batch at a time, the values lie outside of it.
  const writer = new Worker(new URL('./embeddedWriter.ts', import.meta.url), {
    workerData: path,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 },
  });
  const waiting = new Map<string, Pending>();
  const batches: Batch[] = [];
  const answers: ((answer: WriterAnswer) => void)[] = [];
  // Grows when a batch is lost: what was compared with its rows, here or under way, is lost with it.
  let epoch = 0;
  let unsettled = 0;
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
    const batch: Batch = { epoch, changes: [], done };
    newest = done.promise;
    unsettled++;
    batches.push(batch);
    if (batches.length === 1) setImmediate(send);
    return batch;
  }

  async function send(): Promise<void> {
    const batch = batches.shift();
    if (!batch) return;
    if (batches.length > 0) setImmediate(send);
    const values = packed(batch.changes);
    const rows = batch.changes.map((c) => c.row);
    const answer = await ask({ epoch: batch.epoch, rows, values }, [values]);
    if ('error' in answer)
      lose(batch, new StoreUnavailable(`the store cannot write: ${answer.error}`, gone?.uncertain));
    else settle(batch);
    unsettled--;
  }

  function settle(batch: Batch): void {
    for (const { row } of batch.changes) if (waiting.get(row.key)?.id === row.id) waiting.delete(row.key);
    committed(batch.changes.map((c) => c.event));
    batch.done.resolve();
  }

  function lose(batch: Batch, error: StoreUnavailable): void {
    if (batch.epoch === epoch) {
      epoch++;
      waiting.clear();
      failed();
      const unsent = batches.splice(0);
      unsettled -= unsent.length;
      for (const { done } of unsent) done.reject(error);
    }
    batch.done.reject(error);
  }

  async function drained(): Promise<void> {
    while (unsettled > 0) await newest.catch(() => {});
  }

  return {
    add(changes) {
      const batch = newestBatch();
      const done = batch.done.promise;
      for (const change of changes) {
        const { row, value, event } = change;
        batch.changes.push(change);
        const stored = value ? { key: row.key, value, revision: event.revision } : undefined;
        waiting.set(row.key, { id: row.id, stored, done });
      }
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
  for (const { value } of changes) size += value?.length ?? 0;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { row, value } of changes) {
    if (!value) continue;
    row.start = at;
    bytes.set(value, at);
    row.end = at += value.length;
  }
  return bytes.buffer;
}
