// Answers that hold for a while; one question under way serves all who ask the same.
// Used by: authentication.ts, authorization.ts.
import type { Clock } from '../../apimachinery/clock.ts';

export interface TtlCache<V> {
  /** `ask` answers with the value and for how many milliseconds it holds. A rejection is not kept. */
  get(key: string, ask: () => Promise<{ value: V; ttl: number }>): Promise<V>;
}

const most = 4096;

export function createTtlCache<V>(clock: Clock): TtlCache<V> {
  const kept = new Map<string, { value: Promise<V>; until: number }>();
  return {
    get(key, ask) {
      const found = kept.get(key);
      if (found && found.until > clock.now()) return found.value;
      if (kept.size >= most) kept.clear();
      const entry = { value: Promise.resolve() as Promise<any>, until: Number.POSITIVE_INFINITY };
      entry.value = ask().then(
        ({ value, ttl }) => {
          entry.until = clock.now() + ttl;
          return value;
        },
        (error) => {
          kept.delete(key);
          throw error;
        },
      );
      kept.set(key, entry);
      return entry.value;
    },
  };
}
