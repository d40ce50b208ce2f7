// A proxy before an API server that makes writes fail, leaves gaps in watches, and can be away. Speaks plain HTTP to its clients, which say
// who they are with tokens. Used by: e2e/workloadFaults.test.ts.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';

export interface FaultProxy {
  endpoint: string;
  /** Every tenth write fails, in each of four ways by turns: 409, 429, 500, and 500 after it was stored. */
  failing: boolean;
  /** How often each way came. */
  readonly failed: Record<'conflict' | 'busy' | 'lost' | 'stored', number>;
  /** Ends all watches; the next of each resource is told that its version is too old, so that what happened in between was never an event. */
  gap(): void;
  close(): void;
}

const ways = ['stored', 'conflict', 'busy', 'lost'] as const;
const answers = {
  conflict: [409, 'Conflict', 'made to fail: the object has been modified'],
  busy: [429, 'TooManyRequests', 'made to fail: too many requests'],
  lost: [500, 'InternalError', 'made to fail: not stored'],
  stored: [500, 'InternalError', 'made to fail: stored'],
  expired: [410, 'Expired', 'made to fail: too old resource version'],
} as const;

function refuse(response: ServerResponse, why: keyof typeof answers): void {
  const [code, reason, message] = answers[why];
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }),
  );
}

/** To the API server at `port`. */
export async function startFaultProxy(port: number): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const watches = new Map<ServerResponse, string>();
  const toExpire = new Set<string>();
  const sockets = new Set<{ destroy(): void }>();
  let writes = 0;

  function forward(incoming: IncomingMessage, response: ServerResponse, hidden = false): void {
    const { method, url, headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers, agent }, (answer) => {
      if (hidden) {
        answer.resume().on('end', () => refuse(response, 'stored'));
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response).on('error', () => answer.destroy());
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  function watched(incoming: IncomingMessage, response: ServerResponse): void {
    const url = new URL(incoming.url!, 'http://proxy');
    // A streaming list begins anew, so nothing is too old for it.
    if (toExpire.delete(url.pathname) && url.searchParams.get('sendInitialEvents') !== 'true') {
      refuse(response, 'expired');
      return;
    }
    watches.set(response, url.pathname);
    response.on('close', () => watches.delete(response));
    forward(incoming, response);
  }

  const server = createServer((incoming, response) => {
    response.on('error', () => {});
    if (/[?&]watch=(true|1)/.test(incoming.url ?? '')) return watched(incoming, response);
    const isWrite = incoming.method !== 'GET' && !incoming.url?.includes('/leases/');
    if (!isWrite || !proxy.failing || ++writes % 10) return forward(incoming, response);
    const way = ways[(writes / 10) % 4]!;
    proxy.failed[way]++;
    if (way === 'stored') return forward(incoming, response, true);
    incoming.resume().on('end', () => refuse(response, way));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    failing: false,
    failed: { conflict: 0, busy: 0, lost: 0, stored: 0 },
    gap() {
      for (const [response, path] of watches) {
        toExpire.add(path);
        response.destroy();
      }
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      agent.destroy();
    },
  };
  return proxy;
}
