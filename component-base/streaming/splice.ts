// Two connections as one: what comes in here goes out there, at the pace of the slower, until one of them ends.
// Used by: apiserver/proxy/reverseProxy.ts, apiserver/streaming/, kubelet/server/streams.ts. A half that ends lets the other finish.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Splice {
  /** Cuts both connections now. */
  finish(): void;
}

export interface SpliceOptions {
  /** Milliseconds without a byte either way; 0 or absent: no limit. */
  idleTimeout?: number;
  /** Where the splice is listed while it lasts. */
  open?: Set<Splice>;
}

export interface End {
  socket: Duplex;
  /** Bytes already read from it. */
  head: Buffer;
}

/** How long the other half may go on without a byte once one has ended. */
const halfOpenTimeout = 30_000;
/** How long a peer may take to close its end once all has been said. */
const lingerTimeout = 10_000;

export function splice(a: End, b: End, options: SpliceOptions = {}): void {
  const cut = () => {
    watch.stop();
    a.socket.destroy();
    b.socket.destroy();
  };
  const watch = idleWatch(() => cut(), options.idleTimeout ?? 0);
  const self: Splice = { finish: cut };
  options.open?.add(self);
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    if (from.head.length) to.socket.write(from.head);
    from.socket.on('data', watch.touch);
    from.socket.pipe(to.socket);
    from.socket.once('end', () => watch.limit(halfOpenTimeout));
    from.socket.on('error', () => from.socket.destroy());
    from.socket.once('close', () => {
      options.open?.delete(self);
      if (to.socket.destroyed) return watch.stop();
      // What is on its way out gets the time to arrive, and what still comes in is read: a socket that is closed on unread bytes is
      // reset, and its peer loses what it had not read yet.
      watch.limit(lingerTimeout);
      to.socket.unpipe();
      to.socket.resume();
      if (!to.socket.writableEnded) to.socket.end();
    });
    if (from.socket.destroyed) cut();
  }
}

/** One timer for both directions, moved on only when it fires. */
function idleWatch(onIdle: () => void, milliseconds: number) {
  let limit = milliseconds;
  let last = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const arm = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(check, ms);
    timer.unref();
  };
  const check = () => {
    const left = last + limit - Date.now();
    if (left <= 0) onIdle();
    else arm(left);
  };
  if (limit > 0) arm(limit);
  return {
    touch: () => {
      last = Date.now();
    },
    limit(ms: number) {
      if (stopped || (limit > 0 && limit < ms)) return;
      limit = ms;
      last = Date.now();
      arm(ms);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** The head of a 101 as the target wrote it, to be written to the client before the two are spliced. */
export function switchingProtocols(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 101 ${answer.statusMessage || 'Switching Protocols'}`];
  for (let i = 0; i < answer.rawHeaders.length; i += 2)
    lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
