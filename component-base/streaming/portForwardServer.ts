// The end at which port-forward meets the pod: pairs of a data and an error stream, over SPDY or a WebSocket, joined with connections.
// Reads: the upgrade request, `ports` for WebSockets. Mirrors: kubelet/pkg/cri/streaming/portforward (httpstream.go, websocket.go).
// Used by: runtime/. Next: channels.ts, spdyUpgrade.ts.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { SpdyStream } from '../spdy/connection.ts';
import { createChannels } from './channels.ts';
import type { ServeOptions } from './remoteCommandServer.ts';
import { acceptSpdy, isSpdy, refuse } from './spdyUpgrade.ts';
import { acceptWebSocket, isWebSocket, offeredProtocols } from './webSocket.ts';

/** Connects to a port of the pod; its rejection's message goes to the client. */
export type Dial = (port: number) => Promise<Duplex>;

const spdyProtocol = 'portforward.k8s.io';
const webSocketProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];

export async function servePortForward(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  ports: readonly number[],
  dial: Dial,
  options: ServeOptions = {},
): Promise<void> {
  const wrong = ports.find((port) => !(port >= 1 && port <= 65_535));
  if (wrong !== undefined) return refuse(socket, 400, `port ${wrong} must be between 1 and 65535`);
  if (isSpdy(raw)) return serveSpdy(raw, socket, head, dial, options);
  if (isWebSocket(raw)) return serveWebSocket(raw, socket, head, ports, dial);
  refuse(socket, 400, 'unable to upgrade: missing upgrade headers in request');
}

interface Pair {
  port: number;
  data?: SpdyStream;
  error?: SpdyStream;
}

function serveSpdy(raw: IncomingMessage, socket: Duplex, head: Buffer, dial: Dial, options: ServeOptions): void {
  const pairs = new Map<string, Pair>();
  acceptSpdy(raw, socket, head, [spdyProtocol], spdyProtocol, {
    idleTimeout: options.idleTimeout,
    onStream(stream) {
      const { streamtype, port } = stream.headers;
      if ((streamtype !== 'data' && streamtype !== 'error') || !(Number(port) >= 1 && Number(port) <= 65_535))
        return void stream.destroy();
      // Clients of old number no pairs: the error stream comes first, the data stream next.
      const id = stream.headers['requestid'] ?? String(streamtype === 'error' ? stream.id : stream.id - 2);
      const pair = pairs.get(id) ?? { port: Number(port) };
      pair[streamtype] = stream;
      if (!pair.data || !pair.error) {
        pairs.set(id, pair);
        setTimeout(() => {
          if (pairs.get(id) === pair && pairs.delete(id)) stream.destroy();
        }, options.creationTimeout ?? 30_000).unref();
        return;
      }
      pairs.delete(id);
      void forward(pair.port, pair.data, pair.data, pair.error, dial);
    },
  });
}

async function serveWebSocket(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  ports: readonly number[],
  dial: Dial,
): Promise<void> {
  const offered = offeredProtocols(raw);
  const protocol = offered.find((p) => webSocketProtocols.includes(p)) ?? '';
  if (offered.length && !protocol)
    return refuse(socket, 403, 'unable to upgrade: requested protocols are not spoken here');
  const ws = await acceptWebSocket(raw, socket, head, protocol);
  if (!ws) return;
  const channels = createChannels(ws, { base64: protocol.includes('base64') });
  const forwards = ports.map((port, i) => {
    const incoming = channels.readable(2 * i);
    const [data, error] = [channels.writable(2 * i), channels.writable(2 * i + 1)];
    // First of all each channel says which port it is of.
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    data.write(number);
    error.write(number);
    return forward(port, incoming, data, error, dial);
  });
  await Promise.all(forwards);
  channels.close();
}

async function forward(port: number, from: Readable, to: Writable, error: Writable, dial: Dial): Promise<void> {
  try {
    const target = await dial(port);
    target.on('error', () => target.destroy());
    from.on('error', () => target.destroy());
    to.on('error', () => target.destroy());
    from.pipe(target);
    target.pipe(to);
    await once(target, 'close').catch(() => undefined);
  } catch (failure) {
    error.write((failure as Error).message);
  }
  error.end();
  to.end();
  from.resume();
}
