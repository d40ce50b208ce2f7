// /exec, /attach and /portForward: the runtime is asked where it streams, and the client's connection is joined with that place.
// /run answers with a command's output as text. Reads: running containers and sandboxes of the runtime. Writes: CRI Exec, Attach, PortForward.
// Mirrors: pkg/kubelet/server/server.go (getExec, getAttach, getPortForward, getRun, proxyStream), kubelet_pods.go (GetExec …).
// Called by: server.ts. Next: component-base/streaming/splice.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import * as http from '../../component-base/http.ts';
import { refuse } from '../../component-base/streaming/spdyUpgrade.ts';
import { type Splice, splice, switchingProtocols } from '../../component-base/streaming/splice.ts';
import { isWebSocket } from '../../component-base/streaming/webSocket.ts';
import { CriError } from '../../cri/error.ts';
import type { KubeletContext } from '../context.ts';
import type { LogSubject } from './logs.ts';

export interface StreamView {
  subject(namespace: string, name: string): LogSubject | undefined;
}

export interface Streams {
  /** Answers an upgrade request, whatever comes of it. Rejects with what the runtime said. */
  serve(url: URL, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Cuts all streams. */
  close(): void;
}

/** A refusal with its HTTP code. */
class Refusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function createStreams(k: KubeletContext, view: StreamView): Streams {
  const open = new Set<Splice>();
  return {
    async serve(url, request, socket, head) {
      try {
        const target = await streamUrl(k, view, url, request);
        passOn(new URL(target), request, socket, head, {
          idleTimeout: k.config['streaming-connection-idle-timeout'],
          open,
        });
      } catch (error) {
        refuse(socket, codeOf(error), (error as Error).message);
      }
    },
    close() {
      for (const stream of open) stream.finish();
    },
  };
}

const grpcCodes: Record<string, number> = { NotFound: 404, ResourceExhausted: 429 };
const codeOf = (error: unknown): number =>
  error instanceof Refusal ? error.code : error instanceof CriError ? (grpcCodes[error.code] ?? 500) : 500;

/** Where the runtime will stream. Throws what refuses the client. */
function streamUrl(k: KubeletContext, view: StreamView, url: URL, request: IncomingMessage): Promise<string> {
  const [, what] = url.pathname.split('/');
  if (request.method !== 'GET' && request.method !== 'POST') throw new Refusal(405, '405: Method Not Allowed');
  if (what === 'exec') return execUrl(k, view, url);
  if (what === 'attach') return attachUrl(k, view, url);
  if (what === 'portForward') return portForwardUrl(k, view, url, request);
  throw new Refusal(404, '404 page not found');
}

/** `/exec/<namespace>/<pod>[/<uid>]/<container>` */
function subjectOf(view: StreamView, url: URL, withContainer: boolean): LogSubject & { container: string } {
  const [, , namespace = '', name = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  const container = withContainer ? rest.pop() : '';
  const uid = rest[0];
  const found = view.subject(namespace, name);
  if (!found || container === undefined || (uid && found.pod.metadata.uid !== uid))
    throw new Refusal(404, 'pod does not exist');
  return { ...found, container };
}

async function runningContainer(
  k: KubeletContext,
  { pod, container }: LogSubject & { container: string },
): Promise<string> {
  const { containers } = await k.cri.runtime.listContainers({
    filter: {
      labelSelector: { 'io.kubernetes.pod.uid': pod.metadata.uid ?? '', 'io.kubernetes.container.name': container },
      state: { state: 'CONTAINER_RUNNING' },
    },
  });
  if (!containers[0]) throw new Refusal(500, `container not found (${JSON.stringify(container)})`);
  return containers[0].id;
}

const flag = (q: URLSearchParams, name: string) => q.get(name) === '1';

/** Throws 400 for a client that wants nothing. */
function streamOptions(q: URLSearchParams): { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean } {
  const tty = flag(q, 'tty');
  // A terminal has one way out.
  const options = { stdin: flag(q, 'input'), stdout: flag(q, 'output'), stderr: flag(q, 'error') && !tty, tty };
  if (!options.stdin && !options.stdout && !options.stderr)
    throw new Refusal(400, 'you must specify at least 1 of stdin, stdout, stderr');
  return options;
}

async function execUrl(k: KubeletContext, view: StreamView, url: URL): Promise<string> {
  const options = streamOptions(url.searchParams);
  const containerId = await runningContainer(k, subjectOf(view, url, true));
  const cmd = url.searchParams.getAll('command');
  return (await k.cri.runtime.exec({ containerId, cmd, ...options })).url;
}

async function attachUrl(k: KubeletContext, view: StreamView, url: URL): Promise<string> {
  const options = streamOptions(url.searchParams);
  const subject = subjectOf(view, url, true);
  const containerId = await runningContainer(k, subject);
  const spec = subject.pod.spec;
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])];
  // Whether a process has a terminal was settled when it was started.
  const tty = all.find((c) => c.name === subject.container)?.tty === true;
  return (await k.cri.runtime.attach({ containerId, ...options, stderr: options.stderr && !tty, tty })).url;
}

async function portForwardUrl(
  k: KubeletContext,
  view: StreamView,
  url: URL,
  request: IncomingMessage,
): Promise<string> {
  const port = isWebSocket(request) ? portsOf(url.searchParams) : [];
  const { pod } = subjectOf(view, url, false);
  const { items } = await k.cri.runtime.listPodSandbox({
    filter: {
      labelSelector: { 'io.kubernetes.pod.uid': pod.metadata.uid ?? '' },
      state: { state: 'SANDBOX_READY' },
    },
  });
  if (!items[0])
    throw new Refusal(500, `pod not found (${JSON.stringify(`${pod.metadata.name}_${pod.metadata.namespace}`)})`);
  return (await k.cri.runtime.portForward({ podSandboxId: items[0].id, port })).url;
}

/** Throws 400. */
function portsOf(q: URLSearchParams): number[] {
  const given = q.getAll('port');
  if (!given.length) throw new Refusal(400, 'query parameter "port" is required');
  return given.flatMap((text) => {
    if (!text) throw new Refusal(400, 'query parameter "port" cannot be empty');
    return text.split(',').map((part) => {
      const port = Number(part);
      if (!/^\d+$/.test(part) || port > 65_535)
        throw new Refusal(400, `unable to parse ${JSON.stringify(text)} as a port`);
      if (port < 1) throw new Refusal(400, `port ${JSON.stringify(text)} must be > 0`);
      return port;
    });
  });
}

/** The client's own request, to the runtime's streaming server; an answer that is no upgrade goes back as it is. */
function passOn(
  url: URL,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: { idleTimeout: number; open: Set<Splice> },
): void {
  const { authorization: _, ...headers } = request.headers;
  const out = (url.protocol === 'https:' ? https.request : http.request)({
    hostname: url.hostname,
    port: url.port,
    path: url.pathname + url.search,
    method: request.method,
    // The client's headers as they came: several lines of one name are several protocols.
    headers: { ...headers, 'x-stream-protocol-version': protocolVersions(request) },
    agent: false,
    rejectUnauthorized: false,
  });
  socket.once('close', () => out.destroy());
  out.on('error', (error) => refuse(socket, 502, `error dialing backend: ${error.message}`));
  out.on('upgrade', (answer, backend, backendHead) => {
    socket.write(switchingProtocols(answer));
    splice({ socket, head }, { socket: backend, head: backendHead }, options);
  });
  out.on('response', (answer) => {
    const parts: Buffer[] = [];
    answer.on('data', (part) => parts.push(part));
    answer.on('error', () => socket.destroy());
    answer.on('end', () => refuse(socket, answer.statusCode ?? 500, Buffer.concat(parts).toString('utf8').trim()));
  });
  out.end();
}

function protocolVersions(request: IncomingMessage): string[] {
  const raw = request.rawHeaders;
  return raw.filter((_, i) => i % 2 === 1 && raw[i - 1]!.toLowerCase() === 'x-stream-protocol-version');
}

/** POST /run/<namespace>/<pod>[/<uid>]/<container>?cmd=…: both outputs, as text. */
export async function runInContainer(
  k: KubeletContext,
  view: StreamView,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = (code: number, body: Buffer | string) =>
    void response.writeHead(code, { 'content-type': 'text/plain' }).end(body);
  if (request.method !== 'POST') return answer(405, '405: Method Not Allowed\n');
  try {
    const containerId = await runningContainer(k, subjectOf(view, url, true));
    const cmd = (url.searchParams.get('cmd') ?? '').split(' ');
    const { stdout, stderr, exitCode } = await k.cri.runtime.execSync({ containerId, cmd, timeout: 0 });
    if (exitCode !== 0)
      return answer(500, `command '${cmd.join(' ')}' exited with ${exitCode}: ${Buffer.from(stderr)}\n`);
    answer(200, Buffer.concat([Buffer.from(stdout), Buffer.from(stderr)]));
  } catch (error) {
    answer(codeOf(error), `${(error as Error).message}\n`);
  }
}
