// The last step of every write: the object's bytes into the store, with the journal's record in the same transaction.
// Reads and writes: the store. Next along the chain: storage/watchCache.ts, which tells everyone.
import { parseWithBigIntegers } from '../../apimachinery/bigIntegers.ts';
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { unknown } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { StoredForms } from '../kinds/kind.ts';
import { encodeStored, served as servedBytes } from '../storage/bytes.ts';
import type { Stored } from '../storage/store.ts';
import type { Outcome, WriteContext } from './writeContext.ts';

/** etcd's own limit of a request; the same for every store, so that objects can move between them. */
const maxObjectBytes = 1.5 * 1024 * 1024;

/** As etcd says it, which upstream passes on. */
const tooLarge = 'etcdserver: request is too large';

export type Persisted = { outcome: Outcome } | { conflict: Stored | undefined };

/**
 * `object` is in the served version and is finished here; dry runs stop before the store. `applied`: its managedFields are what the
 * request is about; those of any other write are given up when the object would be too large with them.
 * `contents`: what contentsOf gives for the object, where that is known.
 */
export async function persist(
  w: WriteContext,
  key: string,
  object: any,
  expect: number,
  applied = false,
  contents?: string,
): Promise<Persisted> {
  const kind = w.served.kind;
  const stored = kind.storedAs
    ? kind.storedAs.toStored(deepCopy(object))
    : kind.stored
      ? await kind.stored.write(object)
      : object;
  const value = encodeStored(stored, stored === object ? contents : undefined);
  if (value.length > maxObjectBytes) {
    if (applied || !object.metadata.managedFields) throw unknown(tooLarge);
    delete object.metadata.managedFields;
    return persist(w, key, object, expect, false, contents);
  }
  if (w.dryRun) return dryRun(w, key, object, value, expect);
  const record = w.api.journal.record(w, object.metadata);
  // The cache need not parse what is parsed here; the copy is its own, since ours goes on changing.
  const hint = w.api.cache.hint(key, value, { ...stored, metadata: { ...stored.metadata } });
  const written = await w.api.store.put(key, value, { expect, ttl: w.served.home.kind.ttl?.(stored), with: record });
  if ('conflict' in written) return written;
  object.metadata.resourceVersion = String(written.revision);
  const bytes = hint.served(written.revision);
  return {
    outcome: stored !== object && kind.stored ? await readAgain(kind.stored, bytes, object) : { object, bytes },
  };
}

/** What is stored in another version is answered as reading it would give it. */
async function readAgain(forms: StoredForms, stored: Buffer, object: any): Promise<Outcome> {
  const shown = await forms.back(parseWithBigIntegers(stored.toString('utf8')) as KubeObject, object);
  return { object: shown, bytes: Buffer.from(JSON.stringify(shown)) };
}

/** What would come of the write: a name that is taken is refused in a dry run too. */
async function dryRun(w: WriteContext, key: string, object: any, value: Buffer, expect: number): Promise<Persisted> {
  const there = expect ? undefined : await w.api.store.get(key);
  if (there) return { conflict: there };
  const bytes = expect ? servedBytes(value, expect) : value;
  const { stored } = w.served.kind;
  return { outcome: stored ? await readAgain(stored, bytes, object) : { object, bytes } };
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
