// The writing end of one watch: what has gathered goes out in one write when its turn comes; a watcher that cannot keep up is dropped.
// Used by watch.ts. Mirrors the role of upstream's cacheWatcher buffer.
import type { ServerResponse } from 'node:http';

/** A watcher may lag by so many bytes of events before it is cut off; it will come again and relist if it must. */
const maxBacklogBytes = 64 * 1024 * 1024;
/** What is handed to the socket at once; the rest waits here, where its bytes are shared with other watchers. */
const highWaterBytes = 1024 * 1024;

/** Milliseconds for which watchers are written to before requests are looked at again. */
const slice = 5;

/** What was put together last: most watchers that are written to in one turn wait for the same events. */
const nothing: { parts: readonly Buffer[]; bytes: Buffer } = { parts: [], bytes: Buffer.alloc(0) };
let last = nothing;

function joined(parts: readonly Buffer[], size: number): Buffer {
  if (parts.length === 1) return parts[0]!;
  const same = last.parts.length === parts.length && parts.every((part, i) => part === last.parts[i]);
  if (!same) last = { parts, bytes: Buffer.concat(parts, size) };
  return last.bytes;
}

/** One function for all of them. */
function destroy(this: ServerResponse): void {
  this.destroy();
}

export class WatchStream {
  /** Those that have something to send. The more they are, the longer a round takes, and the more goes out in one write. */
  static readonly #ready = new Set<WatchStream>();

  static #sendSome(): void {
    const end = performance.now() + slice;
    for (const stream of WatchStream.#ready) {
      WatchStream.#ready.delete(stream);
      stream.#flush();
      if (performance.now() > end) break;
    }
    if (WatchStream.#ready.size) setImmediate(WatchStream.#sendSome);
    else last = nothing;
  }

  readonly closed: Promise<void>;
  readonly #response: ServerResponse;
  readonly #messages: boolean;
  #queue: Buffer[] = [];
  #queued = 0;
  #blocked = false;
  #finishing = false;
  #drained: (() => void)[] | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#messages = 'messages' in response;
    this.closed = new Promise((resolve) => {
      response.on('close', () => {
        this.#tellDrained();
        resolve();
      });
    });
    response.on('drain', () => {
      this.#blocked = false;
      this.#flush();
      if (!this.#blocked) this.#tellDrained();
    });
    response.on('error', destroy);
  }

  push(bytes: Buffer): void {
    if (this.#finishing || this.#response.destroyed) return;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queued > maxBacklogBytes) {
      this.drop();
      return;
    }
    if (this.#blocked) return;
    WatchStream.#ready.add(this);
    if (WatchStream.#ready.size === 1) setImmediate(WatchStream.#sendSome);
  }

  /** Bytes that the socket has not been given yet. */
  get waiting(): number {
    return this.#queued;
  }

  /** Nothing that is pushed now will be sent. */
  get ended(): boolean {
    return this.#finishing || this.#response.destroyed;
  }

  /** Resolves when the client has taken what was waiting, or is gone. */
  drained(): Promise<void> {
    if (this.#response.destroyed || (!this.#queued && !this.#blocked)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained ??= [];
      this.#drained.push(resolve);
    });
  }

  /** Cuts off a watcher that cannot keep up; it will come again. */
  drop(): void {
    this.#queue = [];
    WatchStream.#ready.delete(this);
    this.#response.destroy();
  }

  #tellDrained(): void {
    for (const resolve of this.#drained?.splice(0) ?? []) resolve();
  }

  /** Sends what is there and ends the stream cleanly. */
  finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#flush();
  }

  #flush(): void {
    while (this.#queue.length && !this.#blocked && !this.#response.destroyed) {
      const bytes = this.#takeChunk();
      this.#blocked = !this.#response.write(bytes);
    }
    if (this.#finishing && !this.#queue.length && !this.#response.destroyed) this.#response.end();
  }

  #takeChunk(): Buffer {
    // Over a WebSocket each event is a message of its own.
    if (this.#messages) {
      const event = this.#queue.shift()!;
      this.#queued -= event.length;
      return event;
    }
    let size = 0;
    let count = 0;
    while (count < this.#queue.length && size < highWaterBytes) size += this.#queue[count++]!.length;
    const parts = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count);
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    this.#queued -= size;
    return joined(parts, size);
  }
}
