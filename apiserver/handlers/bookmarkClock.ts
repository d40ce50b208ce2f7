// One timer for the bookmarks of all watches, so that ten thousand idle ones cost no timers of their own.
// Mirrors: cacher.go's bookmark interval of about a minute.

const intervalMs = 60_000;
const bells = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Calls `ring` about once a minute; returns what stops it. */
export function bookmarkClock(ring: () => void): () => void {
  bells.add(ring);
  timer ??= setInterval(() => {
    for (const bell of bells) bell();
  }, intervalMs).unref();
  return () => {
    bells.delete(ring);
    if (bells.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}
