// What waits for the disk: rows gather while the writer thread commits the ones before them (group commit), one transaction at a time.
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

/** What goes to the disk together. */
interface Batch {
  changes: Change[];
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
  /** Settles when all that was added is on the disk. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

const maxRows = 1024;

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
  const answers: ((answer: WriterAnswer) => void)[] = [];
  let unsettled = 0;
  let writing = false;
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
    const batch: Batch = { changes: [], done };
    newest = done.promise;
    unsettled++;
    batches.push(batch);
    if (batches.length === 1 && !writing) setImmediate(send);
    return batch;
  }

  /** One batch after another: what comes meanwhile gathers for the next one, which costs less than a message and a transaction each. */
  async function send(): Promise<void> {
    const batch = batches.shift();
    if (!batch) return;
    writing = true;
    const values = packed(batch.changes);
    const rows = batch.changes.map((c) => c.row);
    const answer = await ask({ rows, values }, [values]);
    if ('error' in answer)
      lose(batch, new StoreUnavailable(`the store cannot write: ${answer.error}`, gone?.uncertain));
    else settle(batch);
    unsettled--;
    writing = false;
    if (batches.length > 0) setImmediate(send);
  }

  function settle(batch: Batch): void {
    for (const { row } of batch.changes) if (waiting.get(row.key)?.done === batch.done.promise) waiting.delete(row.key);
    committed(batch.changes);
    batch.done.resolve();
  }

  /** What has gathered behind it was compared with its rows, and is lost with it. */
  function lose(batch: Batch, error: StoreUnavailable): void {
    waiting.clear();
    failed();
    const unsent = batches.splice(0);
    unsettled -= unsent.length;
    for (const { done } of [batch, ...unsent]) done.reject(error);
  }

  async function drained(): Promise<void> {
    while (unsettled > 0) await newest.catch(() => {});
  }

  return {
    add(changes) {
      const batch = newestBatch();
      const done = batch.done.promise;
      for (const change of changes) {
        const { row, event } = change;
        batch.changes.push(change);
        waiting.set(row.key, { id: event.type === 'PUT' ? row.id : 0, done });
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
