// This server's own questions to extension servers: do they answer, what do they serve, what do their types look like?
// Mirrors: the clients of kube-aggregator's remote_available_controller.go, handler_discovery.go and openapi downloader.
// Used by: availability.ts, extensionDiscovery.ts, extensionOpenapi.ts.
import https from 'node:https';
import { goError } from '../proxy/goError.ts';
import type { Extension } from './apiServices.ts';
import { identityHeaders, type ProxyCertificate, tlsTowards } from './frontProxy.ts';
import type { ServiceOrigin } from './serviceOrigin.ts';

export interface ExtensionAnswer {
  code: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface ExtensionClient {
  /** Rejects with an Error in Go's words when there is no answer. `unchecked`: its certificate does not matter. */
  get(
    extension: Extension,
    path: string,
    options?: { accept?: string; etag?: string; unchecked?: boolean },
  ): Promise<ExtensionAnswer>;
  originOf: ServiceOrigin;
  close(): void;
}

const timeoutMs = 5000;
/** As whom this server asks: such a one is never refused. */
const asking = { username: 'system:kube-aggregator', groups: ['system:masters'] };
/** What is larger is no document. */
const maxBytes = 64 * 1024 * 1024;

export function createExtensionClient(originOf: ServiceOrigin, certificate: ProxyCertificate): ExtensionClient {
  const agent = new https.Agent({ keepAlive: true });
  return {
    originOf,
    close: () => agent.destroy(),
    get(extension, path, { accept = 'application/json', etag, unchecked } = {}) {
      return new Promise((resolve, reject) => {
        const origin = originOf(extension.service);
        const url = new URL(path, origin);
        const { insecure, ...tls } = tlsTowards(extension, certificate);
        const fail = (error: Error) => reject(new Error(`Get "${url}": ${goError(error, origin)}`));
        const headers = { accept, ...(etag ? { 'if-none-match': etag } : {}), ...identityHeaders(asking) };
        const rejectUnauthorized = !insecure && !unchecked;
        const request = https.get(url, { agent, headers, ...tls, rejectUnauthorized }, (answer) => {
          const chunks: Buffer[] = [];
          let size = 0;
          answer.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > maxBytes) request.destroy(new Error('the answer is too large'));
            else chunks.push(chunk);
          });
          answer.on('error', fail);
          answer.on('end', () => {
            clearTimeout(timer);
            resolve({ code: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
          });
        });
        const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
        const timer = setTimeout(() => request.destroy(new Error(late)), timeoutMs);
        request.on('error', (error) => {
          clearTimeout(timer);
          fail(error);
        });
      });
    },
  };
}
