// Objects that writers have just encoded, until their events come back: the watch cache need not parse those.
// Used by watchCache.ts.
import type { KubeObject } from '../../apimachinery/types.ts';
import { toBuffer } from './bytes.ts';

/** Of a write that failed nothing comes back; so only the newest are kept. */
const maxHints = 256;

export function createHints() {
  const hints = new Map<string, { value: Uint8Array; object: KubeObject }>();
  return {
    add(key: string, value: Uint8Array, object: KubeObject): void {
      hints.delete(key);
      hints.set(key, { value, object });
      if (hints.size > maxHints) hints.delete(hints.keys().next().value!);
    },
    take(key: string, value: Uint8Array): KubeObject | undefined {
      const hint = hints.get(key);
      if (!hint || (hint.value !== value && !toBuffer(hint.value).equals(value))) return undefined;
      hints.delete(key);
      return hint.object;
    },
  };
}
