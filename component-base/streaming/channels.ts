// Several streams in one WebSocket: each message begins with the number of its channel, in binary or, for browsers of old, in base64.
// Mirrors: apimachinery/pkg/util/httpstream/wsstream/conn.go. Used by: remoteCommandServer.ts, portForwardServer.ts.
import { PassThrough, type Readable, Writable } from 'node:stream';
import { closeWebSocket, send, type WebSocket, writePaced } from './webSocket.ts';

export interface Channels {
  /** What the peer sends on a channel; it ends with the connection, or when the peer closes it (v5). */
  readable(channel: number): Readable;
  /** What is written goes to the peer; ending it sends nothing, since channels do not end. */
  writable(channel: number): Writable;
  close(code?: number): void;
}

const closeSignal = 255;

export function createChannels(ws: WebSocket, options: { base64?: boolean; closable?: boolean }): Channels {
  const readables = new Map<number, PassThrough>();
  ws.on('message', (data: Buffer) => {
    if (!data.length) return;
    const channel = options.base64 ? data[0]! - 48 : data[0]!;
    const bytes = options.base64 ? Buffer.from(data.toString('latin1', 1), 'base64') : data.subarray(1);
    if (options.closable && channel === closeSignal) return void readables.get(bytes[0] ?? -1)?.end();
    const stream = readables.get(channel);
    if (stream) writePaced(ws, stream, bytes);
  });
  ws.on('close', () => {
    for (const stream of readables.values()) stream.end();
  });
  return {
    readable(channel) {
      const stream = new PassThrough();
      stream.on('error', () => {});
      readables.set(channel, stream);
      return stream;
    },
    writable: (channel) =>
      new Writable({
        write: (data: Buffer, _encoding, done) => void sendOn(ws, channel, data, options.base64).then(() => done()),
      }),
    close: (code) => closeWebSocket(ws, code),
  };
}

function sendOn(ws: WebSocket, channel: number, data: Buffer, base64 = false): Promise<void> {
  if (base64) return send(ws, `${channel}${data.toString('base64')}`, false);
  return send(ws, Buffer.concat([Buffer.from([channel]), data]));
}
