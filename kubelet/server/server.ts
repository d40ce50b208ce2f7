// The kubelet's HTTPS server: who calls, may they, and then one table of paths.
// Reads: pods and their statuses, the runtime. Mirrors: pkg/kubelet/server/server.go.
// Called by: the API server (kubectl logs), metrics-server, people with curl. Next: logs.ts, stats.ts, resourceMetrics.ts.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pod } from '../../apimachinery/types.ts';
import { UsageError } from '../../component-base/flags.ts';
import { createServer as createHttpServer } from '../../component-base/http.ts';
import { refuse } from '../../component-base/streaming/spdyUpgrade.ts';
import type { KubeletContext } from '../context.ts';
import { createAuthenticator } from './authentication.ts';
import { createAuthorizer } from './authorization.ts';
import { LogError, type LogSubject, serveLogs } from './logs.ts';
import { resourceMetrics } from './resourceMetrics.ts';
import type { ServingCert } from './servingCert.ts';
import { statsSummary } from './stats.ts';
import { createStreams, runInContainer } from './streams.ts';

/** What the server shows. */
export interface ServerView {
  /** Pods with the status that the kubelet last computed. */
  pods(): Pod[];
  subject(namespace: string, name: string): LogSubject | undefined;
}

export interface RunningServers {
  /** Where HTTPS listens. */
  port: number;
  close(): void;
}

type Handler = (url: URL, request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const send = (response: ServerResponse, code: number, body: string, type = 'text/plain; charset=utf-8'): void => {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
};
const json = (response: ServerResponse, value: unknown) =>
  send(response, 200, JSON.stringify(value), 'application/json');

/** Paths that take POST. */
const posted = ['/run/', '/exec/', '/attach/', '/portForward/'];

/** Exact paths, and prefixes that end in a slash. */
function routes(k: KubeletContext, view: ServerView): Record<string, Handler> {
  const healthz: Handler = (_, _request, response) => send(response, 200, 'ok');
  return {
    '/healthz': healthz,
    '/healthz/ping': (_, _request, response) => send(response, 200, 'ok'),
    '/pods': (_, _request, response) => json(response, podList(view.pods())),
    '/containerLogs/': (url, request, response) => serveLogs(k, url, view.subject, request, response),
    '/run/': (url, request, response) => runInContainer(k, view, url, request, response),
    ...Object.fromEntries(
      ['/exec/', '/attach/', '/portForward/'].map((prefix): [string, Handler] => [
        prefix,
        (_, _request, response) => send(response, 500, 'Upgrade request required\n'),
      ]),
    ),
    '/configz': (_, _request, response) => json(response, { kubeletconfig: configz(k) }),
    '/stats/summary': async (_, _request, response) => json(response, await statsSummary(k)),
    '/metrics': (_, _request, response) =>
      send(response, 200, metricsText(k, view), 'text/plain; version=0.0.4; charset=utf-8'),
    '/metrics/resource': async (_, _request, response) =>
      send(response, 200, await resourceMetrics(k), 'text/plain; version=0.0.4; charset=utf-8'),
  };
}

const podList = (items: Pod[]) => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: {},
  items: items.map(({ apiVersion: _, kind: __, ...pod }) => pod),
});

/** The settings under the names of KubeletConfiguration. */
const configz = (k: KubeletContext) => ({
  staticPodPath: k.config['pod-manifest-path'],
  syncFrequency: `${k.config['sync-frequency'] / 1000}s`,
  fileCheckFrequency: `${k.config['file-check-frequency'] / 1000}s`,
  nodeStatusUpdateFrequency: `${k.config['node-status-update-frequency'] / 1000}s`,
  nodeStatusReportFrequency: `${k.config['node-status-report-frequency'] / 1000}s`,
  nodeLeaseDurationSeconds: k.config['node-lease-duration'] / 1000,
  maxPods: k.config['max-pods'],
  clusterDNS: k.config['cluster-dns'],
  clusterDomain: k.config['cluster-domain'],
  cgroupDriver: k.config['cgroup-driver'],
  serializeImagePulls: k.config['serialize-image-pulls'],
  containerLogMaxSize: k.config['container-log-max-size'],
  containerLogMaxFiles: k.config['container-log-max-files'],
  containerRuntimeEndpoint: k.config['container-runtime-endpoint'],
  podLogsDir: k.config.podLogsDir,
});

function metricsText(k: KubeletContext, view: ServerView): string {
  const pods = view.pods();
  const running = pods.flatMap((p) => p.status?.containerStatuses ?? []).filter((c) => c.state?.running).length;
  return [
    "# HELP kubelet_node_name [ALPHA] The node's name. The count is always 1.",
    '# TYPE kubelet_node_name gauge',
    `kubelet_node_name{node="${k.config.nodeName}"} 1`,
    '# HELP kubelet_running_pods [ALPHA] Number of pods that have a running pod sandbox',
    '# TYPE kubelet_running_pods gauge',
    `kubelet_running_pods ${pods.filter((p) => p.status?.phase === 'Running').length}`,
    '# HELP kubelet_running_containers [ALPHA] Number of containers currently running',
    '# TYPE kubelet_running_containers gauge',
    `kubelet_running_containers{container_state="running"} ${running}`,
    '',
  ].join('\n');
}

/** Starts HTTPS, and the plain ports that are asked for. Throws UsageError when a port is taken. */
export async function startServers(k: KubeletContext, view: ServerView, cert: ServingCert): Promise<RunningServers> {
  const { config } = k;
  const table = routes(k, view);
  const authenticate = createAuthenticator(config, k.client, k.clock);
  const authorize = createAuthorizer(config, k.client, k.clock);

  const guarded = async (request: IncomingMessage, response: ServerResponse) => {
    const user = await authenticate(request);
    if (!user) return send(response, 401, 'Unauthorized');
    const url = new URL(request.url ?? '/', 'https://kubelet');
    const refusal = await authorize(user, request.method ?? '', url.pathname);
    if (refusal) return send(response, 403, refusal);
    await dispatch(table, url, request, response);
  };
  const streams = createStreams(k, view);
  const upgraded = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const user = await authenticate(request);
    if (!user) return refuse(socket, 401, 'Unauthorized');
    const url = new URL(request.url ?? '/', 'https://kubelet');
    const refusal = await authorize(user, request.method ?? '', url.pathname);
    if (refusal) return refuse(socket, 403, refusal.trim());
    await streams.serve(url, request, socket, head);
  };
  const open = async (request: IncomingMessage, response: ServerResponse) =>
    dispatch(table, new URL(request.url ?? '/', 'http://kubelet'), request, response);
  const healthOnly = { '/healthz': table['/healthz']!, '/healthz/ping': table['/healthz/ping']! };
  const health = async (request: IncomingMessage, response: ServerResponse) =>
    dispatch(healthOnly, new URL(request.url ?? '/', 'http://kubelet'), request, response);

  const ca = config['client-ca-file'] ? readFile(config['client-ca-file']) : undefined;
  const tls = { ...cert, ...(ca ? { ca, requestCert: true, rejectUnauthorized: false } : {}) };
  const secure = createHttpsServer(tls, safely(guarded));
  secure.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    upgraded(request, socket, head).catch((error: Error) => refuse(socket, 500, error.message));
  });
  const servers: Server[] = [await listen(secure, config.port, config.address, 'port')];
  if (config['read-only-port'] > 0) {
    servers.push(
      await listen(createHttpServer(safely(open)), config['read-only-port'], config.address, 'read-only-port'),
    );
  }
  if (config['healthz-port'] > 0) {
    const address = config['healthz-bind-address'];
    servers.push(await listen(createHttpServer(safely(health)), config['healthz-port'], address, 'healthz-port'));
  }
  return {
    port: (servers[0]!.address() as AddressInfo).port,
    close() {
      streams.close();
      for (const s of servers) {
        s.close();
        s.closeAllConnections();
      }
    },
  };
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read --client-ca-file ${path}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

async function dispatch(
  table: Record<string, Handler>,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = url.pathname;
  const exact = table[path] ?? table[path.replace(/\/$/, '')];
  const handler = exact ?? Object.entries(table).find(([p]) => p.endsWith('/') && path.startsWith(p))?.[1];
  if (!handler) return send(response, 404, '404 page not found\n');
  const allowed = posted.some((prefix) => path.startsWith(prefix)) ? ['GET', 'POST'] : ['GET', 'HEAD'];
  if (!allowed.includes(request.method ?? '')) return send(response, 405, '405: Method Not Allowed\n');
  await handler(url, request, response);
}

/** No request may take the process down. */
const safely =
  (handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => response.destroy());
    handle(request, response).catch((error: Error) => {
      if (response.headersSent) return void response.destroy();
      if (error instanceof LogError) return send(response, error.code, error.message);
      send(response, error instanceof URIError || error instanceof TypeError ? 400 : 500, `${error.message}\n`);
    });
  };

async function listen<S extends Server>(server: S, port: number, address: string, flag: string): Promise<S> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new UsageError(`cannot listen on ${address}:${port} (${error.code}); choose another --${flag}, or 0.`));
    });
    server.listen(port, address, resolve);
  });
  server.on('clientError', (_, socket) => socket.destroy());
  return server;
}
