// Time, passed in: so that tests and replays decide what "now" is.
// Mirrors: k8s.io/utils/clock.

/** Milliseconds since the epoch, and timers that the same clock drives. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): { cancel(): void };
}

export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** metav1.Time: RFC 3339 in whole seconds, UTC. */
export const toTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** metav1.MicroTime: RFC 3339 with six decimals, UTC. */
export const toMicroTime = (ms: number): string => {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 23)}000Z`;
};
