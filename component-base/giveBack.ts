// Gives memory back to the system when a daemon comes to rest: after its start, after a burst of work.
// V8 collects when it needs room, and a process that rests needs none, so it would keep for ever what its start has left: a
// fifth of its memory. Reads the process's CPU time; main.ts starts it.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds between two looks. */
const period = 3000;
/** Milliseconds of CPU: less than the first within a period is rest; less than the second since the last time is not worth it. */
const rest = 100;
const worthIt = 100;
/** Bytes. A collection stops the process for 3 ms a megabyte that lives; a larger heap is left to V8. */
const largest = 64 * 2 ** 20;

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Is it rest, and was there work? Pure. `now`, `before` and `since`: CPU now, at the last look and after the last collection. */
export const isTime = (now: number, before: number, since: number): boolean =>
  now - before < rest && now - since >= worthIt;

/** `used` tells how large the heap is. What died young counts for nothing: where it looks large, `young` first collects that, which is short. */
export function isSmall(used: () => number, young: () => void): boolean {
  if (used() > largest) young();
  return used() <= largest;
}

/** Looks every three seconds for as long as the process lives, without keeping it alive. */
export function giveBackAtRest(): void {
  let before = cpu();
  let since = 0;
  setInterval(() => {
    const now = cpu();
    if (isTime(now, before, since)) {
      if (isSmall(heapUsed, () => collect({ type: 'minor' }))) collect({ type: 'major', flavor: 'last-resort' });
      since = cpu();
    }
    before = cpu();
  }, period).unref();
}

const heapUsed = (): number => process.memoryUsage().heapUsed;

function collect(how: object): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')(how);
}
