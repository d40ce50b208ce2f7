// The server's end of an upgrade to SPDY/3.1: which protocol is spoken on it, the 101, and the connection.
// Reads: X-Stream-Protocol-Version. Mirrors: apimachinery/pkg/util/httpstream/httpstream.go (Handshake), spdy/upgrade.go.
// Used by: remoteCommandServer.ts, portForwardServer.ts.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSpdyConnection, type SpdyConnection, type SpdyOptions } from '../spdy/connection.ts';

export const isSpdy = (raw: IncomingMessage): boolean => /\bspdy\/3\.1\b/i.test(raw.headers.upgrade ?? '');

/** The first of the client's protocols that is spoken here; `oldest` for a client that names none; undefined when there is none. */
export function negotiated(raw: IncomingMessage, spoken: readonly string[], oldest: string): string | undefined {
  const offered = String(raw.headers['x-stream-protocol-version'] ?? '')
    .split(',')
    .map((p) => p.trim())
    .filter(Boolean);
  return offered.length ? offered.find((p) => spoken.includes(p)) : oldest;
}

/** Answers 101 or 403 on the socket; undefined after a 403. */
export function acceptSpdy(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  spoken: readonly string[],
  oldest: string,
  options: Omit<SpdyOptions, 'role'>,
): { connection: SpdyConnection; protocol: string } | undefined {
  const protocol = negotiated(raw, spoken, oldest);
  if (!protocol) {
    const offered = String(raw.headers['x-stream-protocol-version'] ?? '').replaceAll(',', '');
    refuse(
      socket,
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${offered}], server accepts [${spoken.join(' ')}]`,
    );
    return undefined;
  }
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  return { connection: createSpdyConnection(socket, head, { ...options, role: 'server' }), protocol };
}

/** An answer on a connection whose upgrade is refused. */
export function refuse(socket: Duplex, code: number, text: string): void {
  if (socket.destroyed) return;
  const body = Buffer.from(`${text}\n`);
  socket.end(
    `HTTP/1.1 ${code} ${reasons[code] ?? 'Error'}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n` +
      `Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

const reasons: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
};
