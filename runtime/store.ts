// Keeps the runtime's records over its own death: one SQLite file, one row a record, written when the record changes.
// Reads and writes: <root-dir>/state.db. A SIGKILL loses nothing; only the machine's power failure may (the pods are gone then too).
// Used by: node.ts.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export type RecordKind = 'sandbox' | 'container' | 'image' | 'setting';

export interface RecordStore {
  all<T>(node: string, kind: RecordKind): T[];
  put(node: string, kind: RecordKind, id: string, record: unknown): void;
  remove(node: string, kind: RecordKind, id: string): void;
  close(): void;
}

/** Opens or makes the file. Throws when the directory cannot be written. */
export function openStore(rootDir: string): RecordStore {
  mkdirSync(rootDir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(rootDir, 'state.db'));
  // Two runtimes on one directory would undo each other: the first keeps the lock until it ends.
  db.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -512',
  );
  db.exec(
    'CREATE TABLE IF NOT EXISTS records (node TEXT, kind TEXT, id TEXT, json TEXT, PRIMARY KEY (node, kind, id)) WITHOUT ROWID',
  );
  const all = db.prepare('SELECT json FROM records WHERE node = ? AND kind = ?');
  const put = db.prepare('INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM records WHERE node = ? AND kind = ? AND id = ?');
  return {
    all: (node, kind) => all.all(node, kind).map((row) => JSON.parse(row.json as string)),
    put: (node, kind, id, record) => void put.run(node, kind, id, JSON.stringify(record)),
    remove: (node, kind, id) => void remove.run(node, kind, id),
    close: () => db.close(),
  };
}
