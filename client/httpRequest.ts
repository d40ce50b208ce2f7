// One HTTP/1.1 exchange with the API server: bytes out, status and a body stream in, with a deadline and a way to end it.
// Reads and writes: the sockets of connectionPool.ts. Mirrors: the part of client-go's rest/request.go that touches net/http.
// Used by: transport.ts, which knows about verbs, tokens, retries and Statuses.
import type * as http from 'node:http';
import * as https from 'node:https';
import { request as httpRequest } from '../component-base/http.ts';
import { ConnectionError } from './client.ts';
import type { Pool } from './connectionPool.ts';

export interface Exchange {
  method: string;
  /** Parsed once a client: doing so for each request took as long as writing its head. */
  server: URL;
  /** With query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** Milliseconds until the answer's head, and for `readAll` until its end. 0: none. */
  timeout: number;
  signal?: AbortSignal;
  stream?: boolean;
}

export interface Answer {
  code: number;
  headers: http.IncomingHttpHeaders;
  stream: http.IncomingMessage;
  /** The whole body as text. Rejects with a ConnectionError when it is cut off or late. */
  text(): Promise<string>;
}

/** Sends; resolves with the answer's head. Rejects with a ConnectionError when there is none. */
export function exchange(pool: Pool, e: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const where = `${e.method} ${e.server.origin}${e.path.split('?', 1)[0]}`;
    if (e.signal?.aborted) return reject(new ConnectionError(`${where}: the request was aborted`));
    const request = (pool.secure ? https.request : httpRequest)({
      hostname: e.server.hostname.replace(/^\[|\]$/g, ''),
      port: e.server.port,
      path: e.path,
      method: e.method,
      agent: e.stream ? pool.streams : pool.calls,
      headers: e.body === undefined ? e.headers : { ...e.headers, 'content-length': Buffer.byteLength(e.body) },
    });
    const end = endings(request, e, where);
    request.on('error', (error) => {
      end.cancel();
      reject(end.reason ?? new ConnectionError(`${where}: ${describe(error)}`, error));
    });
    request.on('response', (message) => {
      if (e.stream) end.stopClock();
      message.once('close', end.cancel);
      resolve({
        code: message.statusCode ?? 0,
        headers: message.headers,
        stream: message,
        text: () =>
          readText(message, (error) => end.reason ?? new ConnectionError(`${where}: ${describe(error)}`, error)),
      });
    });
    request.end(e.body);
  });
}

/** What may end a request early, in one place: its deadline and its signal. */
function endings(request: http.ClientRequest, e: Exchange, where: string) {
  const state = { reason: undefined as ConnectionError | undefined, cancel, stopClock };
  const stop = (why: string) => {
    state.reason = new ConnectionError(`${where}: ${why}`);
    request.destroy(state.reason);
  };
  const timer = e.timeout ? setTimeout(() => stop(`no answer within ${e.timeout} ms`), e.timeout) : undefined;
  const aborted = () => stop('the request was aborted');
  e.signal?.addEventListener('abort', aborted, { once: true });
  function stopClock() {
    clearTimeout(timer);
  }
  function cancel() {
    clearTimeout(timer);
    e.signal?.removeEventListener('abort', aborted);
  }
  return state;
}

async function readText(message: http.IncomingMessage, wrap: (error: unknown) => ConnectionError): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk);
  } catch (error) {
    throw wrap(error);
  }
  return (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8');
}

/** `connection refused` and the like, rather than Node's codes; a failure on several addresses names the first. */
function describe(error: unknown): string {
  const first = error instanceof AggregateError && error.errors.length ? error.errors[0] : error;
  const code = (first as NodeJS.ErrnoException)?.code ?? '';
  return words[code] ?? (first as Error)?.message ?? String(first);
}

const words: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'broken pipe',
  ETIMEDOUT: 'connection timed out',
  ENOTFOUND: 'no such host',
  EHOSTUNREACH: 'no route to host',
};

/** True when the request can not have reached the server. */
export function neverSent(error: unknown): boolean {
  const cause = (error as ConnectionError)?.cause;
  const codes =
    cause instanceof AggregateError ? cause.errors.map((e) => e.code) : [(cause as NodeJS.ErrnoException)?.code];
  return codes.length > 0 && codes.every((c) => c === 'ECONNREFUSED' || c === 'ENOTFOUND' || c === 'EHOSTUNREACH');
}

/** True when the connection broke after it stood: on a kept-alive socket, often the server closing an idle one. */
export const wasCut = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE'].includes(((error as ConnectionError)?.cause as NodeJS.ErrnoException)?.code ?? '');
