// gRPC to one server over node:http2: calls of one message and one answer, and calls whose answers go on coming. Each is sent once.
// Says of a failed call whether it may have reached the server; whom to ask next is the caller's matter.
// Mirrors: the wire of google.golang.org/grpc (PROTOCOL-HTTP2.md), as much of it as etcd needs. Used by etcdMember.ts.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { SecureContextOptions } from 'node:tls';
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
  /** Answers in the groups they come in. Throws GrpcError when the stream ends other than by cancel(). */
  listen(path: string, message: Buffer): Promise<Answers>;
  close(): void;
}

export interface Answers extends AsyncIterable<Buffer[]> {
  cancel(): void;
}

const connectMs = 5_000;
/** After a connection that failed, so long nobody tries again: the next calls fail at once. */
const shunMs = 100;
/** Upstream's keepalive. */
const pingEveryMs = 30_000;
const pingTimeoutMs = 10_000;
/** Of one stream, of all: a page of a list needs no pause half-way. */
const streamWindow = 8 * 1024 * 1024;
const sessionWindow = 64 * 1024 * 1024;
/** So many messages may wait for their reader before the server has to. */
const mostWaiting = 1_000;

/** `tls` absent: in clear. `headers` go along with each call. `callMs`: how long an answer is waited for. */
export function createGrpcChannel(
  address: string,
  tls: SecureContextOptions | undefined,
  headers: Record<string, string>,
  callMs = 5_000,
): GrpcChannel {
  const common = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers', ...headers };
  let live: ClientHttp2Session | undefined;
  let opening: Promise<ClientHttp2Session> | undefined;
  let failure: GrpcError | undefined;
  let closed = false;
  let underway = 0;

  async function open(): Promise<ClientHttp2Session> {
    if (closed) throw new GrpcError(status.unavailable, 'the connection is closed', true);
    if (failure) throw failure;
    try {
      live = await connected(address, tls, () => underway > 0);
    } catch (error) {
      failure = new GrpcError(status.unavailable, (error as Error).message.trim(), true);
      setTimeout(() => {
        failure = undefined;
      }, shunMs).unref();
      throw failure;
    }
    const made = live;
    const gone = () => {
      if (live === made) live = undefined;
    };
    made.on('goaway', () => {
      gone();
      made.close();
    });
    made.on('close', gone);
    if (closed) made.destroy();
    return made;
  }

  async function session(): Promise<ClientHttp2Session> {
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return opening;
  }

  async function callOnce(path: string, message: Buffer): Promise<Buffer> {
    const stream = start(live ?? (await session()), path);
    stream.end(message);
    return answerOf(stream, callMs);
  }

  function start(on: ClientHttp2Session, path: string): ClientHttp2Stream {
    try {
      const stream = on.request({ ...common, ':path': path });
      underway++;
      stream.once('close', () => underway--);
      return stream;
    } catch (error) {
      throw new GrpcError(status.unavailable, (error as Error).message, true);
    }
  }

  return {
    async call(path, message) {
      try {
        return await callOnce(path, message);
      } catch (error) {
        // The server went away before it took the call up: it is as if there had been no connection yet.
        if (failure || !(error instanceof GrpcError && error.neverLeft)) throw error;
        return callOnce(path, message);
      }
    },
    async listen(path, message) {
      const stream = start(live ?? (await session()), path);
      stream.write(message);
      return answersOf(stream);
    },
    close() {
      closed = true;
      live?.destroy();
    },
  };
}

/** A connection on which the server has spoken; it ends itself when the server falls silent. */
function connected(
  address: string,
  tls: SecureContextOptions | undefined,
  busy: () => boolean,
): Promise<ClientHttp2Session> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  const session = connect(`${tls ? 'https' : 'http'}://${address}`, {
    ...tls,
    settings: { enablePush: false, initialWindowSize: streamWindow },
    // In megabytes: a list that is being read must not refuse other streams.
    maxSessionMemory: 4_096,
  });
  const timer = setTimeout(() => session.destroy(new Error(`${address} does not answer`)), connectMs);
  session.once('remoteSettings', () => {
    clearTimeout(timer);
    session.setLocalWindowSize(sessionWindow);
    resolve(session);
  });
  session.on('error', reject);
  const pings = keepAlive(session, busy);
  session.once('close', () => {
    clearTimeout(timer);
    clearInterval(pings);
    reject(new Error(`${address} closed the connection`));
  });
  return promise;
}

/** Only while a stream is open, as gRPC's clients do: etcd ends an idle connection that pings. */
function keepAlive(session: ClientHttp2Session, busy: () => boolean): NodeJS.Timeout {
  const ping = () => {
    if (!busy()) return;
    const silent = setTimeout(() => session.destroy(), pingTimeoutMs);
    session.ping(() => clearTimeout(silent));
  };
  return setInterval(ping, pingEveryMs);
}

/** How a call ended: undefined when it went well or is not over yet. */
function watchEnd(stream: ClientHttp2Stream, ended: (failure: GrpcError | undefined) => void): void {
  let over = false;
  let result: { failure: GrpcError | undefined } | undefined;
  let lost = 'the connection was lost';
  const end = (failure: GrpcError | undefined) => {
    if (over) return;
    over = true;
    ended(failure);
  };
  const read = (head: Record<string, unknown>) => {
    if (head['grpc-status'] !== undefined) result = { failure: failureIn(head) };
    else if (head[':status'] !== undefined && head[':status'] !== 200)
      result = { failure: new GrpcError(status.unavailable, `HTTP status ${head[':status']}`) };
  };
  stream.on('response', read);
  stream.on('trailers', read);
  stream.on('end', () => result && end(result.failure));
  stream.on('error', (error) => {
    lost = error.message;
  });
  stream.on('close', () => {
    const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    end(result ? result.failure : new GrpcError(status.unavailable, lost, refused));
  });
}

function failureIn(head: Record<string, unknown>): GrpcError | undefined {
  const code = Number(head['grpc-status']);
  return code === 0 ? undefined : new GrpcError(code, unescaped(String(head['grpc-message'] ?? '')));
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function answerOf(stream: ClientHttp2Stream, callMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      reject(new GrpcError(status.deadlineExceeded, 'no answer in time'));
      stream.close(constants.NGHTTP2_CANCEL);
    }, callMs);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    watchEnd(stream, (failure) => {
      clearTimeout(timer);
      if (failure) reject(failure);
      else resolve(onlyMessage(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    });
  });
}

function onlyMessage(bytes: Buffer): Promise<Buffer> | Buffer {
  try {
    const message = createMessageCutter().add(bytes)[0];
    if (message) return message;
  } catch {}
  return Promise.reject(new GrpcError(status.internal, 'an answer without a message that can be read'));
}

function answersOf(stream: ClientHttp2Stream): Answers {
  const cutter = createMessageCutter();
  let waiting: Buffer[] = [];
  let end: { failure: GrpcError | undefined } | undefined;
  let wake: (() => void) | undefined;
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const message of cutter.add(chunk)) waiting.push(message);
    } catch (error) {
      stream.destroy(error as Error);
    }
    if (waiting.length > mostWaiting) stream.pause();
    if (waiting.length > 0) wake?.();
  });
  watchEnd(stream, (failure) => {
    end = { failure };
    wake?.();
  });

  async function* answers(): AsyncGenerator<Buffer[]> {
    for (;;) {
      if (waiting.length > 0) {
        const messages = waiting;
        waiting = [];
        yield messages;
        if (stream.isPaused()) stream.resume();
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
    cancel: () => stream.close(constants.NGHTTP2_CANCEL),
  };
}
