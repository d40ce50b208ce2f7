// The API server's way to a node's kubelet: HTTPS with its own client certificate, the kubelet's certificate checked.
// Reads: the Node's addresses and daemonEndpoints. Mirrors: pkg/kubelet/client/kubelet_client.go.
// Used by: handlers/connect.ts for what only the node can answer, such as logs.
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { internalError } from '../apimachinery/status.ts';

export interface KubeletClient {
  /** Sends a GET to the kubelet of `node` and resolves with its answer, whatever its code. Throws 500 when it cannot be reached. */
  get(node: any, path: string, options: { insecure?: boolean; signal: AbortSignal }): Promise<IncomingMessage>;
}

export interface KubeletClientOptions {
  cert?: string;
  key?: string;
  ca?: string;
  /** Address types in the order in which they are tried. */
  preferredAddressTypes: readonly string[];
}

const defaultPort = 10250;

export function createKubeletClient(options: KubeletClientOptions): KubeletClient {
  const { cert, key, ca } = options;
  const agent = new https.Agent({ keepAlive: true, maxSockets: 100 });
  return {
    get(node, path, { insecure, signal }) {
      const host = kubeletHost(node, options.preferredAddressTypes);
      if (!host)
        throw internalError(
          `no preferred addresses found; known addresses: ${JSON.stringify(node.status?.addresses ?? [])}`,
        );
      const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || defaultPort;
      // Without a CA to check against, the connection is as upstream's: encrypted, not verified.
      const rejectUnauthorized = ca !== undefined && !insecure;
      return new Promise((resolve, reject) => {
        const request = https.get({ host, port, path, agent, cert, key, ca, rejectUnauthorized, signal }, resolve);
        request.on('error', (error) => reject(internalError(`Get "https://${host}:${port}${path}": ${error.message}`)));
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
