// Randomness that can be had again: everything a fuzz run does follows from its seed.
// Used by every file of this folder.

export interface Random {
  /** An integer in [0, n). */
  below(n: number): number;
  chance(p: number): boolean;
  pick<T>(from: readonly T[]): T;
  bytes(n: number): Buffer;
  /** A generator of its own for one case, so that a case can be run again alone. */
  fork(n: number): Random;
}

/** Mulberry32: 32 bits of state, enough to choose with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const random: Random = {
    below: (n) => Math.floor((next() / 2 ** 32) * n),
    chance: (p) => next() / 2 ** 32 < p,
    pick: (from) => from[random.below(from.length)]!,
    bytes: (n) => Buffer.from(Array.from({ length: n }, () => next() & 255)),
    fork: (n) => createRandom(Math.imul(seed ^ 0x9e3779b9, 31) + Math.imul(n, 0x85ebca6b)),
  };
  return random;
}
