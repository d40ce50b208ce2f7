// Calls a container runtime over its CRI socket: typed promise methods for both services, on one connection.
// Reads: the descriptor. Writes: gRPC over a unix socket.
// Mirrors: staging/src/k8s.io/cri-client/pkg/remote_runtime.go and remote_image.go. The other end: server.ts.
import { existsSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import { type Method, methodsOf, type ServiceName } from './descriptor.ts';
import { CriError, codeOf } from './error.ts';
import type { CallOptions, ServiceClient } from './messages.ts';
import type { ImageServiceMethods, RuntimeServiceMethods } from './types.ts';

export interface RuntimeConnection {
  runtime: ServiceClient<RuntimeServiceMethods>;
  image: ServiceClient<ImageServiceMethods>;
  /** Ends the connection; calls under way reject. */
  close(): void;
}

const maxMessage = 16 * 1024 * 1024;

/**
 * Connects lazily and reconnects by itself; calls reject with a CriError. `endpoint` is `unix:///path` or a bare path;
 * another form throws. `requestTimeout` (ms, upstream's --runtime-request-timeout) bounds each call that has no longer one.
 */
export function connectRuntime(endpoint: string, o: { requestTimeout?: number } = {}): RuntimeConnection {
  const path = socketPath(endpoint);
  const client = new grpc.Client(`unix://${path}`, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_send_message_length': maxMessage,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 3000,
    // A second try of CreateContainer is the kubelet's to decide, not the transport's.
    'grpc.enable_retries': 0,
    'grpc.default_authority': 'localhost',
  });
  const connection = { client, path, requestTimeout: o.requestTimeout ?? 120_000 };
  return {
    runtime: service(connection, 'RuntimeService'),
    image: service(connection, 'ImageService'),
    close: () => client.close(),
  };
}

/** The file of `unix:///run/x.sock` or `/run/x.sock`; throws with a sentence for anything else. */
export function socketPath(endpoint: string): string {
  const path = endpoint.replace(/^unix:(\/\/)?/, '');
  if (path.startsWith('/')) return path;
  throw new Error(
    `invalid container runtime endpoint "${endpoint}"; give a unix socket, such as unix:///run/containerd/containerd.sock.`,
  );
}

interface Connection {
  client: grpc.Client;
  path: string;
  requestTimeout: number;
}

function service<T>(connection: Connection, name: ServiceName): T {
  const entries = methodsOf(name).map((m) => [
    m.name,
    (request: object, options: CallOptions = {}) =>
      m.stream ? streaming(connection, m, request, options) : unary(connection, m, request, options),
  ]);
  return Object.fromEntries(entries) as T;
}

function unary(c: Connection, m: Method, request: any, options: CallOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(new CriError('Canceled', 'the caller gave up'));
    const call = c.client.makeUnaryRequest(
      m.path,
      m.request.encode,
      m.response.decode,
      request,
      new grpc.Metadata(),
      callOptions(options.timeout ?? defaultTimeout(m.name, request, c.requestTimeout)),
      (error, answer) => {
        options.signal?.removeEventListener('abort', cancel);
        if (error) reject(toError(error, c));
        else resolve(answer);
      },
    );
    const cancel = () => call.cancel();
    options.signal?.addEventListener('abort', cancel, { once: true });
  });
}

async function* streaming(c: Connection, m: Method, request: any, options: CallOptions): AsyncGenerator<unknown> {
  const call = c.client.makeServerStreamRequest(
    m.path,
    m.request.encode,
    m.response.decode,
    request,
    new grpc.Metadata(),
    callOptions(options.timeout ?? 0),
  );
  const cancel = () => call.cancel();
  if (options.signal?.aborted) cancel();
  options.signal?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of call) yield message;
  } catch (error) {
    if (!options.signal?.aborted) throw toError(error as grpc.ServiceError, c);
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

const callOptions = (timeout: number): grpc.CallOptions => (timeout > 0 ? { deadline: Date.now() + timeout } : {});

/** As upstream: what the runtime itself is asked to wait for comes on top; a pull takes as long as it takes. */
function defaultTimeout(method: string, request: any, base: number): number {
  const seconds = Number(request.timeout ?? 0);
  if (method === 'pullImage') return 0;
  if (method === 'runPodSandbox') return 2 * base;
  if (method === 'stopContainer') return base + seconds * 1000;
  if (method === 'execSync') return seconds > 0 ? base + seconds * 1000 : 0;
  return base;
}

function toError(error: grpc.ServiceError, c: Connection): CriError {
  if (error.code !== grpc.status.UNAVAILABLE) return new CriError(codeOf(error.code), error.details ?? error.message);
  const why = existsSync(c.path) ? 'nobody answers on the socket' : 'there is no such socket';
  return new CriError(
    'Unavailable',
    `cannot reach the container runtime at unix://${c.path}: ${why}; start the runtime, or name its socket with --container-runtime-endpoint.`,
  );
}
