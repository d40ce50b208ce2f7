// What every daemon serves about itself: /healthz, /livez, /readyz (each check by name with ?verbose or alone), /metrics,
// /metrics/slis and pages of its own, such as /configz.
// Mirrors: staging/src/k8s.io/apiserver/pkg/server/healthz. A bare node:http server: it costs next to nothing while idle.
// Used by: the main.ts of controllers, scheduler and proxy.
import type * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { internalError, StatusError } from '../apimachinery/status.ts';
import { eitherProtocol } from './eitherProtocol.ts';
import { UsageError } from './flags.ts';
import { createHealthSlis, type HealthSlis } from './healthSlis.ts';
import { createServer } from './http.ts';
import type { Metrics } from './metrics.ts';
import { selfSigned } from './selfSigned.ts';

export interface HealthServerOptions {
  /** 0: any free port. */
  port: number;
  host?: string;
  /** PEM; with both it is HTTPS alone, without them both protocols on one port. */
  cert?: string;
  key?: string;
  metrics?: Metrics;
  /** By name; one throws (or rejects) with the reason when it does not hold. `ready` ones count for /readyz alone. */
  checks?: Record<string, () => void | Promise<void>>;
  ready?: Record<string, () => void | Promise<void>>;
  /** Further pages by path; what they give is sent as JSON. A StatusError that they throw is sent as its Status. */
  pages?: Record<string, (request: http.IncomingMessage) => object | Promise<object>>;
  signal: AbortSignal;
}

/** Listens; resolves with the port. Throws UsageError when the port is taken. Stops with the signal. */
export async function startHealthServer(o: HealthServerOptions): Promise<{ port: number; url: string }> {
  const slis = createHealthSlis();
  const answer = (request: http.IncomingMessage, response: http.ServerResponse) =>
    void respond(o, slis, request, response).catch(() => response.destroy());
  const secure = o.cert && o.key;
  const host = o.host ?? '127.0.0.1';
  const { server, closeAllConnections } = secure
    ? only(https.createServer({ cert: o.cert, key: o.key }, answer))
    : eitherProtocol(createServer(answer), () =>
        https.createServer(selfSigned('localhost', [host], Date.now()), answer),
      );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          `cannot listen on ${host}:${o.port} (${error.code}); choose another port with --secure-port, or 0 for any.`,
        ),
      ),
    );
    server.listen(o.port, host, resolve);
  });
  server.unref();
  o.signal.addEventListener('abort', () => {
    server.close();
    closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

const only = (server: https.Server) => ({ server, closeAllConnections: () => server.closeAllConnections() });

async function respond(
  o: HealthServerOptions,
  slis: HealthSlis,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'method not allowed');
  if (url.pathname === '/metrics' && o.metrics) return end(response, 200, await o.metrics.text(), exposition);
  if (url.pathname === '/metrics/slis' && o.metrics) return end(response, 200, await slis.text(), exposition);
  const page = o.pages?.[url.pathname];
  if (page) return showPage(page, request, response);
  const [, type = '', single] = url.pathname.split('/');
  const all = checksOf(o, type);
  const checks = single && all ? justOne(all, single) : all;
  if (!checks) return end(response, 404, '404 page not found\n');
  const excluded = url.searchParams.getAll('exclude');
  const results = await Promise.all(
    Object.entries(checks)
      .filter(([name]) => !excluded.includes(name))
      .map(runCheck),
  );
  for (const { name, ok } of results) slis.observe(name, type, ok);
  const ok = results.every((r) => r.ok);
  if (ok && (single || !url.searchParams.has('verbose'))) return end(response, 200, 'ok');
  const last = ok ? `${type} check passed\n` : `${type} check failed\n`;
  const lines = [...results.map((r) => r.line), ...excluded.map((name) => `[+]${name} excluded: ok\n`)];
  end(response, ok ? 200 : 500, lines.join('') + last);
}

async function showPage(
  page: NonNullable<HealthServerOptions['pages']>[string],
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  try {
    end(response, 200, JSON.stringify(await page(request)), 'application/json');
  } catch (error) {
    const { code, status } = error instanceof StatusError ? error : internalError((error as Error).message);
    end(response, code, JSON.stringify(status), 'application/json');
  }
}

const exposition = 'text/plain; version=0.0.4; charset=utf-8';

type Checks = NonNullable<HealthServerOptions['checks']>;

const justOne = (checks: Checks, name: string): Checks | undefined =>
  Object.hasOwn(checks, name) ? { [name]: checks[name]! } : undefined;

function checksOf(o: HealthServerOptions, page: string): Checks | undefined {
  if (page === 'healthz' || page === 'livez') return { ping: () => {}, ...o.checks };
  if (page === 'readyz') return { ping: () => {}, ...o.checks, ...o.ready };
  return undefined;
}

async function runCheck([name, check]: [string, () => void | Promise<void>]): Promise<{
  name: string;
  ok: boolean;
  line: string;
}> {
  try {
    await check();
    return { name, ok: true, line: `[+]${name} ok\n` };
  } catch (error) {
    return { name, ok: false, line: `[-]${name} failed: ${(error as Error).message}\n` };
  }
}

function end(response: http.ServerResponse, code: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(code, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  response.end(body);
}
