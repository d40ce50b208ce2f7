// A long answer (a watch, a log) to a client that asked for a WebSocket: each piece that is written is one message.
// Reads: the sub-protocol: `base64.binary.k8s.io` in text, `binary.k8s.io` in binary, none as the media type is.
// Mirrors: apiserver/pkg/endpoints/handlers/watch.go (HandleWS), apimachinery/pkg/util/httpstream/wsstream/stream.go. Called by server.ts.
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import {
  acceptWebSocket,
  closeWebSocket,
  isWebSocket,
  offeredProtocols,
  send,
  type WebSocket,
} from '../../component-base/streaming/webSocket.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { takeSocket } from '../upgrade.ts';

type Streamed = Extract<Answer, { stream: unknown }>;

/** Long answers of 200; what is refused or short is answered as HTTP. */
export const goesOverWebSocket = (req: ApiRequest, answer: Answer): boolean =>
  req.upgrade !== undefined &&
  isWebSocket(req.raw) &&
  'stream' in answer &&
  answer.code === 200 &&
  (req.info.verb === 'watch' || req.info.subresource === 'log');

export async function streamOverWebSocket(req: ApiRequest, answer: Answer): Promise<void> {
  const protocol = offeredProtocols(req.raw)[0] ?? '';
  const ws = await acceptWebSocket(req.raw, takeSocket(req), req.upgrade!.head, protocol);
  if (!ws) return;
  const text = protocol === '' && req.info.verb === 'watch' && answer.type.includes('json');
  const base64 = protocol === 'base64.binary.k8s.io';
  // Handlers write, end and look whether it is destroyed: that much of a ServerResponse it is.
  const out = messages(ws, (data) => (base64 ? send(ws, data.toString('base64'), false) : send(ws, data, !text)));
  await (answer as Streamed).stream(out as unknown as ServerResponse);
}

/** One write is one message; tells so by `messages`, so that writers keep pieces apart. */
function messages(ws: WebSocket, sendOne: (data: Buffer) => Promise<void>): Writable & { messages: true } {
  const out = new Writable({
    write: (data: Buffer, _encoding, done) => void sendOne(data).then(() => done()),
    final(done) {
      closeWebSocket(ws);
      done();
    },
    destroy(_error, done) {
      // An end that was sent may still be answered; anything else is cut off.
      if (!out.writableFinished) ws.terminate();
      done(null);
    },
  });
  ws.on('close', () => out.destroy());
  // What the client says besides is of no meaning here, but must be read for its pings and its end to be seen.
  ws.resume();
  return Object.assign(out, { messages: true as const });
}
