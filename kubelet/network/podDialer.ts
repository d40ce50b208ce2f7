// The one way to a pod's address: straight TCP, or HTTP CONNECT over a unix socket that knows the pods.
// Reads: --pod-dialer. Writes: connections. Used by: probes and hooks; proxies and port-forward later.
// Mirrors: staging/src/k8s.io/apiserver/pkg/server/egressselector (HTTP-CONNECT over UDS). Next: probes/, hooks.ts.
import { connect, isIP, type Socket } from 'node:net';
import { UsageError } from '../../component-base/flags.ts';
import { request } from '../../component-base/http.ts';

export interface PodDialer {
  /** A connected socket, or an error in Go's words (`dial tcp 10.244.0.7:80: connect: connection refused`). */
  dial(host: string, port: number, o: { timeout: number; signal?: AbortSignal }): Promise<Socket>;
}

/** `` is straight TCP, `unix:///path` HTTP CONNECT over that socket. Throws UsageError for anything else. */
export function podDialer(flag: string): PodDialer {
  if (!flag) return { dial: dialTcp };
  const path = flag.replace(/^unix:(\/\/)?/, '');
  if (!flag.startsWith('unix:') || !path.startsWith('/')) {
    throw new UsageError(`invalid --pod-dialer "${flag}"; give a unix socket, such as unix:///run/pods.sock.`);
  }
  return { dial: (host, port, o) => dialConnect(path, hostPort(host, port), o) };
}

export const hostPort = (host: string, port: number): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

const words: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'connect: connection reset by peer',
  ETIMEDOUT: 'i/o timeout',
};

const failure = (target: string, error: NodeJS.ErrnoException): Error => {
  if (error.code === 'ENOTFOUND') return new Error(`dial tcp: lookup ${target.replace(/:\d+$/, '')}: no such host`);
  return new Error(`dial tcp ${target}: ${words[error.code ?? ''] ?? error.message}`);
};

type Options = { timeout: number; signal?: AbortSignal };

function dialTcp(host: string, port: number, o: Options): Promise<Socket> {
  const target = hostPort(host, port);
  const socket = connect({ host, port });
  return settle(target, o, (done, failed) => {
    socket.once('connect', () => {
      socket.off('error', failed);
      done(socket);
    });
    socket.once('error', failed);
    return () => socket.destroy();
  });
}

function dialConnect(path: string, target: string, o: Options): Promise<Socket> {
  return settle(target, o, (done, failed) => {
    const call = request({ socketPath: path, method: 'CONNECT', path: target, agent: false });
    call.once('connect', (answer, socket: Socket, head) => {
      if (answer.statusCode === 200) {
        if (head.length) socket.unshift(head);
        return done(socket);
      }
      socket.destroy();
      failed(connectRefusal(answer.statusCode ?? 0));
    });
    call.once('response', (answer) => {
      answer.resume();
      failed(connectRefusal(answer.statusCode ?? 0));
    });
    call.once('error', failed);
    call.end();
    return () => call.destroy();
  });
}

/** What a CONNECT proxy could not do, as the errno that dialling straight would have met. */
const connectRefusal = (status: number): NodeJS.ErrnoException =>
  Object.assign(new Error(`proxy answered ${status}`), {
    code: status === 504 ? 'ETIMEDOUT' : status === 404 ? 'EHOSTUNREACH' : 'ECONNREFUSED',
  });

type Start = (done: (socket: Socket) => void, failed: (error: NodeJS.ErrnoException) => void) => () => void;

/** One outcome: connected, refused, out of time or given up. */
function settle(target: string, o: Options, start: Start): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => {
      clearTimeout(timer);
      o.signal?.removeEventListener('abort', aborted);
      end();
    };
    const stop = start(
      (socket) => finish(() => resolve(socket)),
      (error) => finish(() => reject(failure(target, error))),
    );
    const aborted = () => {
      stop();
      finish(() => reject(new Error(`dial tcp ${target}: operation was canceled`)));
    };
    const timer = setTimeout(() => {
      stop();
      finish(() => reject(failure(target, Object.assign(new Error(), { code: 'ETIMEDOUT' }))));
    }, o.timeout);
    if (o.signal?.aborted) aborted();
    else o.signal?.addEventListener('abort', aborted, { once: true });
  });
}
