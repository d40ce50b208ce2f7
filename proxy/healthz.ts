// What kube-proxy serves about itself: /healthz and /livez as load balancers ask it, /proxyMode and /metrics as people do.
// Mirrors: pkg/proxy/healthcheck/proxy_health.go and cmd/kube-proxy/app/server.go. Used by: main.ts.
import type { AddressInfo } from 'node:net';
import { UsageError } from '../component-base/flags.ts';
import { createServer } from '../component-base/http.ts';
import type { Metrics } from '../component-base/metrics.ts';

export interface ProxyHealth {
  /** Milliseconds; 0: never, nothing waits. */
  lastUpdated: number;
  pendingSince: number;
  /** The node is staying; when it is about to go, balancers are told to look elsewhere. */
  eligible: boolean;
}

type Answer = { code: number; type?: string; body: string };
export type Routes = Record<string, () => Answer | Promise<Answer>>;

/** Rules that waited longer than this to be synced mean that the proxy is stuck. */
export const isHealthy = (h: ProxyHealth, syncPeriod: number, now: number): boolean =>
  h.lastUpdated > 0 && (h.pendingSince === 0 || now - h.pendingSince < 2 * syncPeriod);

/** Kubernetes' time text with what `/healthz` reports; before the first sync it is unhealthy. */
export function healthRoutes(health: () => ProxyHealth, syncPeriod: number, now: () => number): Routes {
  const answer = (withNode: boolean) => () => {
    const h = health();
    const ok = isHealthy(h, syncPeriod, now()) && (h.eligible || !withNode);
    const time = (ms: number) => new Date(ms).toISOString();
    const lastUpdated = ok && h.pendingSince === 0 ? now() : h.lastUpdated;
    const body: Record<string, unknown> = { lastUpdated: time(lastUpdated), currentTime: time(now()) };
    if (withNode) body.nodeEligible = h.eligible;
    return { code: ok ? 200 : 503, type: 'application/json', body: JSON.stringify(body) };
  };
  return { '/healthz': answer(true), '/livez': answer(false) };
}

export const metricsRoutes = (metrics: Metrics, mode: string): Routes => ({
  '/metrics': async () => ({ code: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics.text() }),
  '/proxyMode': () => ({ code: 200, body: mode }),
  '/healthz': () => ({ code: 200, body: 'ok' }),
});

/** `address` is `ip:port`, port 0 for any; empty serves nothing. Resolves with the port. Throws UsageError, naming `flag`. */
export async function serveRoutes(flag: string, address: string, routes: Routes, signal: AbortSignal): Promise<number> {
  if (!address) return 0;
  const m = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(address);
  if (!m) throw new UsageError(`--${flag} must be ip:port, such as 127.0.0.1:10249, or empty to turn it off.`);
  const server = createServer((request, response) => {
    const route = routes[(request.url ?? '/').split('?', 1)[0]!];
    const end = (a: Answer) => {
      response.writeHead(a.code, {
        'content-type': a.type ?? 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
      });
      response.end(a.body);
    };
    if (!route) end({ code: 404, body: '404 page not found\n' });
    else Promise.resolve(route()).then(end, () => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new UsageError(`cannot listen on ${address} (${error.code}); choose another address with --${flag}.`)),
    );
    server.listen(Number(m[3]), m[1] ?? m[2] ?? undefined, resolve);
  });
  server.unref();
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return (server.address() as AddressInfo | null)?.port ?? 0;
}
