// Objects that writers have just encoded, until their events come back: the watch cache need not parse those.
// Used by watchCache.ts.
import type { KubeObject } from '../../apimachinery/types.ts';
import { servedEncoded, toBuffer } from './bytes.ts';
import type { Hint } from './cached.ts';
import type { Revision } from './store.ts';

/** Of a write that failed nothing comes back; so only the newest are kept. */
const maxHints = 256;

class WriteHint implements Hint {
  readonly value: Uint8Array;
  readonly object: KubeObject;
  private made: { revision: Revision; bytes: Buffer } | undefined;

  constructor(value: Uint8Array, object: KubeObject) {
    this.value = value;
    this.object = object;
    this.made = undefined;
  }

  served(revision: Revision): Buffer {
    if (this.made?.revision !== revision)
      this.made = { revision, bytes: servedEncoded(toBuffer(this.value), revision) };
    return this.made.bytes;
  }
}

export function createHints() {
  const hints = new Map<string, WriteHint>();
  return {
    add(key: string, value: Uint8Array, object: KubeObject): Hint {
      const hint = new WriteHint(value, object);
      hints.delete(key);
      hints.set(key, hint);
      if (hints.size > maxHints) hints.delete(hints.keys().next().value!);
      return hint;
    },
    take(key: string, value: Uint8Array): WriteHint | undefined {
      const hint = hints.get(key);
      if (!hint || (hint.value !== value && !toBuffer(hint.value).equals(value))) return undefined;
      hints.delete(key);
      return hint;
    },
  };
}
