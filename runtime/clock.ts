// Time for the simulated runtime, passed in: microseconds that never repeat, and timers of any length.
// Used by: node.ts and life.ts; tests pass a clock of their own.

/** Microseconds since the epoch: an integer that JSON holds exactly, which nanoseconds would not be. */
export type Micros = number;

export interface RuntimeClock {
  /** Grows by at least one with each call, so that creation times order what was created. */
  now(): Micros;
  /** Calls back at `when` or soon after. Returns a function that cancels. */
  at(when: Micros, callback: () => void): () => void;
}

/** Beyond this setTimeout fires at once. */
const longestTimeout = 2 ** 31 - 1;

export function systemClock(): RuntimeClock {
  let last = 0;
  const now = () => {
    last = Math.max(last + 1, Date.now() * 1000);
    return last;
  };
  const at = (when: Micros, callback: () => void): (() => void) => {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const wait = Math.ceil(when / 1000 - Date.now());
      timer = setTimeout(
        () => (wait > longestTimeout ? arm() : callback()),
        Math.min(Math.max(wait, 0), longestTimeout),
      );
    };
    arm();
    return () => clearTimeout(timer);
  };
  return { now, at };
}

/** As the CRI counts: nanoseconds; 0 stays 0, which means "not yet". */
export const toNanos = (t: Micros): bigint => BigInt(t) * 1000n;
