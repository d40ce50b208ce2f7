// The sockets of this process to its API servers: kept alive and shared by all clients with the same TLS identity.
// A controller manager has a client a controller, told apart by token; they differ in a header, so one pool serves them all.
// Mirrors: client-go transport/cache.go. Used by: httpRequest.ts.
import { createHash } from 'node:crypto';
import type * as http from 'node:http';
import * as https from 'node:https';
import { createSecureContext } from 'node:tls';
import { Agent } from '../component-base/http.ts';
import type { ClientConfig } from './kubeconfig.ts';

export interface Pool {
  /** For calls: so many at a time, the rest wait for a free socket. */
  calls: http.Agent;
  /** For watches: each holds its socket, so they must not take the calls' places. */
  streams: http.Agent;
  secure: boolean;
  release(): void;
}

/** Calls at a time. All their sockets stay open: after a burst of calls the next one should not begin with handshakes. */
export const callSockets = 48;
const pools = new Map<string, { pool: Pool; users: number }>();

/** The pool for this identity and number of sockets; each taker calls `release` once, the last one closes the sockets. */
export function takePool(config: ClientConfig, sockets: number = callSockets): Pool {
  const key = `${identity(config)} ${sockets}`;
  const entry = pools.get(key) ?? { pool: makePool(config, sockets), users: 0 };
  pools.set(key, entry);
  entry.users++;
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    if (--entry.users > 0) return;
    pools.delete(key);
    entry.pool.calls.destroy();
    entry.pool.streams.destroy();
  };
  return { ...entry.pool, release };
}

const identity = (c: ClientConfig) =>
  createHash('sha256')
    .update(JSON.stringify([new URL(c.server).origin, c.ca, c.cert, c.key, c.insecureSkipTlsVerify, c.tlsServerName]))
    .digest('base64');

function makePool(config: ClientConfig, sockets: number): Pool {
  const secure = config.server.startsWith('https:');
  const common = { keepAlive: true, maxFreeSockets: 8, scheduling: 'lifo' as const };
  if (!secure) {
    const calls = new Agent({ ...common, maxSockets: sockets, maxFreeSockets: sockets });
    return { calls, streams: new Agent({ ...common, maxFreeSockets: 2 }), secure, release() {} };
  }
  // One context for all sockets: parsing the PEM texts again for each would cost more than the handshake.
  const tls = {
    secureContext: createSecureContext({ ca: config.ca, cert: config.cert, key: config.key }),
    rejectUnauthorized: !config.insecureSkipTlsVerify,
    ...(config.tlsServerName ? { servername: config.tlsServerName } : {}),
  };
  const calls = new https.Agent({ ...common, ...tls, maxSockets: sockets, maxFreeSockets: sockets });
  return { calls, streams: new https.Agent({ ...common, ...tls, maxFreeSockets: 2 }), secure, release() {} };
}
