import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedStore } from '../../../apiserver/storage/embedded.ts';
import { Compacted, StoreUnavailable } from '../../../apiserver/storage/store.ts';
import { follow, storeSuite, until } from '../../suites/store.ts';

const newDir = (): string => mkdtempSync(join(tmpdir(), 'mini-k8s-store-'));

storeSuite('embedded store', async () => {
  const dir = newDir();
  const store = await openEmbeddedStore(join(dir, 'store.db'));
  return {
    store,
    async close() {
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
});

describe('embedded store, opened again', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = newDir();
    path = join(dir, 'store.db');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const put = async (store: Awaited<ReturnType<typeof openEmbeddedStore>>, key: string, ttl?: number) => {
    const written = await store.put(key, Buffer.from(key), { expect: 0, ttl });
    if ('conflict' in written) throw new Error('conflict');
    return written.revision;
  };

  test('only its owner may read the files', async () => {
    const store = await openEmbeddedStore(path);
    await put(store, '/registry/a');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('refuses a second opening with a sentence, and calls after closing', async () => {
    const store = await openEmbeddedStore(path);
    await expect(openEmbeddedStore(path)).rejects.toThrow(/another process has it open/);
    await store.close();
    await expect(store.get('/registry/a')).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.put('/registry/a', Buffer.from('x'), { expect: 0 })).rejects.toBeInstanceOf(StoreUnavailable);
  });

  test('put back from a backup, it gives no revision twice, and calls all that came before it compacted', async () => {
    const first = await openEmbeddedStore(path);
    await put(first, '/registry/a');
    await first.close();
    const backup = join(dir, 'backup.db');
    copyFileSync(path, backup);
    const second = await openEmbeddedStore(path);
    await put(second, '/registry/b');
    const later = await put(second, '/registry/c');
    await second.close();
    copyFileSync(backup, path);
    const third = await openEmbeddedStore(path);
    const revision = await third.revision();
    expect(revision).toBeGreaterThan(later);
    expect((await third.list('/registry/')).items.map((i) => i.key)).toEqual(['/registry/a']);
    await expect(third.list('/registry/', { at: later })).rejects.toBeInstanceOf(Compacted);
    const watch = follow(third, later);
    await watch.done;
    expect(watch.failure()).toBeInstanceOf(Compacted);
    await third.close();
    // Nothing was written meanwhile, and yet it stays so.
    const fourth = await openEmbeddedStore(path);
    expect(await fourth.revision()).toBe(revision);
    expect(await put(fourth, '/registry/d')).toBe(revision + 1);
    await fourth.close();
  });

  test('history, revisions and compaction are as they were', async () => {
    const first = await openEmbeddedStore(path);
    const one = await put(first, '/registry/a');
    const two = await put(first, '/registry/b');
    await first.delete('/registry/b', { expect: two });
    const newest = await first.revision();
    await first.close();
    const second = await openEmbeddedStore(path);
    expect(await second.revision()).toBe(newest);
    const watch = follow(second, one);
    await until(() => watch.revision() === newest);
    expect(watch.events('/registry/').map((e) => [e.type, e.key])).toEqual([
      ['PUT', '/registry/b'],
      ['DELETE', '/registry/b'],
    ]);
    await watch.stop();
    // The newest row of all is a deletion, which compaction removes: its revision must not be given out again.
    await second.compact(newest);
    await second.close();
    const third = await openEmbeddedStore(path);
    expect(await third.revision()).toBe(newest);
    expect(await put(third, '/registry/c')).toBe(newest + 1);
    await third.close();
  });

  test('a TTL goes on while nobody runs', async () => {
    let now = 1_000_000;
    const clock = {
      now: () => now,
      setTimeout(callback: () => void, ms: number) {
        const timer = setTimeout(callback, Math.min(ms, 10));
        return { cancel: () => clearTimeout(timer) };
      },
    };
    const first = await openEmbeddedStore(path, { clock });
    await put(first, '/registry/short', 60);
    const at = await put(first, '/registry/long', 600);
    await first.close();
    now += 61_000;
    const second = await openEmbeddedStore(path, { clock });
    await until(async () => (await second.get('/registry/short')) === undefined);
    expect(await second.revision()).toBe(at + 1);
    expect(await second.get('/registry/long')).toBeDefined();
    now += 600_000;
    await until(async () => (await second.get('/registry/long')) === undefined);
    await second.close();
  });

  test('a compaction cut short is taken up again', async () => {
    const first = await openEmbeddedStore(path);
    let at = await put(first, '/registry/a');
    for (let i = 0; i < 3_000; i++) {
      const written = await first.put('/registry/a', Buffer.alloc(100), { expect: at });
      at = 'revision' in written ? written.revision : 0;
    }
    const compacting = first.compact(at);
    const isCompacted = (): Promise<boolean> =>
      first.list('/registry/', { at: 5, limit: 1 }).then(
        () => false,
        () => true,
      );
    while (!(await isCompacted())) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first.close(), compacting]);
    const { DatabaseSync } = await import('node:sqlite');
    const rows = (): number => {
      const db = new DatabaseSync(path);
      const { n } = db.prepare('SELECT count(*) AS n FROM history').get() as { n: number };
      db.close();
      return n;
    };
    expect(rows()).toBeGreaterThan(1);
    const second = await openEmbeddedStore(path);
    expect((await second.get('/registry/a'))?.revision).toBe(at);
    // Compacting to the same revision waits for nothing; the rest is swept in the background.
    await second.put('/registry/b', Buffer.from('x'), { expect: 0 });
    await second.compact(await second.revision());
    await second.close();
    expect(rows()).toBe(2);
  });

  test('a transaction that the disk refuses takes with it what was compared with it, and nothing else', async () => {
    const store = await openEmbeddedStore(path);
    const before = await put(store, '/registry/before');
    // The next revision's row is there already: SQLite refuses it as it would on a full disk.
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(path);
    const id = (before + 1) * 1024;
    db.prepare("INSERT INTO history (id, key, previous, deleted) VALUES (?, '/elsewhere', 0, 1)").run(id);
    // More than one transaction takes: those behind it are on their way to the disk when it fails.
    const others = Array.from({ length: 40 }, (_, i) =>
      store.put(`/registry/other-${i}`, Buffer.from('1'), { expect: 0 }),
    );
    const refused = await Promise.allSettled([
      store.put('/registry/a', Buffer.from('1'), { expect: 0 }),
      ...others,
      store.put('/registry/a', Buffer.from('2'), { expect: before + 1 }),
      store.put('/registry/a', Buffer.from('3'), { expect: 0 }),
    ]);
    for (const outcome of refused)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } });
    expect(await store.revision()).toBe(before);
    expect(await store.get('/registry/a')).toBeUndefined();
    db.prepare('DELETE FROM history WHERE id = ?').run(id);
    db.close();
    expect(await put(store, '/registry/a')).toBe(before + 1);
    for (let i = 0; i < 40; i++) expect(await put(store, `/registry/z${i}`)).toBe(before + 2 + i);
    const keys = (await store.list('/registry/')).items.map((i) => i.key);
    expect(keys.filter((key) => !key.startsWith('/registry/z'))).toEqual(['/registry/a', '/registry/before']);
    await store.close();
  });

  test('SIGKILL of the writer: what it acknowledged is there, with its companion, and nothing half', async () => {
    const acknowledged: number[] = [];
    const writer = spawnWriter(path);
    for await (const line of createInterface({ input: writer.stdout! })) {
      acknowledged.push(Number(line));
      if (acknowledged.length === 300) writer.kill('SIGKILL');
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(300);
    const store = await openEmbeddedStore(path);
    const objects = (await store.list('/registry/pods/')).items;
    const records = (await store.list('/registry/journal/')).items;
    const names = new Set(objects.map((i) => Number(i.key.split('/').pop())));
    expect(acknowledged.filter((i) => !names.has(i))).toEqual([]);
    expect(records.map((i) => i.revision)).toEqual(objects.map((i) => i.revision));
    await store.close();
  });
});

/** A process that creates objects as fast as it can, and says which were acknowledged. */
function spawnWriter(path: string): ChildProcess {
  const module = new URL('../../../apiserver/storage/embedded.ts', import.meta.url);
  const program = `
    const { openEmbeddedStore } = await import(${JSON.stringify(module.href)});
    const { writeSync } = await import('node:fs');
    const store = await openEmbeddedStore(${JSON.stringify(path)});
    // The pipe is full while nobody reads it.
    const say = (line) => {
      for (;;) {
        try {
          return writeSync(1, line);
        } catch (error) {
          if (error.code !== 'EAGAIN') throw error;
        }
      }
    };
    let next = 0;
    const write = async () => {
      for (;;) {
        const i = String(next++).padStart(8, '0');
        await store.put('/registry/pods/' + i, Buffer.alloc(1500, i), { expect: 0, with: { key: '/registry/journal/' + i, value: Buffer.from(i) } });
        say(Number(i) + '\\n');
      }
    };
    for (let i = 0; i < 8; i++) write();`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
}
