// What every store must do, whatever it keeps its data in: run by test/apiserver/storage/{embedded,etcd}.test.ts on their own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Compacted,
  FutureRevision,
  type Revision,
  type Store,
  type StoreEvent,
  type WatchBatch,
} from '../../apiserver/storage/store.ts';

export interface StoreUnderTest {
  store: Store;
  /** Cuts all connections to the store at this moment; absent when there are none. */
  cut?(): void;
  close(): Promise<void>;
}

const bytes = (text: string): Buffer => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();
const putValue = (e: StoreEvent): Uint8Array | undefined => (e.type === 'PUT' ? e.value : undefined);

let spaces = 0;
/** A prefix that no other test uses. */
const space = (): string => `/registry/space-${process.pid}-${spaces++}/`;

function revisionOf(written: { revision: Revision } | { conflict: unknown }): Revision {
  if ('conflict' in written) throw new Error('conflict');
  return written.revision;
}

export async function until(condition: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); ) {
    if (Date.now() > end) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Collects a watch's batches until told to stop. */
export function follow(store: Store, from: Revision) {
  const stop = new AbortController();
  const batches: WatchBatch[] = [];
  let failure: unknown;
  const done = (async () => {
    for await (const batch of store.watch(from, stop.signal)) batches.push(batch);
  })().catch((error) => {
    failure = error;
  });
  return {
    batches,
    events: (prefix: string): StoreEvent[] => batches.flatMap((b) => b.events).filter((e) => e.key.startsWith(prefix)),
    revision: () => batches.at(-1)?.revision ?? from,
    failure: () => failure,
    done,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

export function storeSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    afterAll(() => under?.close());

    const create = async (key: string, value = 'x') => revisionOf(await store.put(key, bytes(value), { expect: 0 }));

    describe('compare and swap', () => {
      test('creates, reads, updates and deletes, each at a later revision', async () => {
        const key = `${space()}a`;
        expect(await store.get(key)).toBeUndefined();
        const first = await create(key, 'one');
        const second = revisionOf(await store.put(key, bytes('two'), { expect: first }));
        expect(second).toBeGreaterThan(first);
        const held = await store.get(key);
        expect([text(held?.value), held?.revision, held?.key]).toEqual(['two', second, key]);
        const third = revisionOf(await store.delete(key, { expect: second }));
        expect(third).toBeGreaterThan(second);
        expect(await store.get(key)).toBeUndefined();
        expect(await store.revision()).toBeGreaterThanOrEqual(third);
      });

      test('a conflict changes nothing and says what is there', async () => {
        const key = `${space()}a`;
        const at = await create(key, 'held');
        const before = await store.revision();
        for (const refused of [
          await store.put(key, bytes('new'), { expect: 0 }),
          await store.put(key, bytes('new'), { expect: at + 1 }),
          await store.delete(key, { expect: at - 1 }),
          await store.delete(key, { expect: 0 }),
        ]) {
          if (!('conflict' in refused)) throw new Error('accepted');
          expect([text(refused.conflict?.value), refused.conflict?.revision]).toEqual(['held', at]);
        }
        expect(await store.revision()).toBe(before);
      });

      test('a conflict over an absent key has nothing to show', async () => {
        const key = `${space()}a`;
        const gone = await create(key);
        await store.delete(key, { expect: gone });
        expect(await store.put(key, bytes('x'), { expect: gone })).toEqual({ conflict: undefined });
        expect(await store.delete(key, { expect: gone })).toEqual({ conflict: undefined });
        expect(await store.delete(key, { expect: 0 })).toEqual({ conflict: undefined });
      });

      test('of many racers one wins, and the others learn who', async () => {
        const key = `${space()}a`;
        const racers = Array.from({ length: 32 }, (_, i) => store.put(key, bytes(`racer ${i}`), { expect: 0 }));
        const results = await Promise.all(racers);
        const winner = results.findIndex((r) => 'revision' in r);
        expect(results.filter((r) => 'revision' in r)).toHaveLength(1);
        for (const r of results) if ('conflict' in r) expect(text(r.conflict?.value)).toBe(`racer ${winner}`);
      });

      test('counting by read and swap loses no step', async () => {
        const key = `${space()}a`;
        await create(key, '0');
        const step = async (): Promise<void> => {
          for (;;) {
            const held = (await store.get(key))!;
            const next = bytes(String(Number(text(held.value)) + 1));
            if ('revision' in (await store.put(key, next, { expect: held.revision }))) return;
          }
        };
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            for (let i = 0; i < 10; i++) await step();
          }),
        );
        expect(text((await store.get(key))?.value)).toBe('80');
      });
    });

    describe('companion', () => {
      test('is written with its write, at the same revision, in one batch', async () => {
        const prefix = space();
        const watch = follow(store, await store.revision());
        const companion = (n: number) => ({ key: `${prefix}journal/${n}`, value: bytes(`record ${n}`) });
        const first = revisionOf(await store.put(`${prefix}a`, bytes('1'), { expect: 0, with: companion(1) }));
        const second = revisionOf(await store.put(`${prefix}a`, bytes('2'), { expect: first, with: companion(2) }));
        const third = revisionOf(await store.delete(`${prefix}a`, { expect: second, with: companion(2) }));
        expect((await store.get(`${prefix}journal/1`))?.revision).toBe(first);
        expect((await store.get(`${prefix}journal/2`))?.revision).toBe(third);
        await until(() => watch.events(prefix).length === 6);
        for (const revision of [first, second, third]) {
          const batch = watch.batches.find((b) => b.events.some((e) => e.revision === revision));
          expect(batch?.events.filter((e) => e.revision === revision)).toHaveLength(2);
        }
        await watch.stop();
      });

      test('is not written when the write is refused', async () => {
        const prefix = space();
        await create(`${prefix}a`);
        const record = { key: `${prefix}journal/1`, value: bytes('record') };
        expect(await store.put(`${prefix}a`, bytes('2'), { expect: 0, with: record })).toHaveProperty('conflict');
        expect(await store.delete(`${prefix}b`, { expect: 0, with: record })).toHaveProperty('conflict');
        expect(await store.get(record.key)).toBeUndefined();
      });
    });

    describe('list', () => {
      test('gives the keys under the prefix and no others, in byte order', async () => {
        const prefix = space();
        const odd = [
          'a',
          'B',
          'a/b',
          'a b',
          'é',
          '\u{1F600}',
          '\uFFFD',
          '\uE000',
          'a\u0001',
          'a\u0000b',
          '%2F',
          '"',
          '~',
          'a:b',
        ];
        const names = [...odd].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
        for (const name of odd) await create(`${prefix}${name}`, name);
        await create(`${prefix.slice(0, -1)}0`, 'behind the prefix');
        const page = await store.list(prefix);
        expect(page.items.map((i) => i.key.slice(prefix.length))).toEqual(names);
        expect(page.items.map((i) => text(i.value))).toEqual(names);
        expect(page.more).toBe(false);
        for (const name of odd) expect(text((await store.get(`${prefix}${name}`))?.value)).toBe(name);
        const paged: string[] = [];
        for (let after: string | undefined; ; after = paged.at(-1)) {
          const { items, more } = await store.list(prefix, { after, limit: 3 });
          for (const item of items) paged.push(item.key);
          if (!more) break;
        }
        expect(paged).toEqual(names.map((n) => prefix + n));
      });

      test('pages say whether more follows and how much', async () => {
        const prefix = space();
        for (let i = 0; i < 7; i++) await create(`${prefix}${i}`);
        await store.delete(`${prefix}3`, { expect: (await store.get(`${prefix}3`))!.revision });
        const one = await store.list(prefix, { limit: 4 });
        expect(one.items.map((i) => i.key.at(-1))).toEqual(['0', '1', '2', '4']);
        expect([one.more, one.remaining]).toEqual([true, 2]);
        const two = await store.list(prefix, { limit: 4, after: `${prefix}4`, at: one.revision });
        expect(two.items.map((i) => i.key.at(-1))).toEqual(['5', '6']);
        expect([two.more, two.remaining ?? 0]).toEqual([false, 0]);
        const exact = await store.list(prefix, { limit: 6 });
        expect([exact.items.length, exact.more]).toEqual([6, false]);
        expect(await store.list(space())).toMatchObject({ items: [], more: false });
      });

      test('more objects than a store reads at once', async () => {
        const prefix = space();
        const names = Array.from({ length: 1234 }, (_, i) => `${prefix}${String(i).padStart(5, '0')}`);
        // A few at a time: all at once each would wait for all others, longer than a store is waited for.
        const left = [...names];
        const writer = async () => {
          for (let name = left.pop(); name; name = left.pop()) await create(name);
        };
        await Promise.all(Array.from({ length: 50 }, writer));
        const all = await store.list(prefix);
        expect(all.items.map((i) => i.key)).toEqual(names);
        const some = await store.list(prefix, { limit: 700 });
        expect([some.items.length, some.more, some.remaining]).toEqual([700, true, 534]);
      });

      test('a snapshot stays what it was while others write', async () => {
        const prefix = space();
        for (let i = 0; i < 40; i++) await create(`${prefix}${String(i).padStart(2, '0')}`, 'old');
        const wanted = await store.list(prefix);
        let writing = true;
        const writer = (async () => {
          for (let i = 0; writing; i++) {
            const key = `${prefix}${String(i % 60).padStart(2, '0')}`;
            const held = await store.get(key);
            if (held && i % 3 === 0) await store.delete(key, { expect: held.revision });
            else await store.put(key, bytes('new'), { expect: held?.revision ?? 0 });
          }
        })();
        for (let round = 0; round < 10; round++) {
          const items = [];
          for (let after: string | undefined; ; after = items.at(-1)!.key) {
            const page = await store.list(prefix, { at: wanted.revision, after, limit: 7 });
            expect(page.revision).toBe(wanted.revision);
            items.push(...page.items);
            if (!page.more) break;
          }
          expect(items.map((i) => [i.key, text(i.value), i.revision])).toEqual(
            wanted.items.map((i) => [i.key, text(i.value), i.revision]),
          );
        }
        writing = false;
        await writer;
      });

      test('refuses a revision that is still to come', async () => {
        await expect(store.list(space(), { at: (await store.revision()) + 1000 })).rejects.toBeInstanceOf(
          FutureRevision,
        );
      });
    });

    describe('watch', () => {
      test('tells the past, then what happens', async () => {
        const prefix = space();
        const start = await store.revision();
        const one = await create(`${prefix}a`, 'one');
        const two = revisionOf(await store.put(`${prefix}a`, bytes('two'), { expect: one }));
        const watch = follow(store, start);
        await until(() => watch.events(prefix).length === 2);
        const three = revisionOf(await store.delete(`${prefix}a`, { expect: two }));
        const four = await create(`${prefix}a`, 'four');
        await until(() => watch.events(prefix).length === 4);
        await watch.stop();
        expect(watch.events(prefix).map((e) => [e.type, e.type === 'PUT' && text(e.value), e.revision])).toEqual([
          ['PUT', 'one', one],
          ['PUT', 'two', two],
          ['DELETE', false, three],
          ['PUT', 'four', four],
        ]);
        const later = follow(store, two);
        await until(() => later.events(prefix).length === 2);
        expect(later.events(prefix)[0]?.revision).toBe(three);
        await later.stop();
      });

      test('reaches every revision, in order, in batches of whole revisions', async () => {
        const prefix = space();
        const watch = follow(store, await store.revision());
        await Promise.all(
          Array.from({ length: 200 }, (_, i) =>
            store.put(`${prefix}${i}`, bytes('x'), { expect: 0, with: { key: `${prefix}j/${i}`, value: bytes('y') } }),
          ),
        );
        const newest = await store.revision();
        await until(() => watch.revision() >= newest);
        await watch.stop();
        const revisions = watch.events(prefix).map((e) => e.revision);
        expect(revisions).toHaveLength(400);
        expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
        for (let i = 1; i < watch.batches.length; i++) {
          expect(watch.batches[i]!.events[0]!.revision).toBeGreaterThan(watch.batches[i - 1]!.revision);
        }
        for (const batch of watch.batches) expect(batch.revision).toBe(batch.events.at(-1)!.revision);
      });

      test('a foreign key moves the revision', async () => {
        const watch = follow(store, await store.revision());
        const at = await create(`foreign-${space()}`);
        await until(() => watch.revision() >= at);
        await watch.stop();
      });

      test('replayed to any revision it is the list at that revision', async () => {
        const prefix = space();
        const start = await store.revision();
        let seed = 7;
        const random = (n: number): number => {
          seed = (seed * 1103515245 + 12345) % 2147483648;
          return seed % n;
        };
        for (let i = 0; i < 300; i++) {
          const key = `${prefix}${random(20)}`;
          const held = await store.get(key);
          if (held && random(3) === 0) await store.delete(key, { expect: held.revision });
          else await store.put(key, bytes(`v${i}`), { expect: held?.revision ?? 0 });
        }
        const end = await store.revision();
        const watch = follow(store, start);
        await until(() => watch.revision() >= end);
        await watch.stop();
        const state = new Map<string, string>();
        for (const event of watch.events(prefix)) {
          if (event.type === 'PUT') state.set(event.key, `${text(event.value)}@${event.revision}`);
          else state.delete(event.key);
          if (event.revision % 10 !== 0 && event.revision !== end) continue;
          const { items } = await store.list(prefix, { at: event.revision });
          expect(items.map((i) => [i.key, `${text(i.value)}@${i.revision}`])).toEqual([...state].sort());
        }
      });

      test('ten thousand events, cut in the middle: none lost, none twice', async () => {
        const prefix = space();
        const start = await store.revision();
        const total = 10_000;
        const watch = follow(store, start);
        let next = 0;
        let cuts = 0;
        const writer = async (): Promise<void> => {
          while (next < total) {
            const i = next++;
            if (i % 2_500 === 1_250 && under.cut) {
              under.cut();
              cuts++;
            }
            // A write may be hit by the cut as well; a reader of the store can tell, by the store's own promise.
            for (let done = false; !done; ) {
              done = await store.put(`${prefix}${i}`, bytes(String(i)), { expect: 0 }).then(
                () => true,
                () => false,
              );
            }
          }
        };
        await Promise.all(Array.from({ length: 16 }, writer));
        await until(() => watch.events(prefix).length >= total);
        await watch.stop();
        const seen = watch.events(prefix).map((e) => Number(text(putValue(e))));
        expect(new Set(seen).size).toBe(total);
        expect(seen).toHaveLength(total);
        if (under.cut) expect(cuts).toBe(4);
      });

      test('a watcher that is taken up again from where it was misses nothing', async () => {
        const prefix = space();
        let from = await store.revision();
        const seen: number[] = [];
        for (let round = 0; round < 5; round++) {
          const watch = follow(store, from);
          for (let i = 0; i < 20; i++) await create(`${prefix}${round}-${i}`, String(round * 20 + i));
          await until(() => watch.events(prefix).length > 5);
          await watch.stop();
          from = watch.revision();
          for (const e of watch.events(prefix)) seen.push(Number(text(putValue(e))));
        }
        const last = follow(store, from);
        const newest = await store.revision();
        await until(() => last.revision() >= newest);
        await last.stop();
        for (const e of last.events(prefix)) seen.push(Number(text(putValue(e))));
        expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i));
      });
    });

    test('values of 1.5 MB come back whole, listed and watched', async () => {
      const prefix = space();
      const value = Buffer.alloc(1_500_000, 'abcdefg');
      const watch = follow(store, await store.revision());
      for (let i = 0; i < 4; i++) await store.put(`${prefix}${i}`, value, { expect: 0 });
      expect((await store.get(`${prefix}0`))!.value).toHaveLength(value.length);
      const { items } = await store.list(prefix);
      expect(items.every((i) => value.equals(i.value))).toBe(true);
      await until(() => watch.events(prefix).length === 4);
      expect(watch.events(prefix).every((e) => value.equals(putValue(e)!))).toBe(true);
      await watch.stop();
      // Too much for one message: the four removals of one revision still come in one batch.
      await store.trim(prefix, 10);
      const past = follow(store, items[0]!.revision - 1);
      await until(() => past.events(prefix).length === 8);
      await past.stop();
      const removed = past.events(prefix).filter((e) => e.type === 'DELETE');
      expect(removed.map((e) => e.revision)).toEqual(Array.from({ length: 4 }, () => removed[0]!.revision));
      const batches = past.batches.filter((b) => b.events.some((e) => e.type === 'DELETE' && e.key.startsWith(prefix)));
      expect(batches).toHaveLength(1);
    });

    describe('time to live', () => {
      test('the key goes with an ordinary event', async () => {
        const prefix = space();
        const watch = follow(store, await store.revision());
        const at = revisionOf(await store.put(`${prefix}a`, bytes('brief'), { expect: 0, ttl: 1 }));
        await create(`${prefix}b`, 'stays');
        await until(async () => (await store.get(`${prefix}a`)) === undefined);
        await until(() => watch.events(prefix).length === 3);
        await watch.stop();
        const last = watch.events(prefix)[2]!;
        expect([last.type, last.key]).toEqual(['DELETE', `${prefix}a`]);
        expect(last.revision).toBeGreaterThan(at);
        expect((await store.list(prefix)).items).toHaveLength(1);
      });

      test('a write without one takes it away', async () => {
        const prefix = space();
        const at = revisionOf(await store.put(`${prefix}a`, bytes('1'), { expect: 0, ttl: 1 }));
        await store.put(`${prefix}a`, bytes('2'), { expect: at });
        await store.put(`${prefix}b`, bytes('1'), { expect: 0, ttl: 1 });
        await until(async () => (await store.get(`${prefix}b`)) === undefined);
        expect(text((await store.get(`${prefix}a`))?.value)).toBe('2');
      });
    });

    test('trimming removes the first keys, and watchers see them go', async () => {
      const prefix = space();
      for (let i = 0; i < 10; i++) await create(`${prefix}${i}`);
      const watch = follow(store, await store.revision());
      await store.trim(prefix, 4);
      expect((await store.list(prefix)).items.map((i) => i.key.at(-1))).toEqual(['4', '5', '6', '7', '8', '9']);
      await until(() => watch.events(prefix).length === 4);
      expect(watch.events(prefix).every((e) => e.type === 'DELETE')).toBe(true);
      await store.trim(prefix, 100);
      expect((await store.list(prefix)).items).toEqual([]);
      await store.trim(prefix, 1);
      await watch.stop();
    });

    describe('compaction', () => {
      test('takes the past away and leaves the present', async () => {
        const prefix = space();
        const one = await create(`${prefix}a`, 'one');
        const two = revisionOf(await store.put(`${prefix}a`, bytes('two'), { expect: one }));
        const gone = await create(`${prefix}b`, 'gone');
        await store.delete(`${prefix}b`, { expect: gone });
        await create(`${prefix}c`, 'c');
        const at = await store.revision();
        const three = revisionOf(await store.put(`${prefix}a`, bytes('three'), { expect: two }));
        await store.compact(at);
        await store.compact(at);
        await expect(store.list(prefix, { at: two })).rejects.toBeInstanceOf(Compacted);
        const tooOld = follow(store, one);
        await tooOld.done;
        expect(tooOld.failure()).toBeInstanceOf(Compacted);
        expect((tooOld.failure() as Compacted).oldest).toBe(at);
        const snapshot = await store.list(prefix, { at });
        expect(snapshot.items.map((i) => text(i.value))).toEqual(['two', 'c']);
        const now = await store.list(prefix);
        expect(now.items.map((i) => [text(i.value), i.revision])).toContainEqual(['three', three]);
        expect(await store.get(`${prefix}b`)).toBeUndefined();
        const watch = follow(store, at);
        await until(() => watch.events(prefix).length === 1);
        expect(watch.events(prefix)[0]?.revision).toBe(three);
        await watch.stop();
      });

      test('a live watcher does not notice', async () => {
        const prefix = space();
        const watch = follow(store, await store.revision());
        // It lives once it has told of something; until then a compaction may overtake it.
        await create(`${prefix}first`);
        await until(() => watch.events(prefix).length === 1);
        for (let i = 0; i < 50; i++) {
          await create(`${prefix}${i}`);
          if (i % 10 === 9) await store.compact(await store.revision());
        }
        await until(() => watch.events(prefix).length === 51);
        expect(watch.failure()).toBeUndefined();
        await watch.stop();
      });

      test('refuses what is still to come', async () => {
        await expect(store.compact((await store.revision()) + 1000)).rejects.toBeInstanceOf(FutureRevision);
      });
    });
  });
}
