// A small kubelet that only streams, for tests of the API server's side: exec as SPDY and WebSocket, port-forward, and ways to fail.
// Registers a Node and takes pods bound to it as they are; what a container does is in its name.
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { servePortForward } from '../../component-base/streaming/portForwardServer.ts';
import {
  type RemoteCommandOutcome,
  type RemoteCommandSession,
  serveRemoteCommand,
} from '../../component-base/streaming/remoteCommandServer.ts';
import { acceptSpdy, refuse } from '../../component-base/streaming/spdyUpgrade.ts';
import type { TestApiServer } from './apiServer.ts';

export interface StreamingKubelet {
  port: number;
  /** What was asked: `POST /exec/default/pod/echo?command=x SPDY/3.1`. */
  asked: string[];
  close(): void;
}

type Act = (request: IncomingMessage, socket: Duplex, head: Buffer, query: URLSearchParams) => void;

const command =
  (run: (session: RemoteCommandSession, words: string[]) => Promise<RemoteCommandOutcome>): Act =>
  (request, socket, head, query) => {
    const wanted = {
      stdin: query.get('input') === '1',
      stdout: query.get('output') === '1',
      stderr: query.get('error') === '1',
      tty: query.get('tty') === '1',
    };
    void serveRemoteCommand(request, socket, head, wanted, (session) => run(session, query.getAll('command')));
  };

/** By the container's name. */
const acts: Record<string, Act> = {
  /** Prints its arguments, each with its size first, and fails with the number of them. */
  echo: command(async (session, words) => {
    for (const word of words) session.stdout?.write(`${word.length} ${word}\n`);
    return { exitCode: words.length };
  }),
  cat: command(async (session) => {
    session.stdin?.pipe(session.stdout!, { end: false });
    await new Promise((resolve) => session.stdin!.once('end', resolve).once('close', resolve));
    return { exitCode: 0 };
  }),
  /** Sizes that the terminal is given, until the client goes. */
  sizes: command(async (session) => {
    session.onResize(({ width, height }) => session.stdout?.write(`${width}x${height}\n`));
    await new Promise((resolve) => session.gone.addEventListener('abort', resolve));
    return { exitCode: 0 };
  }),
  broken: command(async () => ({ error: 'no such file' })),
  refused: (_request, socket) => refuse(socket, 403, 'not here'),
  status: (_request, socket) =>
    refuse(
      socket,
      404,
      JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'NotFound',
        message: 'gone',
        code: 404,
      }),
    ),
  deaf: (_request, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  garbage: (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    socket.write(Buffer.alloc(4096, 0xa5));
  },
  /** Says something and is gone. */
  lost: (request, socket, head) => {
    let streams = 0;
    acceptSpdy(request, socket, head, ['v5.channel.k8s.io', 'v4.channel.k8s.io'], 'v4.channel.k8s.io', {
      onStream(stream) {
        if (stream.headers['streamtype'] === 'stdout') stream.write('half of ');
        if (++streams === 2) setTimeout(() => socket.destroy(), 50);
      },
    });
  },
};

export async function startStreamingKubelet(api: TestApiServer, node: string): Promise<StreamingKubelet> {
  const read = (name: string) => readFileSync(join(api.folder, 'pki', name));
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer({
    cert: read(`nodes/${node}/serving.crt`),
    key: read(`nodes/${node}/serving.key`),
    ca: read('ca.crt'),
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    asked.push(`${request.method} ${request.url} ${request.headers.upgrade}`);
    const url = new URL(request.url ?? '/', 'https://kubelet');
    const [, what, , , container = ''] = url.pathname.split('/');
    if (what === 'portForward') {
      const ports = (url.searchParams.get('port') ?? '').split(',').filter(Boolean).map(Number);
      const dial = async (port: number) => {
        const target = connect({ port, host: '127.0.0.1' });
        await new Promise((resolve, reject) => target.once('connect', resolve).once('error', reject));
        return target;
      };
      void servePortForward(request, socket, head, ports, dial);
    } else (acts[container] ?? acts['refused']!)(request, socket, head, url.searchParams);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

export const containersOfStreamingKubelet = Object.keys(acts);
