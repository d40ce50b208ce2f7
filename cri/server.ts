// Serves CRI implementations on a unix socket: decodes, calls the method, encodes; a thrown CriError becomes its gRPC status.
// Reads: the descriptor. Writes: gRPC over the socket, which it creates 0600 and takes over when its last owner died.
// Used by: runtime/. The other end: client.ts, crictl.
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { socketPath } from './client.ts';
import { type Method, methodsOf } from './descriptor.ts';
import { CriError, codes } from './error.ts';
import type { ServiceImplementation } from './messages.ts';
import type { ImageServiceMethods, RuntimeServiceMethods } from './types.ts';

export interface CriServer {
  /** Ends calls under way and removes the socket. */
  close(): Promise<void>;
}

/** Rejects with one sentence when the socket cannot be had. Errors that are no CriError are answered as Unknown and given to `onError`. */
export async function serveCri(
  endpoint: string,
  services: {
    runtime: ServiceImplementation<RuntimeServiceMethods>;
    image: ServiceImplementation<ImageServiceMethods>;
  },
  onError: (method: string, error: unknown) => void = () => {},
): Promise<CriServer> {
  const path = socketPath(endpoint);
  await freeSocket(path);
  const server = new grpc.Server({
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
    'grpc.max_send_message_length': 16 * 1024 * 1024,
  });
  add(server, methodsOf('RuntimeService'), services.runtime, onError);
  add(server, methodsOf('ImageService'), services.image, onError);
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix://${path}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error ? reject(new Error(`cannot listen on ${path}: ${error.message}`)) : resolve(),
    ),
  );
  chmodSync(path, 0o600);
  return {
    async close() {
      server.forceShutdown();
      rmSync(path, { force: true });
    },
  };
}

/** The kernel's limit for a unix socket's path, in bytes. */
const longestPath = 107;

/** Removes a socket that nobody serves any more. Rejects with a sentence when somebody does, or when the path is too long. */
export async function freeSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new Error(`the socket path ${path} is longer than ${longestPath} bytes; choose a shorter directory.`);
  }
  if (!existsSync(path)) return;
  if (await isServed(path)) throw new Error(`the socket ${path} is in use by another process; stop that one first.`);
  rmSync(path, { force: true });
}

const isServed = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const end = (served: boolean) => {
      socket.destroy();
      resolve(served);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });

type Handler = (request: any, signal: AbortSignal) => any;

function add(server: grpc.Server, methods: Method[], handlers: object, onError: (m: string, e: unknown) => void): void {
  for (const m of methods) {
    const handler = (handlers as Record<string, Handler | undefined>)[m.name] ?? unimplemented(m);
    const answerError = (error: unknown) => {
      if (!(error instanceof CriError)) onError(m.name, error);
      return status(error);
    };
    const handle = m.stream ? streaming(handler, answerError) : unary(handler, answerError);
    // Registered one by one, because the definition is built from the descriptor and not by proto-loader.
    server.register(m.path, handle as any, m.response.encode, m.request.decode, m.stream ? 'serverStream' : 'unary');
  }
}

const unimplemented = (m: Method): Handler => {
  const rpc = m.path.slice(m.path.lastIndexOf('/') + 1);
  return () => {
    throw new CriError('Unimplemented', `method ${rpc} not implemented`);
  };
};

const status = (error: unknown) =>
  error instanceof CriError
    ? { code: codes[error.code], details: error.details }
    : { code: codes.Unknown, details: (error as Error)?.message ?? String(error) };

function abortOf(call: { on(event: 'cancelled', listener: () => void): unknown }): AbortSignal {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  return controller.signal;
}

const unary =
  (handler: Handler, answerError: (e: unknown) => object) =>
  async (call: grpc.ServerUnaryCall<any, any>, done: (error: any, answer?: any) => void) => {
    try {
      done(null, await handler(call.request, abortOf(call)));
    } catch (error) {
      done(answerError(error));
    }
  };

const streaming =
  (handler: Handler, answerError: (e: unknown) => object) => async (call: grpc.ServerWritableStream<any, any>) => {
    const signal = abortOf(call);
    try {
      for await (const message of handler(call.request, signal)) {
        if (signal.aborted) break;
        if (!call.write(message)) await drained(call, signal);
      }
      call.end();
    } catch (error) {
      call.emit('error', answerError(error));
    }
  };

const drained = (call: grpc.ServerWritableStream<any, any>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    call.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
