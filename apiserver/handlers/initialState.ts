// The state that a watch begins with: a short one at once, a long one in slices between which others get their turn and the client reads on.
// Called by watch.ts, which keeps the events of the meantime. Mirrors the role of upstream's cacheWatcher.processInterval.
import type { WatchStream } from './watchStream.ts';

/** Milliseconds that a slice may take. */
const turn = 10;
/** Bytes that may wait for the client before more are made. */
const mostWaiting = 4 * 1024 * 1024;

/** Sends each item. Undefined when all are sent; otherwise it resolves when they are, or when the client is gone. */
export function sendState<T>(
  items: readonly T[],
  send: (item: T) => void,
  out: WatchStream,
): Promise<void> | undefined {
  const at = sendSlice(items, 0, send, out);
  return at < items.length ? sendRest(items, at, send, out) : undefined;
}

async function sendRest<T>(
  items: readonly T[],
  from: number,
  send: (item: T) => void,
  out: WatchStream,
): Promise<void> {
  let at = from;
  while (at < items.length) {
    if (out.waiting > mostWaiting) await out.drained();
    else await new Promise<void>((resolve) => setImmediate(resolve));
    if (out.ended) return;
    at = sendSlice(items, at, send, out);
  }
}

/** Where it stopped. */
function sendSlice<T>(items: readonly T[], from: number, send: (item: T) => void, out: WatchStream): number {
  const end = performance.now() + turn;
  let at = from;
  while (at < items.length && out.waiting <= mostWaiting) {
    send(items[at++]!);
    if (performance.now() > end) break;
  }
  return at;
}
