// How this server shows itself to extension servers: by its front-proxy certificate, and by headers that name whom it speaks for.
// Reads: --proxy-client-cert-file and its key. Mirrors: client-go/transport/round_trippers.go (SetAuthProxyHeaders).
// Used by: proxyToExtension.ts for callers, extensionClient.ts for the server's own questions.
import type { UserInfo } from '../../apimachinery/types.ts';
import type { ProxyTarget } from '../proxy/reverseProxy.ts';
import type { Extension } from './apiServices.ts';

export interface ProxyCertificate {
  cert?: string;
  key?: string;
}

/** Names are in lower case, as they come to the server; what cannot stand in a header's name is percent-encoded. */
export function identityHeaders({ username, uid, groups, extra }: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'x-remote-user': username ?? '' };
  if (uid) headers['x-remote-uid'] = uid;
  if (groups?.length) headers['x-remote-group'] = [...groups];
  for (const [key, values] of Object.entries(extra ?? {})) headers[`x-remote-extra-${escapeKey(key)}`] = [...values];
  return headers;
}

const escapeKey = (key: string) =>
  key.replace(/[^!#$&'*+\-.^_`|~0-9A-Za-z]/gu, (c) => [...Buffer.from(c)].map(percent).join(''));

const percent = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** The certificate must be for the Service's name within the cluster. */
export const tlsTowards = (
  { service, ca, insecure }: Extension,
  own: ProxyCertificate,
): NonNullable<ProxyTarget['tls']> => ({
  ...own,
  ...(ca ? { ca } : {}),
  servername: `${service.name}.${service.namespace}.svc`,
  insecure,
});
