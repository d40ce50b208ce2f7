// Looks over a server from inside: preloaded into its process by fuzzServer.ts, to which it tells what it saw.
// Reads: the event loop's delays, memory, unhandled rejections. Writes: messages to the parent, one each quarter of a second.
import { writeHeapSnapshot } from 'node:v8';

export interface Seen {
  /**
   * The longest time that the event loop stood still since the last message, in milliseconds of the thread's own CPU: other
   * processes on the same cores do not count.
   */
  stall: number;
  /** Stacks of rejections that nobody handled and of exceptions that nobody caught. */
  unhandled: string[];
}

/** What the parent may ask: the heap after a collection, and a file for what is in it. */
export interface Ask {
  snapshot?: string;
}
export interface Collected {
  /** Bytes. */
  collected: number;
}

const cpu = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
let longest = 0;
let before = cpu();
// Between two runs of a timer lies at least one turn of the event loop; a few short ones add up to little.
setInterval(() => {
  const now = cpu();
  longest = Math.max(longest, now - before);
  before = now;
}, 5).unref();
const unhandled: string[] = [];
const keep = (error: unknown) => void unhandled.push((error as Error)?.stack ?? String(error));
process.on('unhandledRejection', keep);
process.on('uncaughtException', keep);

setInterval(() => {
  process.send?.({ stall: longest, unhandled: unhandled.splice(0) } satisfies Seen);
  longest = 0;
}, 250).unref();
// Asked for the heap: what is left after a collection, which is not the server's own stall. Twice: finalizers free more.
process.on('message', (ask: Ask) => {
  for (let i = 0; i < 2; i++) globalThis.gc?.();
  if (ask.snapshot) writeHeapSnapshot(ask.snapshot);
  before = cpu();
  process.send?.({ collected: process.memoryUsage().heapUsed } satisfies Collected);
});
// The channel to the parent is no reason to live.
process.channel?.unref();
