// gRPC to one server: calls of one message and one answer, and calls whose answers go on coming. Each is sent once.
// Says of a failed call whether it may have reached the server; whom to ask next is the caller's matter.
// Mirrors: the wire of google.golang.org/grpc (PROTOCOL-HTTP2.md), as much of it as etcd needs. Used by etcdMember.ts.
// Next along the chain: connectHttp2.ts, http2Connection.ts.
import type { SecureContextOptions } from 'node:tls';
import { connectHttp2 } from './connectHttp2.ts';
import type { Headers } from './hpack.ts';
import type { Http2Connection, Http2Listener, Lost } from './http2Connection.ts';
import { createMessageCutter } from './messageCutter.ts';

export const status = { cancelled: 1, unknown: 2, deadlineExceeded: 4, internal: 13, unavailable: 14 } as const;

export class GrpcError extends Error {
  readonly code: number;
  /** The server has certainly not seen the call. */
  readonly neverLeft: boolean;
  constructor(code: number, details: string, neverLeft = false) {
    super(details);
    this.name = 'GrpcError';
    this.code = code;
    this.neverLeft = neverLeft;
  }
}

export interface GrpcChannel {
  /** `message` has gRPC's five bytes before it, the answer has not. Rejects with GrpcError. */
  call(path: string, message: Buffer): Promise<Buffer>;
  /** The answers in the groups they come in. Throws GrpcError when the stream ends other than by cancel(). */
  listen(path: string, message: Buffer): Promise<Answers>;
  close(): void;
}

export interface Answers extends AsyncIterable<Buffer[]> {
  cancel(): void;
}

/** After a connection that failed, so long nobody tries again: the next calls fail at once. */
const shunMs = 100;

interface Pending {
  due: number;
  expire(): void;
}

/** `tls` absent: in clear. `headers` go along with each call. `callMs`: how long an answer is waited for. */
export function createGrpcChannel(
  address: string,
  tls: SecureContextOptions | undefined,
  headers: Record<string, string>,
  callMs = 5_000,
): GrpcChannel {
  const heads = new Map<string, Headers>();
  /** In the order of their deadlines. */
  const pending = new Set<Pending>();
  let current: Http2Connection | undefined;
  let opening: Promise<Http2Connection> | undefined;
  let failure: GrpcError | undefined;
  let closed = false;

  const deadlines = setInterval(() => {
    const now = performance.now();
    for (const call of pending) {
      if (call.due > now) break;
      call.expire();
    }
  }, callMs / 20).unref();

  function headOf(path: string): Headers {
    let head = heads.get(path);
    if (!head) {
      const pseudo = { ':scheme': tls ? 'https' : 'http', ':path': path, ':authority': address };
      head = { ...pseudo, 'content-type': 'application/grpc', te: 'trailers', ...headers };
      heads.set(path, head);
    }
    return head;
  }

  async function open(): Promise<Http2Connection> {
    if (closed) throw new GrpcError(status.unavailable, 'the connection is closed', true);
    if (failure) throw failure;
    try {
      current = await connectHttp2(address, tls);
    } catch (error) {
      failure = new GrpcError(status.unavailable, (error as Error).message, true);
      setTimeout(() => {
        failure = undefined;
      }, shunMs).unref();
      throw failure;
    }
    if (closed) current.close();
    return current;
  }

  /** One connection at a time, made for all who wait for it. */
  function connection(): Http2Connection | Promise<Http2Connection> {
    if (current?.usable) return current;
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return opening;
  }

  function send(on: Http2Connection, path: string, message: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const answer = new Answer((error) => {
        pending.delete(call);
        if (error) reject(error);
        else resolve(onlyMessage(parts));
      });
      answer.onData = (bytes) => {
        parts.push(bytes);
        stream.used(bytes.length);
      };
      const call: Pending = {
        due: performance.now() + callMs,
        expire() {
          stream.cancel();
          answer.finish(new GrpcError(status.deadlineExceeded, 'no answer in time'));
        },
      };
      pending.add(call);
      const stream = on.request(headOf(path), message, true, answer);
    });
  }

  return {
    async call(path, message) {
      for (let tries = 1; ; tries++) {
        const on = connection();
        try {
          return await send(on instanceof Promise ? await on : on, path, message);
        } catch (error) {
          // The server went away before it took the call up: it is as if there had been no connection yet.
          const again = tries === 1 && !failure && error instanceof GrpcError && error.neverLeft;
          if (!again) throw error;
        }
      }
    },
    listen: async (path, message) => listenTo(await connection(), headOf(path), message),
    close() {
      closed = true;
      clearInterval(deadlines);
      current?.close();
    },
  };
}

/** How one call is answered: its data as they come, then once how it ended. */
class Answer implements Http2Listener {
  onData: (bytes: Buffer) => void = () => {};
  readonly #done: (failure: GrpcError | undefined) => void;
  #over = false;
  /** What the server has said of the call; undefined: nothing. */
  #result: { failure: GrpcError | undefined } | undefined;

  constructor(done: (failure: GrpcError | undefined) => void) {
    this.#done = done;
  }

  headers(headers: Headers): void {
    const http = headers[':status'];
    if (headers['grpc-status'] !== undefined) this.#result = { failure: failureIn(headers) };
    else if (http !== undefined && http !== '200')
      this.#result = { failure: new GrpcError(status.unavailable, `HTTP status ${http}`) };
  }

  data(bytes: Buffer): void {
    this.onData(bytes);
  }

  ended(lost: Lost | undefined): void {
    const unknown = () =>
      new GrpcError(status.unavailable, lost?.reason ?? 'an answer without a status', lost?.refused ?? false);
    this.finish(this.#result ? this.#result.failure : unknown());
  }

  finish(failure: GrpcError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(failure);
  }
}

function failureIn(headers: Headers): GrpcError | undefined {
  const code = Number(headers['grpc-status']);
  return code === 0 ? undefined : new GrpcError(code, unescaped(headers['grpc-message'] ?? ''));
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function onlyMessage(parts: Buffer[]): Promise<Buffer> | Buffer {
  try {
    const message = createMessageCutter().add(parts.length === 1 ? parts[0]! : Buffer.concat(parts))[0];
    if (message) return message;
  } catch {}
  return Promise.reject(new GrpcError(status.internal, 'an answer without a message that can be read'));
}

function listenTo(on: Http2Connection, head: Headers, message: Buffer): Answers {
  const cutter = createMessageCutter();
  let waiting: Buffer[] = [];
  let size = 0;
  let end: { failure: GrpcError | undefined } | undefined;
  let wake: (() => void) | undefined;
  const answer = new Answer((failure) => {
    end = { failure };
    wake?.();
  });
  answer.onData = (bytes) => {
    size += bytes.length;
    try {
      for (const one of cutter.add(bytes)) waiting.push(one);
    } catch (error) {
      stream.cancel();
      answer.finish(new GrpcError(status.internal, (error as Error).message));
    }
    if (waiting.length > 0) wake?.();
    else taken();
  };
  const stream = on.request(head, message, false, answer);

  /** The server may send more once what it has sent is read. */
  function taken(): void {
    stream.used(size);
    size = 0;
  }

  async function* answers(): AsyncGenerator<Buffer[]> {
    for (;;) {
      if (waiting.length > 0) {
        const messages = waiting;
        waiting = [];
        taken();
        yield messages;
      } else if (end) {
        throw end.failure ?? new GrpcError(status.unavailable, 'the server ended the stream');
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    }
  }
  return {
    [Symbol.asyncIterator]: answers,
    cancel() {
      stream.cancel();
      answer.finish(new GrpcError(status.cancelled, 'the stream was cancelled'));
    },
  };
}
