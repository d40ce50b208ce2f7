// Requests that ask to leave HTTP on their connection (WebSocket, SPDY): they pass the same filters as all others, and then a handler
// takes the socket, or they are answered like any request and the connection closes. HTTP/1.1 alone has them.
// Called by server.ts. Next along the chain: proxy/reverseProxy.ts, streaming/.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import * as http from '../component-base/http.ts';
import type { Answer, ApiRequest } from './request.ts';

export interface Upgrade {
  readonly socket: Duplex;
  /** What the client has sent behind the request. */
  readonly head: Buffer;
  /** True once a handler answers on the socket itself. */
  taken: boolean;
}

/** Other protocols (h2c) may be ignored, and are, so that such requests keep their connection; behind a proxy anything may be spoken. */
export const upgradable = (raw: IncomingMessage): boolean =>
  /\b(websocket|spdy\/)/i.test(raw.headers.upgrade ?? '') || /\/proxy(\/|\?|$)/.test(raw.url ?? '');

export function onUpgrade(
  server: { on(event: 'upgrade', listener: (raw: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown },
  handle: (raw: IncomingMessage, response: ServerResponse, upgrade: Upgrade) => void,
): void {
  server.on('upgrade', (raw, socket, head) => {
    // A peer that goes away is no failure of ours.
    socket.on('error', () => socket.destroy());
    const response = new http.ServerResponse(raw);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    response.on('finish', () => socket.end());
    handle(raw, response, { socket, head, taken: false });
  });
}

/** From here on the socket is the caller's, who answers 101 on it. Throws when the request asked for no upgrade. */
export function takeSocket(req: ApiRequest): Duplex {
  const { upgrade, response } = req;
  if (!upgrade || upgrade.taken) throw new Error('there is no connection to take');
  upgrade.taken = true;
  response.detachSocket(upgrade.socket as never);
  response.statusCode = 101;
  return upgrade.socket;
}

/**
 * The request is answered as HTTP after all: what the client sends besides is read and dropped. A socket that nobody reads
 * would never tell that its client has gone.
 */
export function declineUpgrade(req: ApiRequest): void {
  if (req.upgrade && !req.upgrade.taken) req.upgrade.socket.resume();
}

/** The answer of a handler that has taken the socket: over when the socket is. */
export const takenAnswer = (socket: Duplex): Answer => ({
  code: 101,
  type: '',
  taken: true,
  stream: async () => {
    if (!socket.closed) await once(socket, 'close').catch(() => undefined);
  },
});
