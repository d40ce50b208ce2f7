// The end at which a command runs: exec and attach as their clients speak them, SPDY and WebSocket alike, as plain streams for whoever runs it.
// Reads: the upgrade request and its options. Writes: the outcome on the error stream, in the way of the protocol's version.
// Mirrors: kubelet/pkg/cri/streaming/remotecommand (httpstream.go, websocket.go, exec.go). Used by: runtime/. Next: channels.ts, spdyUpgrade.ts.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { SpdyStream } from '../spdy/connection.ts';
import { createChannels } from './channels.ts';
import { acceptSpdy, isSpdy, refuse } from './spdyUpgrade.ts';
import { acceptWebSocket, isWebSocket, offeredProtocols } from './webSocket.ts';

export interface RemoteCommandOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** What the command reads and writes; `gone` aborts when the client is no longer there. */
export interface RemoteCommandSession {
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  onResize(handle: (size: { width: number; height: number }) => void): void;
  gone: AbortSignal;
}

/** How the command ended; `error` is what kept it from running. */
export type RemoteCommandOutcome = { exitCode: number } | { error: string };

export interface ServeOptions {
  /** Milliseconds. */
  idleTimeout?: number;
  /** For the streams that a client must open. */
  creationTimeout?: number;
}

const spdyProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];
const webSocketProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
];
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 };

/** Streams and the way to end, whatever carries them. */
interface Carrier extends RemoteCommandSession {
  error: Writable;
  /** 1 to 5 */
  version: number;
  close(): void;
}

/** Answers the upgrade, runs, tells the outcome, and closes. Never rejects. */
export async function serveRemoteCommand(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  wanted: RemoteCommandOptions,
  run: (session: RemoteCommandSession) => Promise<RemoteCommandOutcome>,
  options: ServeOptions = {},
): Promise<void> {
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    return refuse(socket, 400, 'you must specify at least 1 of stdin, stdout, stderr');
  const carrier = await carrierOf(raw, socket, head, wanted, options).catch(() => undefined);
  if (!carrier) return;
  const outcome = await run(carrier).catch((error: Error) => ({ error: error.message }));
  await Promise.all([finish(carrier.stdout), finish(carrier.stderr)]);
  const text = outcomeText(outcome, carrier.version);
  if (text && !carrier.error.destroyed) carrier.error.write(text);
  await finish(carrier.error);
  carrier.close();
}

async function finish(stream: Writable | undefined): Promise<void> {
  if (!stream || stream.destroyed || stream.writableFinished) return;
  const ended = Promise.race([once(stream, 'finish'), once(stream, 'close')]).catch(() => undefined);
  stream.end();
  await ended;
}

/** From v4 on a Status, also of success; before, the error's text or nothing. */
export function outcomeText(outcome: RemoteCommandOutcome, version: number): string {
  if ('error' in outcome) {
    if (version < 4) return outcome.error;
    const message = `error executing command in container: ${outcome.error}`;
    const causes = [{ message }];
    return JSON.stringify({
      metadata: {},
      status: 'Failure',
      message: `Internal error occurred: ${message}`,
      reason: 'InternalError',
      details: { causes },
      code: 500,
    });
  }
  const { exitCode } = outcome;
  if (exitCode === 0) return version < 4 ? '' : JSON.stringify({ metadata: {}, status: 'Success' });
  const message = `command terminated with non-zero exit code: exit status ${exitCode}`;
  if (version < 4) return message;
  const causes = [{ reason: 'ExitCode', message: String(exitCode) }];
  return JSON.stringify({ metadata: {}, status: 'Failure', message, reason: 'NonZeroExitCode', details: { causes } });
}

function carrierOf(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  wanted: RemoteCommandOptions,
  options: ServeOptions,
): Promise<Carrier | undefined> {
  if (isSpdy(raw)) return spdyCarrier(raw, socket, head, wanted, options);
  if (isWebSocket(raw)) return webSocketCarrier(raw, socket, head, wanted, options);
  refuse(socket, 400, 'unable to upgrade: missing upgrade headers in request');
  return Promise.resolve(undefined);
}

const versionOf = (protocol: string): number => Number(/^v(\d)\./.exec(protocol)?.[1] ?? 1);

async function webSocketCarrier(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  wanted: RemoteCommandOptions,
  options: ServeOptions,
): Promise<Carrier | undefined> {
  const offered = offeredProtocols(raw);
  const protocol = offered.find((p) => webSocketProtocols.includes(p)) ?? '';
  if (offered.length && !protocol)
    return void refuse(socket, 403, `unable to upgrade: requested protocols are not spoken here`);
  const ws = await acceptWebSocket(raw, socket, head, protocol);
  if (!ws) return undefined;
  if (options.idleTimeout && 'setTimeout' in socket)
    (socket as import('node:net').Socket).setTimeout(options.idleTimeout, () => socket.destroy());
  const gone = new AbortController();
  ws.once('close', () => gone.abort());
  const version = versionOf(protocol);
  const channels = createChannels(ws, { base64: protocol.includes('base64'), closable: version >= 5 });
  const resize = wanted.tty ? channels.readable(channel.resize) : undefined;
  const carrier: Carrier = {
    ...(wanted.stdin ? { stdin: channels.readable(channel.stdin) } : {}),
    ...(wanted.stdout ? { stdout: channels.writable(channel.stdout) } : {}),
    ...(wanted.stderr && !wanted.tty ? { stderr: channels.writable(channel.stderr) } : {}),
    error: channels.writable(channel.error),
    version,
    gone: gone.signal,
    onResize: (handle) => readSizes(resize, handle),
    close: () => channels.close(),
  };
  // Tells the client that the connection stands.
  (carrier.stdout ?? carrier.stderr ?? carrier.error).write(Buffer.alloc(0));
  return carrier;
}

async function spdyCarrier(
  raw: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  wanted: RemoteCommandOptions,
  options: ServeOptions,
): Promise<Carrier | undefined> {
  const streams = new Map<string, SpdyStream>();
  let opened = () => {};
  const accepted = acceptSpdy(raw, socket, head, spdyProtocols, 'channel.k8s.io', {
    idleTimeout: options.idleTimeout,
    onStream(stream) {
      streams.set(stream.headers['streamtype'] ?? '', stream);
      opened();
    },
  });
  if (!accepted) return undefined;
  const { connection, protocol } = accepted;
  const version = versionOf(protocol);
  const expected = ['error'];
  if (wanted.stdin) expected.push('stdin');
  if (wanted.stdout) expected.push('stdout');
  if (wanted.stderr && !wanted.tty) expected.push('stderr');
  if (wanted.tty && version >= 3) expected.push('resize');
  const all = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), options.creationTimeout ?? 30_000);
    opened = () => {
      if (!expected.every((name) => streams.has(name))) return;
      clearTimeout(timer);
      resolve(true);
    };
    opened();
    void connection.closed.then(() => resolve(false));
  });
  if (!all) {
    connection.destroy();
    return undefined;
  }
  const gone = new AbortController();
  void connection.closed.then(() => gone.abort());
  return {
    ...(wanted.stdin ? { stdin: streams.get('stdin')! } : {}),
    ...(wanted.stdout ? { stdout: streams.get('stdout')! } : {}),
    ...(streams.has('stderr') && !wanted.tty ? { stderr: streams.get('stderr')! } : {}),
    error: streams.get('error')!,
    version,
    gone: gone.signal,
    onResize: (handle) => readSizes(streams.get('resize'), handle),
    close: () => connection.close(),
  };
}

/** `{"Width":80,"Height":24}`, one behind the other; what is no size is skipped. */
function readSizes(stream: Readable | undefined, handle: (size: { width: number; height: number }) => void): void {
  let rest = '';
  stream?.on('data', (data: Buffer) => {
    rest += data.toString('utf8');
    for (let end = rest.indexOf('}'); end >= 0; end = rest.indexOf('}')) {
      const text = rest.slice(0, end + 1);
      rest = rest.slice(end + 1);
      try {
        const { Width, Height } = JSON.parse(text);
        handle({ width: Number(Width), height: Number(Height) });
      } catch {
        // No size.
      }
    }
    if (rest.length > 1024) rest = '';
  });
}
