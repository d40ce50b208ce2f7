// Objects in key order: inserts and look-ups in O(log n), and ranges read at the speed of an array.
// A list of sorted chunks: a change moves at most one chunk's entries, however many objects there are.
// Used by resourceCache.ts. Upstream keeps a B-tree here (storage/cacher/store_btree.go).
import { compareKeys } from './keyOrder.ts';

const maxChunk = 512;

export interface SortedObjects<T extends { readonly key: string }> {
  readonly size: number;
  get(key: string): T | undefined;
  /** Puts it in its place, and gives what had this key. */
  set(item: T): T | undefined;
  delete(key: string): T | undefined;
  /** Up to `limit` items whose keys begin with `prefix`, those behind `after`. */
  range(prefix: string, after?: string, limit?: number): T[];
}

export function createSortedObjects<T extends { readonly key: string }>(): SortedObjects<T> {
  const chunks: T[][] = [];
  let size = 0;

  /** The chunk that holds `key` or would: the last one that does not start behind it. */
  function chunkOf(key: string): number {
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (compareKeys(chunks[middle]![0]!.key, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function split(at: number): void {
    const chunk = chunks[at]!;
    // Keys that come in ascending order leave full chunks behind.
    const keep = at === chunks.length - 1 ? maxChunk - 32 : maxChunk / 2;
    chunks.splice(at + 1, 0, chunk.splice(keep));
  }

  return {
    get size() {
      return size;
    },

    get(key) {
      const chunk = chunks[chunkOf(key)];
      if (!chunk) return undefined;
      const item = chunk[firstFrom(chunk, key)];
      return item?.key === key ? item : undefined;
    },

    set(item) {
      const at = chunkOf(item.key);
      const chunk = chunks[at];
      if (!chunk) {
        chunks.push([item]);
        size++;
        return undefined;
      }
      const place = firstFrom(chunk, item.key);
      const held = chunk[place];
      if (held?.key === item.key) {
        chunk[place] = item;
        return held;
      }
      chunk.splice(place, 0, item);
      size++;
      if (chunk.length > maxChunk) split(at);
      return undefined;
    },

    delete(key) {
      const at = chunkOf(key);
      const chunk = chunks[at];
      if (!chunk) return undefined;
      const place = firstFrom(chunk, key);
      const held = chunk[place];
      if (held?.key !== key) return undefined;
      chunk.splice(place, 1);
      size--;
      if (chunk.length === 0) chunks.splice(at, 1);
      return held;
    },

    range(prefix, after, limit = Number.POSITIVE_INFINITY) {
      const begin = after !== undefined && compareKeys(after, prefix) >= 0 ? after : prefix;
      const out: T[] = [];
      let at = chunkOf(begin);
      let place = chunks[at] ? firstFrom(chunks[at]!, begin) : 0;
      for (; at < chunks.length; at++, place = 0) {
        const chunk = chunks[at]!;
        for (; place < chunk.length; place++) {
          const item = chunk[place]!;
          if (out.length >= limit || !item.key.startsWith(prefix)) return out;
          if (item.key !== after) out.push(item);
        }
      }
      return out;
    },
  };
}

/** The index of the first item at `key` or behind it. */
function firstFrom(chunk: readonly { readonly key: string }[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(chunk[middle]!.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
