// The embedded store's file: its table, and every statement that reads it. Knows SQL and nothing of ordering or waiting.
// A row is one key at one revision, never changed, removed by compaction alone (the layout that kine made known).
// Used by embedded.ts, which decides what is written when; the statements that write are in embeddedWriter.ts, in a thread of their own.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Revision, Stored, StoreEvent } from './store.ts';

/** Rows of one revision have consecutive ids from revision * rowsPerRevision: the id alone gives order and revision. */
export const rowsPerRevision = 1024;
export const revisionOf = (id: number): Revision => Math.floor(id / rowsPerRevision);
export const firstId = (revision: Revision): number => revision * rowsPerRevision;

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA cache_size = -2000;
  CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    previous INTEGER NOT NULL, -- id of the row that this one replaces or removes; 0: the key was absent
    deleted INTEGER NOT NULL,
    expires INTEGER,           -- milliseconds since the epoch
    value BLOB                 -- last, so that the other columns are read without it
  );
  CREATE INDEX IF NOT EXISTS by_key ON history (key, id, deleted);
  CREATE INDEX IF NOT EXISTS by_expiry ON history (expires) WHERE expires IS NOT NULL;
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT OR IGNORE INTO meta VALUES ('compacted', 0), ('swept', 0);
`;

// The newest row of each key as of a snapshot, in key order, read no further than the limit.
const listSql = `
  SELECT key, id, value FROM history AS h
  WHERE key >= :from AND key > :after AND key < :end AND id < :before AND deleted = 0
    AND NOT EXISTS (SELECT 1 FROM history WHERE key = h.key AND id > h.id AND id < :before)
  ORDER BY key LIMIT :limit`;

// The same of the keys alone, which the index holds.
const keysSql = listSql.replace('key, id, value', 'key, id');

const liveSql = 'SELECT key, max(id), deleted FROM history GROUP BY key';

// SQLite takes the bare column from the row that max() found.
const countSql = `
  SELECT count(*) FROM (
    SELECT max(id), deleted AS gone FROM history
    WHERE key >= :from AND key > :after AND key < :end AND id < :before GROUP BY key
  ) WHERE gone = 0`;

const eventsSql = `
  SELECT id, key, deleted, value FROM history WHERE id >= ? ORDER BY id`;

const dueSql = `
  SELECT key, id FROM history AS h WHERE expires > ? AND expires <= ?
    AND NOT EXISTS (SELECT 1 FROM history WHERE key = h.key AND id > h.id)
  LIMIT 1000`;

/** One key's newest row: its id, and what it holds. */
export interface Row {
  id: number;
  stored: Stored;
}

export interface Span {
  from: string;
  after: string;
  end: string;
  /** The snapshot: rows of later revisions are not seen. */
  at: Revision;
}

/** A key's place in the byte order of all keys under `prefix`; U+10FFFF is the last code point, and no character. */
export const span = (prefix: string, after: string | undefined, at: Revision): Span => ({
  from: prefix,
  after: after ?? '',
  end: `${prefix}\u{10FFFF}`,
  at,
});

export type EmbeddedSql = ReturnType<typeof openEmbeddedSql>;

/** Opens the file for reading, and makes its table when that is absent. */
export function openEmbeddedSql(path: string) {
  const db = new DatabaseSync(path);
  db.exec(schema);
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    const rows = (...p: SQLInputValue[]): any[][] => statement.all(...p) as any;
    const named = (p: Record<string, SQLInputValue>): any[][] => statement.all(p) as any;
    const row = (...p: SQLInputValue[]): any[] | undefined => statement.get(...p) as any;
    return { statement, rows, named, row };
  };
  const newest = prepare('SELECT id, deleted, value FROM history WHERE key = ? ORDER BY id DESC LIMIT 1');
  const listed = prepare(listSql);
  const keys = prepare(keysSql);
  const live = prepare(liveSql);
  const counted = prepare(countSql);
  const events = prepare(eventsSql);
  const due = prepare(dueSql);
  const nextDue = prepare('SELECT min(expires) FROM history WHERE expires > ?');
  const getMeta = prepare('SELECT value FROM meta WHERE name = ?');
  const lastId = prepare('SELECT max(id) FROM history');

  const bounds = ({ from, after, end, at }: Span) => ({ from, after, end, before: firstId(at + 1) });

  return {
    close: () => db.close(),

    newest(key: string): Row | undefined {
      const r = newest.row(key);
      return r && r[1] === 0 ? { id: r[0], stored: { key, value: r[2], revision: revisionOf(r[0]) } } : undefined;
    },

    /** The newest rows of keys that were there at the span's snapshot. */
    rows(s: Span, limit: number): Row[] {
      const rows = listed.named({ ...bounds(s), limit });
      return rows.map(([key, id, value]) => ({ id, stored: { key, value, revision: revisionOf(id) } }));
    },

    /** The same without what they hold. */
    keys: (s: Span, limit: number): { key: string; id: number }[] =>
      keys.named({ ...bounds(s), limit }).map(([key, id]) => ({ key, id })),

    /** Every key that is there, with the id of its newest row. */
    live(): Map<string, number> {
      const ids = new Map<string, number>();
      for (const [key, id, deleted] of live.statement.iterate() as Iterable<any>) if (!deleted) ids.set(key, id);
      return ids;
    },

    count: (s: Span): number => counted.named(bounds(s))[0]![0],

    /** Events behind `seen`: whole revisions, about `maxEvents` or `maxBytes` of them. */
    events(seen: Revision, maxEvents: number, maxBytes: number): StoreEvent[] {
      const out: StoreEvent[] = [];
      let bytes = 0;
      for (const row of events.statement.iterate(firstId(seen + 1)) as Iterable<any>) {
        const event = toEvent(row);
        const full = out.length >= maxEvents || bytes >= maxBytes;
        if (full && event.revision !== out.at(-1)!.revision) break;
        out.push(event);
        if (event.type === 'PUT') bytes += event.value.length;
      }
      return out;
    },

    /** Up to 1,000 keys whose time came in (after, now]. */
    due: (after: number, now: number): { key: string; id: number }[] =>
      due.rows(after, now).map(([key, id]) => ({ key, id })),
    nextDue: (after: number): number | undefined => nextDue.row(after)?.[0] ?? undefined,

    meta: (name: 'compacted' | 'swept'): number => getMeta.row(name)![0],
    /** The newest revision on disk: compaction may have removed the newest row, a deletion, but never what is later. */
    revision: (): Revision => Math.max(1, revisionOf(lastId.row()?.[0] ?? 0), getMeta.row('compacted')![0]),
  };
}

function toEvent([id, key, deleted, value]: any[]): StoreEvent {
  const revision = revisionOf(id);
  return deleted ? { type: 'DELETE', key, revision } : { type: 'PUT', key, value, revision };
}
