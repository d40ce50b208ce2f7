// Dials a gRPC server, in clear or over TLS. Used by grpcChannel.ts. Next along the chain: http2Connection.ts.
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import { type Http2Connection, type KeepAlive, speakHttp2 } from './http2Connection.ts';

const connectMs = 5_000;
const upstreams: KeepAlive = { everyMs: 30_000, timeoutMs: 10_000 };

/** Resolves once the server has spoken. `tls` absent: in clear. */
export function connectHttp2(
  address: string,
  tls: SecureContextOptions | undefined,
  keepAlive: KeepAlive = upstreams,
): Promise<Http2Connection> {
  const [, host, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address)!;
  const target = { host: host!, port: Number(port ?? 2379), noDelay: true };
  const servername = isIP(host!) ? undefined : host;
  const socket = tls ? connectTls({ ...target, ...tls, servername, ALPNProtocols: ['h2'] }) : connectTcp(target);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`${address} does not answer`)), connectMs);
    const connection = speakHttp2(socket, keepAlive, () => {
      clearTimeout(timer);
      resolve(connection);
    });
    let reason = `${address} closed the connection`;
    socket.on('error', (error) => {
      reason = error.message.trim();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error(reason));
    });
  });
}
