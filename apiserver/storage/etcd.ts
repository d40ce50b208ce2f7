// The store in etcd, for clusters of more than one API server: compare-and-swap in transactions, leases, one watch.
// Mirrors: apiserver/pkg/storage/etcd3/store.go. Talks to: etcd 3.4 and later, through etcdConnection.ts.
// Next along the chain: etcdWatch.ts for the feed, watchCache.ts for what reads it.
import { realClock } from '../../apimachinery/clock.ts';
import { toBuffer } from './bytes.ts';
import { connectEtcd, type EtcdOptions } from './etcdConnection.ts';
import { createEtcdLeases } from './etcdLeases.ts';
import { zero } from './etcdMessages.ts';
import { toStored, watchEtcd } from './etcdWatch.ts';
import { pause } from './pause.ts';
import {
  Compacted,
  type Companion,
  FutureRevision,
  type Page,
  type Revision,
  type Store,
  type Stored,
  StoreUnavailable,
  type WriteOptions,
  type Written,
} from './store.ts';

const pageSize = 500;
/** After a write whose fate is unknown: how often it is looked for, since a member may still be carrying it out. */
const settlePausesMs = [0, 100, 400];

/**
 * Connects to the cluster. Watches tell of keys under `prefix`; all others only move the revision.
 * Throws StoreUnavailable when no member answers.
 */
export async function openEtcdStore(options: EtcdOptions & { prefix?: string }): Promise<Store> {
  const { prefix: ourPrefix = '/registry/' } = options;
  const connection = connectEtcd(options);
  const leases = createEtcdLeases(connection);
  const closing = new AbortController();

  const revision = async (): Promise<Revision> => {
    return (await connection.read((m) => m.range({ key: zero, countOnly: true }))).revision;
  };

  async function get(key: string): Promise<Stored | undefined> {
    const { kvs } = await connection.read((m) => m.range({ key }));
    return kvs[0] && toStored(kvs[0]);
  }

  /** Reads page by page: one reply that holds everything would stall both ends. */
  async function list(prefix: string, o: { at?: Revision; after?: string; limit?: number } = {}): Promise<Page> {
    const limit = o.limit || Number.POSITIVE_INFINITY;
    const end = prefixEnd(prefix);
    let key = Buffer.from(o.after === undefined ? prefix : `${o.after}\0`);
    if (Buffer.compare(key, Buffer.from(prefix)) < 0) key = Buffer.from(prefix);
    const items: Stored[] = [];
    for (let at = o.at ?? 0; ; ) {
      const want = Math.min(pageSize, limit - items.length);
      const request = { key, end, limit: want, at };
      const page = await connection.read((m) => m.range(request)).catch((e) => refused(e, at));
      at ||= page.revision;
      for (const kv of page.kvs) items.push(toStored(kv));
      const remaining = page.count - page.kvs.length;
      if (!page.more || items.length >= limit) return { items, revision: at, more: page.more, remaining };
      key = Buffer.concat([page.kvs.at(-1)!.key, zero]);
    }
  }

  /** Compare, then `change`; otherwise says what is there. */
  async function swap(key: string, value: Uint8Array | undefined, o: WriteOptions): Promise<Written> {
    const lease = o.ttl ? await leases.get(o.ttl) : undefined;
    const request = { key, expect: o.expect, value, lease, with: o.with };
    const answer = await connection.write((m) => m.swap(request));
    return 'held' in answer ? { conflict: answer.held && toStored(answer.held) } : answer;
  }

  /** Sends the write once. When the answer is lost, only the store itself can say whether it happened. */
  async function write(key: string, value: Uint8Array | undefined, o: WriteOptions): Promise<Written> {
    try {
      return await swap(key, value, o);
    } catch (error) {
      if (o.ttl && isLeaseGone(error)) {
        leases.forget(o.ttl);
        return swap(key, value, o);
      }
      if (error instanceof StoreUnavailable && error.uncertain && o.with) return settle(key, o.with, o.expect, error);
      throw error;
    }
  }

  /**
   * The companion is there if and only if the write happened, even when the key has changed again: no other write makes it. The key's own
   * value says nothing, since another server may have written the very same bytes.
   */
  async function settle(key: string, sent: Companion, expect: Revision, lost: Error): Promise<Written> {
    for (const ms of settlePausesMs) {
      await pause(realClock, ms);
      const held = await get(key).catch(() => {
        throw lost;
      });
      // Asked for after the key: where that has changed by this write, the companion is there by now.
      const companion = await get(sent.key).catch(() => {
        throw lost;
      });
      if (companion && same(companion.value, sent.value)) return { revision: companion.revision };
      if ((held?.revision ?? 0) !== expect) break;
    }
    throw lost;
  }

  await revision().catch((error) => {
    connection.close();
    throw error;
  });

  return {
    get,
    list,
    put: (key, value, o) => write(key, value, o),
    async delete(key, o) {
      // etcd would accept the removal of what is not there, and call it a success without a revision.
      if (o.expect === 0) return { conflict: await get(key) };
      return write(key, undefined, o);
    },
    async trim(prefix, limit) {
      const range = { key: prefix, end: prefixEnd(prefix), limit, keysOnly: true };
      const { kvs } = await connection.read((m) => m.range(range));
      if (kvs.length === 0) return;
      const end = Buffer.concat([kvs.at(-1)!.key, zero]);
      await connection.write((m) => m.deleteRange(kvs[0]!.key, end));
    },
    watch: (from, signal) =>
      watchEtcd(connection, from, AbortSignal.any([signal, closing.signal]), { prefix: ourPrefix, revision }),
    revision,
    async compact(to) {
      await connection
        .read((m) => m.compact(to))
        .catch(async (error) => {
          // Someone else was faster: what we wanted.
          if (!isCompacted(error)) throw isFuture(error) ? new FutureRevision(to, await revision()) : error;
        });
    },
    async close() {
      closing.abort();
      connection.close();
    },
  };

  async function refused(error: unknown, at: Revision): Promise<never> {
    if (isCompacted(error)) throw new Compacted(await oldest(at));
    if (isFuture(error)) throw new FutureRevision(at, await revision());
    throw error;
  }

  /** etcd names the compacted revision to watchers alone. */
  async function oldest(refusedAt: Revision): Promise<Revision> {
    const stop = AbortSignal.timeout(2_000);
    try {
      for await (const _ of watchEtcd(connection, 0, stop, { prefix: ourPrefix, revision })) break;
    } catch (error) {
      if (error instanceof Compacted) return error.oldest;
    }
    return refusedAt + 1;
  }
}

/** The first key behind all that begin with `prefix`; one zero byte when there is none. */
function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i]! === 0xff) continue;
    end[i]!++;
    return end.subarray(0, i + 1);
  }
  return zero;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => toBuffer(a).equals(b);

const says = (text: string) => (error: unknown) => String((error as Error).message).includes(text);
const isCompacted = says('required revision has been compacted');
const isFuture = says('required revision is a future revision');
const isLeaseGone = says('requested lease not found');
