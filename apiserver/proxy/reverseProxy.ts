// Passes a request on to another server and its answer back: bodies as streams both ways, upgrades as two sockets spliced together.
// Reads: the request and its target. Mirrors: apimachinery/pkg/util/proxy/upgradeaware.go and transport.go, Go's httputil.ReverseProxy.
// Used by: pods/services/nodes proxy, the way to kubelets, the aggregator. Next: forwardedHeaders.ts, rewriteHtml.ts.
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { StatusError, serviceUnavailable } from '../../apimachinery/status.ts';
import * as http from '../../component-base/http.ts';
import { type Splice, splice, switchingProtocols } from '../../component-base/streaming/splice.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { takenAnswer, takeSocket } from '../upgrade.ts';
import { answerHeaders, requestHeaders } from './forwardedHeaders.ts';
import { goError } from './goError.ts';
import { htmlStages, isHtml } from './rewriteHtml.ts';
import { type Rewrite, rewriteUrl } from './rewriteUrl.ts';

export interface ProxyTarget {
  /** `https://10.0.0.1:443` */
  origin: string;
  /** Escaped, with the query. */
  path: string;
  tls?: {
    ca?: string | Buffer;
    cert?: string | Buffer;
    key?: string | Buffer;
    servername?: string;
    /** True: the certificate is not checked. */
    insecure?: boolean;
  };
  /** Set over the client's: `host` too, which is the client's own otherwise. */
  headers?: Record<string, string | string[]>;
  /** Location headers and links in HTML answers that lead into the target get this path in front; X-Forwarded-Uri is sent. */
  rewrite?: { prefix: string };
  /** Makes the connection to the origin; absent: straight TCP. */
  dial?: (hostPort: string) => Promise<Duplex>;
  /** Milliseconds without a byte either way, after which a spliced connection is cut; 0 or absent: never. */
  idleTimeout?: number;
  /** Connections spliced now: a server that stops ends them. */
  open?: Set<Splice>;
}

const agents = {
  http: new http.Agent({ keepAlive: true }),
  https: new https.Agent({ keepAlive: true }),
};
/** As upstream's dialers. */
const connectTimeout = 30_000;

/**
 * The target's answer, whatever its code. Throws StatusError: 503 `error trying to reach service: …`, and for upgrades 500
 * `error dialing backend: …` or `invalid upgrade response: status code 200`.
 */
export function reverseProxy(req: ApiRequest, target: ProxyTarget): Promise<Answer> {
  return req.upgrade ? proxyUpgrade(req, target) : proxyRequest(req, target);
}

async function proxyRequest(req: ApiRequest, target: ProxyTarget): Promise<Answer> {
  const gone = new AbortController();
  req.response.once('close', () => gone.abort());
  const rewrite = rewriteOf(req, target);
  const answer = await exchange(req, target, gone.signal, !hasBody(req.raw)).catch((error) => {
    throw serviceUnavailable(`error trying to reach service: ${goError(error, target.origin)}`);
  });
  return answerOf(req, answer, rewrite);
}

/** Sends the request and waits for the head of the answer; a kept connection that died meanwhile is replaced once. */
async function exchange(
  req: ApiRequest,
  target: ProxyTarget,
  signal: AbortSignal,
  mayRetry: boolean,
): Promise<IncomingMessage> {
  const request = open(target, {
    method: req.method,
    headers: requestHeaders(req, target, false),
    agent: target.dial ? undefined : target.origin.startsWith('https:') ? agents.https : agents.http,
    signal,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
  if (mayRetry) request.end();
  else sendBody(req.raw, request);
  try {
    return await answered;
  } catch (error) {
    if (mayRetry && request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET' && !signal.aborted)
      return exchange(req, target, signal, mayRetry);
    throw error;
  }
}

function open(target: ProxyTarget, options: https.RequestOptions): ClientRequest {
  const { ca, cert, key, servername, insecure } = target.tls ?? {};
  const tls = target.origin.startsWith('https:')
    ? { ca, cert, key, ...(servername ? { servername } : {}), rejectUnauthorized: !insecure }
    : {};
  const url = new URL(target.origin);
  const where = { hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || undefined, path: target.path };
  const request = (target.origin.startsWith('https:') ? https.request : http.request)({
    ...options,
    ...where,
    ...tls,
    ...(target.dial ? { createConnection: dialled(target.dial, url, tls) } : {}),
  });
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => request.destroy(Object.assign(new Error('i/o timeout'), { code: 'ETIMEDOUT' })),
      connectTimeout,
    );
    socket.once('connect', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
  return request;
}

/** A connection that is made by `dial`, with TLS on it where the origin wants it. */
function dialled(dial: NonNullable<ProxyTarget['dial']>, url: URL, options: ConnectionOptions) {
  return (_: unknown, done: (error: Error | null, socket: Duplex) => void): undefined => {
    dial(url.host).then(
      (socket) => done(null, url.protocol === 'https:' ? connectTls({ ...options, socket }) : socket),
      (error) => done(error, undefined as never),
    );
    return undefined;
  };
}

const hasBody = (raw: IncomingMessage): boolean =>
  raw.headers['transfer-encoding'] !== undefined ||
  Number(raw.headers['content-length'] ?? 0) > 0 ||
  (raw.httpVersionMajor === 2 && !(raw as { stream?: { endAfterHeaders?: boolean } }).stream?.endAfterHeaders);

/** A client that breaks off breaks the request off; a target that answers early need not take the rest. */
function sendBody(raw: IncomingMessage, request: ClientRequest): void {
  raw.on('error', () => request.destroy());
  raw.once('close', () => {
    if (!raw.readableEnded) request.destroy();
  });
  raw.pipe(request);
}

const rewriteOf = (req: ApiRequest, target: ProxyTarget): Rewrite | undefined =>
  target.rewrite && {
    prefix: target.rewrite.prefix,
    targetHost: new URL(target.origin).host,
    requestHost: String(req.headers.host ?? req.headers[':authority'] ?? ''),
  };

function answerOf(req: ApiRequest, answer: IncomingMessage, rewrite: Rewrite | undefined): Answer {
  const headers = answerHeaders(answer, rewrite !== undefined);
  const location = answer.headers.location;
  if (rewrite && location) headers['location'] = rewriteUrl(location, rewrite);
  const stages =
    rewrite && !location && req.method !== 'HEAD' && isHtml(answer)
      ? htmlStages(answer, headers, (url) => rewriteUrl(url, rewrite))
      : [];
  return {
    code: answer.statusCode ?? 502,
    type: '',
    headers,
    stream: async (response: ServerResponse) => {
      // Cut off there, cut off here: the client must not take half of it for the whole.
      await pipeline([answer, ...stages, response] as never).catch(() => response.destroy());
    },
  };
}

async function proxyUpgrade(req: ApiRequest, target: ProxyTarget): Promise<Answer> {
  const client = req.upgrade!.socket;
  const backend = await dialUpgrade({ ...target, method: req.method }, requestHeaders(req, target, true), client);
  if (!('socket' in backend)) return refusedUpgrade(backend.answer);
  takeSocket(req);
  client.write(switchingProtocols(backend.answer));
  splice(
    { socket: client, head: req.upgrade!.head },
    { socket: backend.socket, head: backend.head },
    { idleTimeout: target.idleTimeout, open: target.open },
  );
  return takenAnswer(client);
}

export type Dialled = { answer: IncomingMessage; socket: Duplex; head: Buffer } | { answer: IncomingMessage };

/** Asks the target for an upgrade, until `client` is gone. Throws 500 `error dialing backend: …`. */
export async function dialUpgrade(
  target: ProxyTarget & { method: string },
  headers: Record<string, string | string[]>,
  client: Duplex,
): Promise<Dialled> {
  const gone = new AbortController();
  const onGone = () => gone.abort();
  client.once('close', onGone);
  const agent = target.dial ? undefined : false;
  const request = open(target, { method: target.method, headers, agent, signal: gone.signal });
  try {
    return await new Promise<Dialled>((resolve, reject) => {
      request.once('upgrade', (answer, socket, head) => resolve({ answer, socket, head }));
      request.once('response', (answer) => resolve({ answer }));
      request.on('error', (error) => reject(plainFailure(`error dialing backend: ${goError(error, target.origin)}`)));
      request.end();
    });
  } finally {
    client.off('close', onGone);
  }
}

/** What went wrong at the target is said in its own words; to be let through without the upgrade is a failure as well. */
export function refusedUpgrade(answer: IncomingMessage): Answer {
  const code = answer.statusCode ?? 0;
  if (code >= 400) return answerOf({ method: 'GET' } as ApiRequest, answer, undefined);
  answer.destroy();
  throw plainFailure(`invalid upgrade response: status code ${code}`);
}

/** 500 with a message and no reason, as an error of Go's that is no Status reaches the client. */
export const plainFailure = (message: string): StatusError => new StatusError({ message, code: 500 } as never);
