// Time, passed in: so that tests and replays decide what "now" is.
// Mirrors: k8s.io/utils/clock.
import { flatText } from './flatText.ts';

/** Milliseconds since the epoch, and timers that the same clock drives. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): { cancel(): void };
}

export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    if (ms > longest) return longTimeout(callback, ms);
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Node's timers end at 2^31 ms; what is longer would fire at once. */
const longest = 2 ** 31 - 1;

function longTimeout(callback: () => void, ms: number): { cancel(): void } {
  let rest = ms - longest;
  let timer = setTimeout(function next() {
    if (rest <= 0) return callback();
    timer = setTimeout(next, Math.min(rest, longest));
    rest -= longest;
  }, longest);
  return { cancel: () => clearTimeout(timer) };
}

let lastSecond = Number.NaN;
let lastTime = '';

/** metav1.Time: RFC 3339 in whole seconds, UTC. Many writes fall into one second, so the last text is kept. */
export function toTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastTime = flatText(`${new Date(ms).toISOString().slice(0, 19)}Z`);
    lastSecond = second;
  }
  return lastTime;
}

/** metav1.MicroTime: RFC 3339 with six decimals, UTC. */
export const toMicroTime = (ms: number): string => {
  const iso = new Date(ms).toISOString();
  return flatText(`${iso.slice(0, 23)}000Z`);
};
