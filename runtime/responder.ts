// What answers behind a simulated pod's address: which container has the port, and the HTTP, TLS or plain bytes it speaks there.
// Reads: behaviour.ts through life.ts. Used by: podDialer.ts, which brings the byte streams.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createServer } from '../component-base/http.ts';
import type { ContainerBehaviour } from './behaviour.ts';
import type { Host, SimulatedNode } from './node.ts';
import type { ContainerRecord, SandboxRecord } from './records.ts';
import { selfSigned } from './selfSigned.ts';
import { type Timeline, valueAt } from './timeline.ts';

/** A container that accepts connections on `port` at this moment. */
export interface Target {
  node: SimulatedNode;
  sandbox: SandboxRecord;
  container: ContainerRecord;
  behaviour: ContainerBehaviour;
  port: number;
  /** Milliseconds since the container started. */
  age(): number;
}

/** Who answers at this address; undefined when a real one would refuse. */
export function findTarget(
  host: Host,
  behaviourOf: (node: SimulatedNode, c: ContainerRecord) => ContainerBehaviour,
  ip: string,
  port: number,
): Target | undefined {
  const at = host.addresses.get(ip);
  const places = at ? [at] : hostNetworkSandboxes(host);
  for (const { node, sandboxId } of places) {
    const candidates = node
      .containersOf(sandboxId)
      .filter((c) => c.state === 'running')
      .map((c) => ({ container: c, behaviour: behaviourOf(node, c) }));
    const found = pickContainer(candidates, port, at !== undefined);
    if (!found) continue;
    const age = () => (host.clock.now() - found.container.startedAt) / 1000;
    const tcp = found.behaviour.tcp.find((t) => t.key === '' || t.key === String(port));
    if (tcp && valueAt(tcp.steps, age()) === 'closed') continue;
    return { node, sandbox: node.sandboxes.get(sandboxId)!, ...found, port, age };
  }
  return undefined;
}

type Candidate = Pick<Target, 'container' | 'behaviour'>;

/** The one told to have the port, else the one whose spec names it, else (when `anyPort`) the first that was told nothing. */
function pickContainer(candidates: Candidate[], port: number, anyPort: boolean): Candidate | undefined {
  const untold = candidates.filter((c) => c.behaviour.ports === undefined);
  return (
    candidates.find((c) => c.behaviour.ports?.includes(port)) ??
    untold.find((c) => declaredPorts(c.container).includes(port)) ??
    (anyPort ? untold[0] : undefined)
  );
}

/** The kubelet writes a container's ports into its annotations, as JSON. */
function declaredPorts(c: ContainerRecord): number[] {
  const text = c.annotations['io.kubernetes.container.ports'];
  if (!text) return [];
  try {
    return (JSON.parse(text) as { containerPort?: number }[]).map((p) => p.containerPort ?? 0);
  } catch {
    return [];
  }
}

/** Pods in the host's network answer at whatever address is no pod's, on the ports they declare. */
function hostNetworkSandboxes(host: Host): { node: SimulatedNode; sandboxId: string }[] {
  return [...host.nodes.values()].flatMap((node) =>
    [...node.sandboxes.values()]
      .filter((s) => s.ready && s.namespaces.network === 'NODE')
      .map((s) => ({ node, sandboxId: s.id })),
  );
}

const targets = new WeakMap<Socket, Target>();
const http = createServer((request, response) => answer(targets.get(request.socket)!, request, response));
http.keepAliveTimeout = 60_000;

const tlsHandshake = 0x16;

/** Speaks with the client: HTTP to HTTP, HTTPS with a certificate of no worth, and plain bytes come back as they are. */
export function serveStream(target: Target, socket: Socket): void {
  socket.on('error', () => socket.destroy());
  const first = socket.read() as Buffer | null;
  if (first === null) {
    if (!socket.readableEnded) socket.once('readable', () => serveStream(target, socket));
    return;
  }
  socket.unshift(first);
  if (first[0] === tlsHandshake) {
    serveTls(target, socket);
  } else if (/^[A-Z]{3,7} /.test(first.toString('latin1', 0, 8))) {
    targets.set(socket, target);
    http.emit('connection', socket);
  } else {
    socket.pipe(socket);
  }
}

function serveTls(target: Target, socket: Socket): void {
  const tls = new TLSSocket(socket, { isServer: true, secureContext: selfSigned() });
  tls.on('error', () => tls.destroy());
  targets.set(tls, target);
  http.emit('connection', tls);
}

function answer(target: Target, request: IncomingMessage, response: ServerResponse): void {
  const { behaviour, sandbox, container } = target;
  const status = httpResult(behaviour.http, target.port, request.url ?? '/', target.age());
  request.resume();
  if (status === 'hang') return;
  if (status === 'close') {
    request.socket.destroy();
    return;
  }
  const body = behaviour.httpBody ?? `${sandbox.hostname}\n`;
  response.writeHead(Number(status), {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(body),
    'x-simulated-container': container.name,
  });
  response.end(body);
}

/** The status of the longest key that begins the path, alone (`/healthz`) or with its port (`8080/healthz`); 200 when none does. */
export function httpResult(timelines: readonly Timeline[], port: number, url: string, age: number): string {
  const path = url.split('?', 1)[0]!;
  const timeline = timelines
    .filter((t) => path.startsWith(t.key) || `${port}${path}`.startsWith(t.key))
    .sort((a, b) => b.key.length - a.key.length)[0];
  return (timeline && valueAt(timeline.steps, age)) ?? '200';
}
