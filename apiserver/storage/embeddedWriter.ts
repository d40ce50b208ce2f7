// The thread that writes the embedded store's file: each message is one transaction, on the disk before it is answered.
// A thread of its own, so that requests are read, checked and answered while the disk is waited for.
// Reads: messages of embeddedCommits.ts. Writes: the data file, through the statements below.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { firstId } from './embeddedSql.ts';
import type { Revision } from './store.ts';

/** One row of history. `end - start` bytes of the message's `values`; no `start`: the row is a deletion. */
export interface NewRow {
  id: number;
  key: string;
  previous: number;
  expires: number | null;
  start?: number;
  end?: number;
}

/** Rows that were sent before the sender knew that `attempt` had failed were compared with what is lost: they fail as well. */
export type WriterJob =
  | { rows: NewRow[]; values: ArrayBuffer; attempt: number }
  | { compacted: Revision }
  | { sweep: number; compacted: Revision }
  | 'close';

/** `swept`: how far a step of compaction came. */
export type WriterAnswer = { swept?: number } | { error: string };

const db = new DatabaseSync(workerData as string);
// Every answer means "on the disk". Checkpoints run here too, and so off the way of requests.
db.exec('PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -2000');
const insert = db.prepare('INSERT INTO history (id, key, previous, deleted, expires, value) VALUES (?, ?, ?, ?, ?, ?)');
const remove = db.prepare('DELETE FROM history WHERE id = ?');
const setMeta = db.prepare('UPDATE meta SET value = ? WHERE name = ?');
const superseding = db.prepare(
  'SELECT id, previous, deleted FROM history WHERE id > ? AND id < ? ORDER BY id LIMIT 500',
);

parentPort!.on('message', (job: WriterJob) => {
  if (job === 'close') {
    db.close();
    parentPort!.close();
    return;
  }
  parentPort!.postMessage(answerTo(job));
});

/** Of the rows that failed last. */
let failed = -1;

function answerTo(job: Exclude<WriterJob, 'close'>): WriterAnswer {
  if ('rows' in job && job.attempt === failed) return { error: 'the write before it failed' };
  try {
    db.exec('BEGIN IMMEDIATE');
    const answer = run(job);
    db.exec('COMMIT');
    return answer;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    if ('rows' in job) failed = job.attempt;
    return { error: (error as Error).message };
  }
}

function run(job: Exclude<WriterJob, 'close'>): WriterAnswer {
  if ('rows' in job) for (const row of job.rows) addRow(row, job.values);
  else if ('sweep' in job) return { swept: sweep(job.sweep, job.compacted) };
  else setMeta.run(job.compacted, 'compacted');
  return {};
}

function addRow({ id, key, previous, expires, start, end }: NewRow, values: ArrayBuffer): void {
  const value = start === undefined ? null : new Uint8Array(values, start, end! - start);
  insert.run(id, key, previous, value ? 0 : 1, expires, value);
}

/** One step of compaction: removes what up to 500 rows behind id `swept` replaced or deleted; gives the new `swept`. */
function sweep(swept: number, compacted: Revision): number {
  const before = firstId(compacted + 1);
  const rows = superseding.all(swept, before) as unknown as { id: number; previous: number; deleted: number }[];
  for (const { id, previous, deleted } of rows) {
    if (previous > 0) remove.run(previous);
    if (deleted === 1) remove.run(id);
  }
  const now = rows.length < 500 ? before - 1 : rows.at(-1)!.id;
  setMeta.run(now, 'swept');
  return now;
}
