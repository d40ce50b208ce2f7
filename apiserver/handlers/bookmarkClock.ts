// One timer for the bookmarks of all watches, so that ten thousand idle ones cost no timers of their own.
// Mirrors: cacher.go's bookmark interval of about a minute. Used by watch.ts.

const intervalMs = 60_000;

/** What wants to send a bookmark about once a minute. */
interface Watcher {
  bookmark(): void;
}

const watchers = new Set<Watcher>();
let timer: ReturnType<typeof setInterval> | undefined;

export const bookmarkClock = {
  add(watcher: Watcher): void {
    watchers.add(watcher);
    timer ??= setInterval(ring, intervalMs).unref();
  },
  delete(watcher: Watcher): void {
    if (!watchers.delete(watcher) || watchers.size) return;
    clearInterval(timer);
    timer = undefined;
  },
};

function ring(): void {
  for (const watcher of watchers) watcher.bookmark();
}
