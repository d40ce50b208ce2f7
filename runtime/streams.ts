// The streaming server of the simulated runtime: where exec, attach and port-forward really happen, behind URLs that CRI calls give out.
// Reads: the session that a URL's token stands for. Writes: the streams. Mirrors: kubelet/pkg/cri/streaming/server.go, as containerd serves it.
// Used by: exec.ts, main.ts. Next: component-base/streaming/remoteCommandServer.ts, shell/shell.ts, responder.ts.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer } from '../component-base/http.ts';
import { refuse } from '../component-base/streaming/spdyUpgrade.ts';

/** What one URL is good for, once. Never rejects. */
export type StreamSession = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

export interface StreamServer {
  /** A URL that serves `session` once, within a minute. `kind`: exec, attach or portforward. */
  url(kind: string, session: StreamSession): string;
  close(): void;
}

const tokenLifetime = 60_000;
const mostTokens = 1000;

/** Listens on a free port of the loopback, as containerd does. */
export async function startStreamServer(): Promise<StreamServer> {
  const sessions = new Map<string, { session: StreamSession; expires: number }>();
  const sockets = new Set<Duplex>();
  const take = (path: string) => {
    const found = sessions.get(path);
    sessions.delete(path);
    return found && found.expires > Date.now() ? found.session : undefined;
  };
  const server = createServer((_request, response) => {
    response.writeHead(400, { 'content-type': 'text/plain' }).end('Upgrade request required\n');
  });
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const session = take((request.url ?? '').split('?', 1)[0]!);
    if (!session) return refuse(socket, 404, '404 page not found');
    session(request, socket, head).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url(kind, session) {
      const now = Date.now();
      for (const [path, { expires }] of sessions) if (expires <= now) sessions.delete(path);
      if (sessions.size >= mostTokens) sessions.delete(sessions.keys().next().value!);
      const path = `/${kind}/${randomBytes(6).toString('base64url')}`;
      sessions.set(path, { session, expires: now + tokenLifetime });
      return `http://127.0.0.1:${port}${path}`;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}
