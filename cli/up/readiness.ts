// How one sees from outside that a process is ready: an answer of 200, a socket that accepts, nodes that are Ready.
// Reads health endpoints and, as admin, the API server. Used by waitReady.ts and status.ts.
import * as https from 'node:https';
import { connect } from 'node:net';
import type { ClientConfig } from '../../client/kubeconfig.ts';
import { get as httpGet } from '../../component-base/http.ts';
import type { Ready } from './plan.ts';

export interface Looker {
  /** Nodes count when their kubelet has said so after `since` (milliseconds since the epoch). */
  isReady(ready: Ready, since?: number): Promise<boolean>;
  /** GET of the API server as admin; undefined: no answer, or none with 200. */
  api(path: string): Promise<any>;
}

const patience = 2000;

function body(options: https.RequestOptions & { url: string }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const get = options.url.startsWith('https:') ? https.get : httpGet;
    const request = get(options.url, { timeout: patience, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve(response.statusCode === 200 ? Buffer.concat(chunks).toString() : undefined));
      response.on('error', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

const accepts = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** The API tells a heartbeat's second. */
const isNodeReady = (node: any, since: number): boolean =>
  (node.status?.conditions ?? []).some(
    (c: any) => c.type === 'Ready' && c.status === 'True' && Date.parse(c.lastHeartbeatTime) > since - 1000,
  );

export function createLooker(config: ClientConfig): Looker {
  const { ca, cert, key, insecureSkipTlsVerify } = config;
  const agent = new https.Agent({ ca, cert, key, rejectUnauthorized: !insecureSkipTlsVerify, keepAlive: true });
  const headers = config.token ? { authorization: `Bearer ${config.token}` } : {};
  const api = async (path: string) => {
    const text = await body({ url: `${config.server}${path}`, agent, headers });
    return text === undefined ? undefined : JSON.parse(text);
  };
  const nodesReady = async (names: readonly string[], since: number) => {
    const list = await api('/api/v1/nodes?resourceVersion=0');
    const ready = new Set(list?.items.filter((n: any) => isNodeReady(n, since)).map((n: any) => n.metadata.name));
    return names.every((name) => ready.has(name));
  };
  return {
    api,
    async isReady(ready, since = 0) {
      switch (ready.kind) {
        case 'https':
          return (await body({ url: `${ready.url}${ready.path}`, agent })) !== undefined;
        case 'http':
          return (await body({ url: `http://127.0.0.1:${ready.port}${ready.path}` })) !== undefined;
        case 'sockets':
          return (await Promise.all(ready.paths.map(accepts))).every(Boolean);
        case 'nodes':
          return nodesReady(ready.names, since);
      }
    },
  };
}
