// The way into simulated pods: HTTP CONNECT over a unix socket, as upstream's egress selector speaks it.
// `CONNECT 10.244.0.5:8080` → 200 and a byte stream that responder.ts serves, or 502 where a real pod would refuse.
// Used by: main.ts; at the other end are the kubelet's probes and hooks (--pod-dialer=unix:///…).
import { chmodSync, rmSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import { createServer } from '../component-base/http.ts';
import { freeSocket } from '../cri/server.ts';
import type { Life } from './life.ts';
import type { Host } from './node.ts';
import { findTarget, serveStream } from './responder.ts';

/** Listens on the socket's path; rejects with a sentence when it cannot. */
export async function servePodDialer(
  path: string,
  host: Host,
  lives: ReadonlyMap<string, Life>,
): Promise<{ close(): void }> {
  await freeSocket(path);
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => {
    response.writeHead(405, { 'content-type': 'text/plain' }).end('only CONNECT ip:port is served here\n');
  });
  server.on('connect', (request, duplex, head: Buffer) => {
    const socket = duplex as Socket;
    socket.on('error', () => socket.destroy());
    const address = parseAddress(request.url ?? '');
    if (!address) return refuse(socket, '400 Bad Request', `"${request.url}" is no ip:port`);
    const behaviour = (node: { name: string }, c: Parameters<Life['behaviourOf']>[0]) =>
      lives.get(node.name)!.behaviourOf(c);
    const target = findTarget(host, behaviour, address.ip, address.port);
    if (!target) return refuse(socket, '502 Bad Gateway', `dial tcp ${request.url}: connect: connection refused`);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length) socket.unshift(head);
    const closed = new AbortController();
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      closed.abort();
    });
    // A container that ends takes its connections with it.
    lives
      .get(target.node.name)!
      .ended(target.container, closed.signal)
      .then(() => socket.destroy());
    serveStream(target, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`cannot listen on ${path}: ${error.message}`)));
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return {
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      server.closeAllConnections();
      rmSync(path, { force: true });
    },
  };
}

function parseAddress(text: string): { ip: string; port: number } | undefined {
  const m = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const ip = m?.[1] ?? m?.[2] ?? '';
  const port = Number(m?.[3]);
  return isIP(ip) && port > 0 && port < 65_536 ? { ip, port } : undefined;
}

function refuse(socket: Socket, status: string, why: string): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(why) + 1}\r\nConnection: close\r\n\r\n${why}\n`,
  );
}
