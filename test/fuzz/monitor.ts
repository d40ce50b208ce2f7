// Looks over a server from inside: preloaded into its process by fuzzServer.ts, to which it tells what it saw.
// Reads: the event loop's delay, memory, unhandled rejections. Writes: messages to the parent, one each quarter of a second.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Seen {
  /** The longest time that the event loop stood still since the last message, in milliseconds. */
  stall: number;
  /** Bytes in use after the last collection, about. */
  heap: number;
  rss: number;
  /** Stacks of rejections that nobody handled and of exceptions that nobody caught. */
  unhandled: string[];
}

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const unhandled: string[] = [];
const keep = (error: unknown) => void unhandled.push((error as Error)?.stack ?? String(error));
process.on('unhandledRejection', keep);
process.on('uncaughtException', keep);

setInterval(() => {
  const { heapUsed, rss } = process.memoryUsage();
  process.send?.({ stall: delay.max / 1e6, heap: heapUsed, rss, unhandled: unhandled.splice(0) } satisfies Seen);
  delay.reset();
}, 250).unref();
// The channel to the parent is no reason to live.
process.channel?.unref();
