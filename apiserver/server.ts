// The HTTPS server: reads a request, sends it through the filters, dispatches it, and writes the answer or the refusal.
// HTTP/2 by ALPN and HTTP/1.1 beside it, as kubectl speaks both. fastify carries the connection; what Kubernetes means is decided here.
// Next along the chain: filters.ts, dispatch.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import * as status from '../apimachinery/status.ts';
import type { Api } from './api.ts';
import { isLongYaml, readAhead } from './codecs/yamlAside.ts';
import type { Cors } from './cors.ts';
import { dispatch, streamsBody } from './dispatch.ts';
import { filters } from './filters.ts';
import { statusBody } from './handlers/answers.ts';
import { compressed, shouldCompress } from './handlers/compress.ts';
import { createInFlight, type InFlight } from './inFlight.ts';
import { PageNotFound } from './kinds/registry.ts';
import type { Metrics } from './metrics/metrics.ts';
import { type Answer, type ApiRequest, jsonType } from './request.ts';
import { requestBody } from './requestBody.ts';
import { isLongRunning } from './requestInfo.ts';
import { Compacted, StoreUnavailable } from './storage/store.ts';
import { goesOverWebSocket, streamOverWebSocket } from './streaming/overWebSocket.ts';
import type { TlsChoice } from './tlsChoice.ts';
import { declineUpgrade, onUpgrade, type Upgrade, upgradable } from './upgrade.ts';

export interface ServerOptions extends TlsChoice {
  cert: string;
  key: string;
  /** CAs of client certificates; absent: none is asked for. */
  ca?: string;
  /** Of the Strict-Transport-Security header; none: no header. */
  strictTransport?: string[];
  cors?: Cors;
  metrics: Metrics;
}

const maxBodyBytes = 3 * 1024 * 1024;
const noQuery = new URLSearchParams();

const noSchemas = () => () => () => true;

/** The server, not yet listening. */
export function createServer(api: Api, options: ServerOptions): FastifyInstance {
  const app = fastify({
    http2: true,
    https: {
      allowHTTP1: true,
      cert: options.cert,
      key: options.key,
      ...(options.minVersion ? { minVersion: options.minVersion } : {}),
      ...(options.ciphers ? { ciphers: options.ciphers } : {}),
      ...(options.ca ? { ca: options.ca, requestCert: true, rejectUnauthorized: false } : {}),
      settings: { maxConcurrentStreams: 1000 },
      shouldUpgradeCallback: upgradable,
    },
    routerOptions: { maxParamLength: 1 << 20, ignoreTrailingSlash: false, caseSensitive: true },
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    logger: false,
    // No route has a schema; without these fastify loads two compilers of them, a tenth of a start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  } as never) as unknown as FastifyInstance;
  const server = app.server as unknown as { keepAliveTimeout: number; headersTimeout: number; requestTimeout: number };
  server.keepAliveTimeout = 180_000;
  server.requestTimeout = 0;
  const inFlight = createInFlight();
  const strictTransport = options.strictTransport?.join('; ');
  const answer = (raw: IncomingMessage, response: ServerResponse, upgrade?: Upgrade) => {
    if (strictTransport) response.setHeader('strict-transport-security', strictTransport);
    if (options.cors?.(raw, response)) return;
    void handle(api, options.metrics, inFlight, raw, response, upgrade);
  };
  // As long as a request may take at most; then what is left of it is cut off.
  app.addHook('preClose', () => inFlight.finish(api.config.requestTimeout));
  // What fastify refuses before the route is found.
  app.setErrorHandler((error, _request, reply) => {
    reply.hijack();
    sendError(undefined, reply.raw as ServerResponse, status.badRequest((error as Error).message));
  });
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'],
    url: '/*',
    // The request leaves fastify here: this hook never calls on, so what fastify does for handlers of its own is spared.
    onRequest: (request, reply, _done) => {
      reply.hijack();
      answer(request.raw as IncomingMessage, reply.raw as ServerResponse);
    },
    handler: () => {},
  });
  onUpgrade(app.server, answer);
  return app;
}

async function handle(
  api: Api,
  metrics: Metrics,
  inFlight: InFlight,
  raw: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const ended = inFlight.begin(response);
  const req = requestOf(api, raw, response, upgrade);
  try {
    for (const filter of filters) {
      const waiting = filter(api, req);
      if (waiting) await waiting;
    }
    req.onEnd.push(metrics.began(req));
    if (!streamsBody(api, req)) {
      // Behind the head of an upgrade comes the other protocol, no body.
      const body = upgrade ? Promise.resolve(Buffer.alloc(0)) : requestBody(raw, maxBodyBytes);
      if (body !== undefined) req.body = accepted(await body);
      if (req.body && isLongYaml(req, req.body)) await readAhead(req.body);
    }
    const answer = await withDeadline(req, dispatch(api, req));
    await send(req, response, shouldCompress(req, answer) ? await compressed(answer) : answer);
  } catch (error) {
    sendError(req, response, refusalOf(api, req, error));
  } finally {
    ended();
    for (const end of req.onEnd) end();
    metrics.ended(req, response.statusCode, api.clock.now() - req.received, req.sent);
  }
}

function accepted(body: Buffer | 'too large' | 'gone'): Buffer {
  if (body === 'too large') throw status.requestEntityTooLarge(`limit is ${maxBodyBytes}`);
  if (body === 'gone') throw status.badRequest('the client went away before the end of its request');
  return body;
}

function requestOf(api: Api, raw: IncomingMessage, response: ServerResponse, upgrade: Upgrade | undefined): ApiRequest {
  const url = raw.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: raw.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? noQuery : new URLSearchParams(url.slice(mark + 1)),
    headers: raw.headers,
    cbor: api.features.enabled('CBORServingAndStorage'),
    body: undefined,
    raw,
    response,
    upgrade,
    received: api.clock.now(),
    auditId: '',
    info: undefined as never,
    user: undefined as never,
    causes: [],
    traceparent: '',
    timeout: 0,
    warnings: [],
    onEnd: [],
  };
}

/** A handler that takes too long is answered for; what it still does is its own affair, and a write may yet succeed. */
function withDeadline(req: ApiRequest, work: Promise<Answer>): Promise<Answer> {
  if (isLongRunning(req.info)) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(status.timeout('request did not complete within the allotted timeout')),
      req.timeout,
    );
    work.then(
      (answer) => {
        clearTimeout(timer);
        resolve(answer);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

async function send(req: ApiRequest, response: ServerResponse, answer: Answer): Promise<void> {
  if ('stream' in answer && answer.taken) return answer.stream(response);
  if (goesOverWebSocket(req, answer)) return streamOverWebSocket(req, answer);
  declineUpgrade(req);
  if (response.destroyed) return;
  const headers: Record<string, string | number | string[]> = {
    'audit-id': req.auditId,
    'cache-control': 'no-cache, private',
    'content-type': answer.type,
    ...flowHeaders(req),
    ...answer.headers,
  };
  if (!headers['content-type']) delete headers['content-type'];
  if (req.warnings.length) headers['warning'] = req.warnings.map(warningHeader);
  if ('stream' in answer) {
    response.writeHead(answer.code, headers);
    response.flushHeaders?.();
    // Not waited for in here: the headers need not be kept for as long as a watch goes on.
    return answer.stream(response);
  }
  req.sent = Buffer.byteLength(answer.body);
  headers['content-length'] = req.sent;
  response.writeHead(answer.code, headers);
  response.end(req.method === 'HEAD' ? undefined : answer.body);
}

/** Whose share of the server the request took. */
const flowHeaders = (req: ApiRequest | undefined): Record<string, string> =>
  req?.flow
    ? {
        'x-kubernetes-pf-flowschema-uid': req.flow.schema,
        'x-kubernetes-pf-prioritylevel-uid': req.flow.level,
      }
    : {};

/**
 * RFC 7234's warning: code 299, no agent, quoted text. What a client wrote may be part of the text: line ends and other
 * control characters become spaces, the rest goes as UTF-8, which Node wants as one character a byte.
 */
const warningHeader = (text: string): string => {
  const plain = text.replace(/[\\"]/g, '\\$&').replace(/\p{Cc}+/gu, ' ');
  return `299 - "${Buffer.from(plain).toString('latin1')}"`;
};

function refusalOf(api: Api, req: ApiRequest, error: unknown): status.StatusError {
  if (error instanceof status.StatusError) return error;
  if (error instanceof StoreUnavailable)
    return error.uncertain ? status.timeout(error.message) : status.serviceUnavailable(error.message);
  if (error instanceof Compacted)
    return status.resourceExpired('The resourceVersion for the provided list is too old.');
  api.log.error({ err: error, method: req.method, path: req.path }, 'handler failed');
  return status.internalError((error as Error)?.message ?? 'unknown error');
}

const notFoundPage = { type: 'text/plain; charset=utf-8', body: '404 page not found\n' };
const refusalBody = (req: ApiRequest | undefined, value: status.StatusError['status']) =>
  req ? statusBody(req, value) : { type: jsonType, body: `${JSON.stringify(value)}\n` };

function sendError(req: ApiRequest | undefined, response: ServerResponse, error: status.StatusError): void {
  if (response.headersSent || response.destroyed || req?.upgrade?.taken) {
    (req?.upgrade?.socket ?? response).destroy();
    return;
  }
  if (req) declineUpgrade(req);
  const plain = error instanceof PageNotFound;
  const { type, body } = plain ? notFoundPage : refusalBody(req, error.status);
  const headers: Record<string, string | number | string[]> = {
    'audit-id': req?.auditId ?? '',
    'cache-control': 'no-cache, private',
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...flowHeaders(req),
    ...error.headers,
  };
  if (plain) headers['x-content-type-options'] = 'nosniff';
  if (req?.warnings.length) headers['warning'] = req.warnings.map(warningHeader);
  response.writeHead(error.code, headers);
  response.end(body);
}
