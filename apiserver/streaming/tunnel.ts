// Port-forward's SPDY inside a WebSocket: the bytes of the WebSocket's messages are the kubelet's SPDY connection.
// Reads: the upgrade request. Mirrors: apimachinery/pkg/util/proxy → apiserver/pkg/util/proxy/streamtunnel.go, streaming/portforward.
// Called by podStreams.ts.
import type { Duplex } from 'node:stream';
import type { Splice } from '../../component-base/streaming/splice.ts';
import {
  acceptWebSocket,
  closeWebSocket,
  offeredProtocols,
  send,
  type WebSocket,
  writePaced,
} from '../../component-base/streaming/webSocket.ts';
import { requestHeaders } from '../proxy/forwardedHeaders.ts';
import { dialUpgrade, type ProxyTarget, refusedUpgrade } from '../proxy/reverseProxy.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { takenAnswer, takeSocket } from '../upgrade.ts';

const prefix = 'SPDY/3.1+';

/** Throws StatusError when the kubelet cannot be reached; its refusals are answered before any WebSocket is. */
export async function tunnelPortForward(req: ApiRequest, target: ProxyTarget): Promise<Answer> {
  const protocol = offeredProtocols(req.raw).find((p) => p.startsWith(prefix))!;
  const backend = await dialUpgrade(
    { ...target, method: 'POST' },
    headersOf(req, target, protocol),
    req.upgrade!.socket,
  );
  if (!('socket' in backend)) return refusedUpgrade(backend.answer);
  const socket = takeSocket(req);
  const ws = await acceptWebSocket(req.raw, socket, req.upgrade!.head, protocol);
  if (!ws) backend.socket.destroy();
  else join(ws, backend.socket, backend.head, target.open);
  return takenAnswer(socket);
}

function headersOf(req: ApiRequest, target: ProxyTarget, protocol: string): Record<string, string | string[]> {
  const headers = requestHeaders(req, target, true);
  for (const name of Object.keys(headers)) if (name.startsWith('sec-websocket-')) delete headers[name];
  const version = protocol.slice(prefix.length);
  return { ...headers, connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': version };
}

/** Each side is read only as fast as the other takes it. */
function join(ws: WebSocket, backend: Duplex, head: Buffer, open: Set<Splice> | undefined): void {
  const self: Splice = {
    finish() {
      ws.terminate();
      backend.destroy();
    },
  };
  open?.add(self);
  ws.on('message', (data: Buffer) => writePaced(ws, backend, data));
  ws.on('close', () => {
    open?.delete(self);
    backend.end(() => backend.destroy());
  });
  backend.on('error', () => backend.destroy());
  backend.on('close', () => closeWebSocket(ws));
  void pump(backend, ws, head);
}

async function pump(backend: Duplex, ws: WebSocket, head: Buffer): Promise<void> {
  try {
    if (head.length) await send(ws, head);
    for await (const chunk of backend) await send(ws, chunk);
  } catch {
    // Cut off: the WebSocket closes as well.
  }
  closeWebSocket(ws);
}
