// The API server's way to a node's kubelet: HTTPS with its own client certificate, the kubelet's certificate checked.
// Reads: the Node's addresses and daemonEndpoints. Mirrors: pkg/kubelet/client/kubelet_client.go.
// Used by: streaming/ for what only the node can answer, proxy/nodeProxy.ts.
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { goError } from './proxy/goError.ts';
import { type ProxyTarget, plainFailure } from './proxy/reverseProxy.ts';

export interface KubeletClient {
  /** Where the kubelet of `node` is. Throws 500 when the Node has no address of a preferred type. */
  target(node: any, options?: { insecure?: boolean }): KubeletTarget;
  /** Sends a GET to the kubelet of `node` and resolves with its answer, whatever its code. Throws 500 when it cannot be reached. */
  get(node: any, path: string, options: { insecure?: boolean; signal: AbortSignal }): Promise<IncomingMessage>;
}

export interface KubeletTarget extends Pick<ProxyTarget, 'origin' | 'tls'> {
  hostname: string;
  port: number;
}

export interface KubeletClientOptions {
  /** Read for each request: they may be exchanged. */
  tls: { readonly cert?: string; readonly key?: string; readonly ca?: string };
  /** Address types in the order in which they are tried. */
  preferredAddressTypes: readonly string[];
}

const defaultPort = 10250;

export function createKubeletClient(options: KubeletClientOptions): KubeletClient {
  const agent = new https.Agent({ keepAlive: true });
  const target: KubeletClient['target'] = (node, { insecure } = {}) => {
    const hostname = kubeletHost(node, options.preferredAddressTypes);
    if (!hostname)
      throw plainFailure(
        `no preferred addresses found; known addresses: ${JSON.stringify(node.status?.addresses ?? [])}`,
      );
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || defaultPort;
    // Without a CA to check against, the connection is as upstream's: encrypted, not verified.
    const tls = { ...options.tls, insecure: options.tls.ca === undefined || insecure === true };
    return { hostname, port, origin: `https://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`, tls };
  };
  return {
    target,
    get(node, path, { insecure, signal }) {
      const { hostname: host, port, origin, tls } = target(node, { insecure });
      const { insecure: unchecked, ...own } = tls!;
      return new Promise((resolve, reject) => {
        const request = https.get({ host, port, path, agent, ...own, rejectUnauthorized: !unchecked, signal }, resolve);
        request.on('error', (error) => reject(plainFailure(`Get "${origin}${path}": ${goError(error, origin)}`)));
      });
    },
  };
}

/** The node's first address of the most preferred type. */
export function kubeletHost(node: any, preferred: readonly string[]): string | undefined {
  for (const type of preferred) {
    const found = node.status?.addresses?.find((a: { type: string }) => a.type === type);
    if (found) return found.address;
  }
  return undefined;
}
