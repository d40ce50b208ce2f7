// The last step of every write: the object's bytes into the store, with the journal's record in the same transaction.
// Reads and writes: the store. Next along the chain: storage/watchCache.ts, which tells everyone.
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { requestEntityTooLarge } from '../../apimachinery/status.ts';
import { encodeStored, served as servedBytes } from '../storage/bytes.ts';
import type { Stored } from '../storage/store.ts';
import type { Outcome, WriteContext } from './writeContext.ts';

/** etcd's own limit of a request; the same for every store, so that objects can move between them. */
const maxObjectBytes = 1.5 * 1024 * 1024;

export type Persisted = { outcome: Outcome } | { conflict: Stored | undefined };

/** `object` is in the served version and is finished here; dry runs stop before the store. */
export async function persist(w: WriteContext, key: string, object: any, expect: number): Promise<Persisted> {
  const kind = w.served.kind;
  const stored = kind.storedAs ? kind.storedAs.toStored(deepCopy(object)) : object;
  const value = encodeStored(stored);
  if (value.length > maxObjectBytes) throw requestEntityTooLarge('limit is 1572864');
  if (w.dryRun) return dryRun(w, key, object, value, expect);
  const record = w.api.journal.record(w, object.metadata);
  // The cache need not parse what is parsed here; the copy is its own, since ours goes on changing.
  const hint = w.api.cache.hint(key, value, { ...stored, metadata: { ...stored.metadata } });
  const written = await w.api.store.put(key, value, { expect, ttl: w.served.home.kind.ttl?.(stored), with: record });
  if ('conflict' in written) return written;
  object.metadata.resourceVersion = String(written.revision);
  return { outcome: { object, bytes: hint.served(written.revision) } };
}

/** What would come of the write: a name that is taken is refused in a dry run too. */
async function dryRun(w: WriteContext, key: string, object: any, value: Buffer, expect: number): Promise<Persisted> {
  const there = expect ? undefined : await w.api.store.get(key);
  if (there) return { conflict: there };
  return { outcome: { object, bytes: expect ? servedBytes(value, expect) : value } };
}

export async function persistDelete(
  w: WriteContext,
  key: string,
  metadata: any,
  expect: number,
): Promise<{ revision: number } | { conflict: Stored | undefined }> {
  if (w.dryRun) return { revision: expect };
  return w.api.store.delete(key, { expect, with: w.api.journal.record(w, metadata) });
}
