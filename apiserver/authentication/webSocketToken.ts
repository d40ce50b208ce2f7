// A bearer token as a WebSocket sub-protocol: browsers can set no headers, but they can name protocols.
// Reads and shortens: Sec-WebSocket-Protocol. Mirrors: apiserver/pkg/authentication/request/websocket/protocol.go.
// Used by: ../filters/authenticate.ts.
import type { IncomingHttpHeaders } from 'node:http';

const prefix = 'base64url.bearer.authorization.k8s.io.';

/**
 * `Bearer <token>` when such a sub-protocol is offered beside another one, which alone is left in the header. Undefined when there is
 * none, or it is no base64url of text, or nothing else is offered: a client must not be answered with its token.
 */
export function webSocketToken(headers: IncomingHttpHeaders): string | undefined {
  const offered = headers['sec-websocket-protocol'];
  if (!offered?.includes(prefix) || !/\bwebsocket\b/i.test(headers.upgrade ?? '')) return undefined;
  const protocols = offered.split(',').map((p) => p.trim());
  const tokens = protocols.filter((p) => p.startsWith(prefix));
  const others = protocols.filter((p) => p && !p.startsWith(prefix));
  const encoded = tokens[0]!.slice(prefix.length);
  if (tokens.length !== 1 || !others.length || !/^[\w-]+$/.test(encoded)) return undefined;
  headers['sec-websocket-protocol'] = others.join(', ');
  const token = Buffer.from(encoded, 'base64url').toString('utf8');
  return token.includes('\ufffd') ? undefined : `Bearer ${token}`;
}
