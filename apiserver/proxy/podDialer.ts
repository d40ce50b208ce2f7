// The way to pods' addresses where this machine has none of its own: HTTP CONNECT over unix sockets that know the pods.
// Reads: --pod-dialer. Mirrors: staging/src/k8s.io/apiserver/pkg/server/egressselector (HTTPConnect over UDS).
// Used by: podProxy.ts, serviceProxy.ts. At the other end: runtime/podDialer.ts, one socket for each runtime process.
import type { Duplex } from 'node:stream';
import { UsageError } from '../../component-base/flags.ts';
import * as http from '../../component-base/http.ts';

/** Connects to a pod's port. Rejects as dialling straight would. */
export type DialPod = (hostPort: string) => Promise<Duplex>;

const answerTimeout = 10_000;

/** Undefined for no socket: straight TCP. The sockets are asked in turn, for each knows its own pods alone. Throws UsageError. */
export function createPodDialer(endpoints: readonly string[]): DialPod | undefined {
  const paths = endpoints.map((endpoint) => {
    const path = /^unix:\/\/(\/.+)$/.exec(endpoint)?.[1];
    if (!path) throw new UsageError(`--pod-dialer: "${endpoint}" is no unix:///path of a socket.`);
    return path;
  });
  if (!paths.length) return undefined;
  return async (hostPort) => {
    for (const path of paths) {
      const socket = await connect(path, hostPort).catch(() => undefined);
      if (socket) return socket;
    }
    const { hostname: address, port } = new URL(`http://${hostPort}`);
    throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED', address, port: Number(port || 80) });
  };
}

/** Undefined when the pod is not behind this socket. */
function connect(socketPath: string, hostPort: string): Promise<Duplex | undefined> {
  const path = /:\d+$/.test(hostPort) ? hostPort : `${hostPort}:80`;
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method: 'CONNECT', path, agent: false, timeout: answerTimeout });
    request.once('connect', (answer, socket, head) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        return resolve(undefined);
      }
      socket.setTimeout(0);
      if (head.length) socket.unshift(head);
      resolve(socket);
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', reject);
    request.end();
  });
}
