// exec and attach by WebSocket v5.channel.k8s.io, translated to the SPDY/3.1 that every kubelet speaks.
// Reads: channels 0 (stdin), 4 (resize), 255 (a channel closes). Writes: 1 (stdout), 2 (stderr), 3 (the outcome as a Status).
// Mirrors: apiserver/pkg/util/proxy/streamtranslator.go, websocket.go, client-go/tools/remotecommand. Called by podStreams.ts.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { internalError, StatusError } from '../../apimachinery/status.ts';
import type { Status } from '../../apimachinery/types.ts';
import { createSpdyConnection, type SpdyConnection, type SpdyStream } from '../../component-base/spdy/connection.ts';
import type { Splice } from '../../component-base/streaming/splice.ts';
import {
  acceptWebSocket,
  closeWebSocket,
  send,
  type WebSocket,
  writePaced,
} from '../../component-base/streaming/webSocket.ts';
import { requestHeaders } from '../proxy/forwardedHeaders.ts';
import { dialUpgrade, type ProxyTarget } from '../proxy/reverseProxy.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { takenAnswer, takeSocket } from '../upgrade.ts';

export interface RemoteStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

const protocol = 'v5.channel.k8s.io';
const kubeletProtocols = [protocol, 'v4.channel.k8s.io'];
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 };
const pingInterval = 5000;
const longestStatus = 1024 * 1024;

/** The WebSocket is accepted first; what goes wrong behind it is told on its error channel. */
export async function translateExec(req: ApiRequest, target: ProxyTarget, wanted: RemoteStreams): Promise<Answer> {
  const headers = requestHeaders(req, target, true);
  for (const name of Object.keys(headers)) if (name.startsWith('sec-websocket-')) delete headers[name];
  const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': kubeletProtocols };
  const socket = takeSocket(req);
  const ws = await acceptWebSocket(req.raw, socket, req.upgrade!.head, protocol);
  if (ws) void run(ws, target, { ...headers, ...upgrade }, wanted, socket);
  return takenAnswer(socket);
}

async function run(
  ws: WebSocket,
  target: ProxyTarget,
  headers: Record<string, string | string[]>,
  wanted: RemoteStreams,
  socket: Parameters<typeof dialUpgrade>[2],
): Promise<void> {
  let spdy: SpdyConnection | undefined;
  const self: Splice = { finish: () => ws.terminate() };
  target.open?.add(self);
  ws.once('close', () => {
    target.open?.delete(self);
    spdy?.destroy();
  });
  const early = holdMessages(ws);
  try {
    await send(ws, channelMessage(wanted.stdout ? channel.stdout : wanted.stderr ? channel.stderr : channel.error));
    spdy = await connect(target, headers, socket);
    const streams = await openStreams(spdy, wanted);
    early.release((data) => receive(ws, streams, data));
    const [status] = await Promise.all([
      readStatus(streams.error),
      forward(streams.stdout, ws, channel.stdout),
      forward(streams.stderr, ws, channel.stderr),
    ]);
    await send(ws, channelMessage(channel.error, Buffer.from(JSON.stringify(status))));
  } catch (error) {
    const refusal = error instanceof StatusError ? error : internalError((error as Error).message);
    await send(ws, channelMessage(channel.error, Buffer.from(JSON.stringify(refusal.status))));
  }
  closeWebSocket(ws);
  spdy?.close();
}

const channelMessage = (number: number, data: Buffer = Buffer.alloc(0)) => Buffer.concat([Buffer.from([number]), data]);

async function connect(
  target: ProxyTarget,
  headers: Record<string, string | string[]>,
  socket: Parameters<typeof dialUpgrade>[2],
): Promise<SpdyConnection> {
  const url = `${target.origin}${target.path}`;
  const backend = await dialUpgrade({ ...target, method: 'POST' }, headers, socket).catch((error) => {
    throw new Error(`error sending request: Post "${url}": ${error.message.replace(/^error dialing backend: /, '')}`);
  });
  if ('socket' in backend) return createSpdyConnection(backend.socket, backend.head, { role: 'client', pingInterval });
  throw await refusalOf(backend.answer);
}

/** A Status in the answer is passed on as it is; other words are quoted. */
async function refusalOf(answer: IncomingMessage): Promise<Error> {
  const text = await readText(answer);
  try {
    const status: Status = JSON.parse(text);
    if (status.kind === 'Status') return new StatusError(status as never);
  } catch {
    // No Status, then.
  }
  return new Error(`unable to upgrade connection: ${text.trim() || `status code ${answer.statusCode}`}`);
}

interface Streams {
  error: SpdyStream;
  stdin?: SpdyStream;
  stdout?: SpdyStream;
  stderr?: SpdyStream;
  resize?: SpdyStream;
}

/** In the order in which Go's client opens them. */
async function openStreams(spdy: SpdyConnection, wanted: RemoteStreams): Promise<Streams> {
  const open = (streamtype: string) => spdy.createStream({ streamtype });
  return {
    error: await open('error'),
    ...(wanted.stdin ? { stdin: await open('stdin') } : {}),
    ...(wanted.stdout ? { stdout: await open('stdout') } : {}),
    ...(wanted.stderr && !wanted.tty ? { stderr: await open('stderr') } : {}),
    ...(wanted.tty ? { resize: await open('resize') } : {}),
  };
}

/** Messages may come before the kubelet has answered: they wait, and the WebSocket with them. */
function holdMessages(ws: WebSocket): { release(handle: (data: Buffer) => void): void } {
  const held: Buffer[] = [];
  const hold = (data: Buffer) => {
    held.push(data);
    ws.pause();
  };
  ws.on('message', hold);
  return {
    release(handle) {
      ws.off('message', hold);
      ws.on('message', handle);
      for (const data of held) handle(data);
      ws.resume();
    },
  };
}

function receive(ws: WebSocket, streams: Streams, data: Buffer): void {
  if (!data.length) return;
  const rest = data.subarray(1);
  const to = data[0] === channel.stdin ? streams.stdin : data[0] === channel.resize ? streams.resize : undefined;
  if (to) writePaced(ws, to, rest);
  else if (data[0] === channel.close && rest[0] === channel.stdin) streams.stdin?.end();
}

/** Until the stream ends; each piece waits for the one before it to be taken. */
async function forward(stream: SpdyStream | undefined, ws: WebSocket, number: number): Promise<void> {
  if (!stream) return;
  // Left as it is at its end: to reset it would reach a Go server that may be closing, and what it closes on unread bytes is lost.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) await send(ws, channelMessage(number, chunk));
}

/** Nothing on the error stream is success. */
async function readStatus(stream: SpdyStream): Promise<object> {
  const text = await readText(stream);
  if (!text) {
    if (stream.cutOff) throw new Error('the connection to the kubelet was lost');
    return { metadata: {}, status: 'Success' };
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`error stream protocol error: ${JSON.stringify(text.slice(0, 500))}`);
  }
}

async function readText(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream.iterator({ destroyOnReturn: false })) {
    size += part.length;
    if (size <= longestStatus) parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
