// The server's end of a WebSocket on a connection that asks for one: the handshake with the sub-protocol that was chosen.
// Reads: the upgrade request. Used by: apiserver/ (exec, port-forward, watch, logs), runtime/ (its streaming server). The library is ws.
// Lives in component-base because API server, kubelet and runtime meet over these protocols and may not import each other.
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Duplex, Writable } from 'node:stream';
import type * as Library from 'ws';

export type WebSocket = Library.WebSocket;

/** Bytes of one message; longer ones close the connection with 1009. */
const longestMessage = 16 * 1024 * 1024;

const load = createRequire(import.meta.url);
/** Loaded with the first WebSocket: most servers never see one. */
const library = (): typeof Library => load('ws');

/** What each connection runs over, for closeWebSocket. */
const carriers = new WeakMap<WebSocket, Duplex>();

export const isWebSocket = (raw: IncomingMessage): boolean => /\bwebsocket\b/i.test(raw.headers.upgrade ?? '');

/** The sub-protocols that the client offers, in its order. */
export const offeredProtocols = (raw: IncomingMessage): string[] =>
  (raw.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((p) => p.trim())
    .filter(Boolean);

/**
 * Answers 101 with `protocol` ('' for none), or 400 to a handshake that is none; then resolves with undefined.
 * ws refuses sub-protocols with a slash in them, so it never sees the header: what was chosen is put into the answer here.
 */
export function acceptWebSocket(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<WebSocket | undefined> {
  const server = new (library().WebSocketServer)({
    noServer: true,
    clientTracking: false,
    maxPayload: longestMessage,
    // Peers that pong their pings and close when told: as ws does by itself.
    autoPong: true,
  });
  delete raw.headers['sec-websocket-protocol'];
  if (protocol) server.once('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve) => {
    socket.once('close', () => resolve(undefined));
    server.handleUpgrade(raw, socket, head, (ws) => {
      // A malformed frame closes the connection (1002, 1009); there is nobody to throw at.
      ws.on('error', () => ws.terminate());
      carriers.set(ws, socket);
      resolve(ws);
    });
  });
}

/**
 * Says the end and that nothing follows: clients that wait on the socket itself (Python's) do not see a close frame that TLS
 * brought together with what was before it, and would wait for the connection to end.
 */
export function closeWebSocket(ws: WebSocket, code = 1000): void {
  ws.close(code);
  carriers.get(ws)?.end();
}

/** Sends and resolves when the peer takes more: memory holds what is under way and no more. */
export function send(ws: WebSocket, data: Buffer | string, binary = true): Promise<void> {
  return new Promise((resolve) => {
    if (ws.readyState !== ws.OPEN) return resolve();
    ws.send(data, { binary }, () => resolve());
  });
}

/** Writes what a message brought; while `to` is full the WebSocket is not read. */
export function writePaced(ws: WebSocket, to: Writable, data: Buffer): void {
  if (!data.length || to.writableEnded || to.destroyed || to.write(data)) return;
  ws.pause();
  const go = () => {
    to.off('drain', go);
    to.off('close', go);
    ws.resume();
  };
  to.on('drain', go);
  to.on('close', go);
}
