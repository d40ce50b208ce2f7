// One port that speaks HTTP and HTTPS: the first byte of a connection tells which. Upstream's daemons always serve HTTPS, with a
// certificate made in memory when they were given none; whoever asks in plain HTTP, as our own `up` does, is answered too.
// Used by: healthServer.ts.
import type * as http from 'node:http';
import type * as https from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';

const tlsHandshake = 0x16;
/** Milliseconds after which a connection that says nothing is closed. */
const patience = 30_000;

export interface EitherServer {
  server: Server;
  /** Ends all connections, of both protocols and of those that have said nothing yet. */
  closeAllConnections(): void;
}

/** `makeSecure` is called when the first TLS client comes. Neither server listens by itself. */
export function eitherProtocol(plain: http.Server, makeSecure: () => https.Server): EitherServer {
  // Servers that do not listen keep no list of their connections.
  const sockets = new Set<Socket>();
  let secure: https.Server | undefined;
  const choose = (socket: Socket, first: Buffer) => {
    socket.pause();
    socket.unshift(first);
    if (first[0] === tlsHandshake) secure ??= makeSecure();
    (first[0] === tlsHandshake ? secure! : plain).emit('connection', socket);
    process.nextTick(() => socket.resume());
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setTimeout(patience, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    socket.once('data', (first) => choose(socket, first as Buffer));
  });
  return {
    server,
    closeAllConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
