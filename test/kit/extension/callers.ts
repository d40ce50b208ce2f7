// Who calls and whether they may, as an extension server finds out: the cluster's front proxy says who it speaks for, others are
// looked up by a TokenReview; and what they may do is asked of the cluster by a SubjectAccessReview.
// Reads: ConfigMap kube-system/extension-apiserver-authentication. Mirrors: apiserver/pkg/server/options (delegated authentication).
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { configMaps, subjectAccessReviews, tokenReviews } from '../../../apimachinery/resources.ts';
import { forbidden, unauthorized } from '../../../apimachinery/status.ts';
import type { UserInfo } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';

export interface Callers {
  /** PEM: whose certificates are looked at. */
  authorities: string;
  userOf(req: IncomingMessage): Promise<UserInfo>;
  authorize(user: UserInfo, method: string, url: URL): Promise<void>;
}

export async function createCallers(client: Client): Promise<Callers> {
  const { data = {} } = await client.get(configMaps, 'extension-apiserver-authentication', 'kube-system');
  const proxyCA = data['requestheader-client-ca-file']!;
  const proxyFingerprint = new X509Certificate(proxyCA).fingerprint256;
  const list = (key: string): string[] => JSON.parse(data[key] ?? '[]');
  const [allowed, userHeaders] = [list('requestheader-allowed-names'), list('requestheader-username-headers')];
  const [groupHeaders, prefixes] = [list('requestheader-group-headers'), list('requestheader-extra-headers-prefix')];

  const proxied = (req: IncomingMessage): UserInfo | undefined => {
    const socket = req.socket as TLSSocket;
    const peer = socket.getPeerCertificate(true);
    if (!socket.authorized || peer?.issuerCertificate?.fingerprint256 !== proxyFingerprint) return undefined;
    if (allowed.length && !allowed.includes(String(peer.subject.CN))) return undefined;
    const all = (name: string) => req.headersDistinct[name.toLowerCase()] ?? [];
    const username = userHeaders.flatMap(all)[0];
    if (!username) return undefined;
    const extra: Record<string, string[]> = {};
    for (const prefix of prefixes.map((p) => p.toLowerCase()))
      for (const name of Object.keys(req.headersDistinct))
        if (name.startsWith(prefix)) extra[decodeURIComponent(name.slice(prefix.length))] = all(name);
    return { username, groups: [...groupHeaders.flatMap(all), 'system:authenticated'], extra };
  };

  const byToken = async (req: IncomingMessage): Promise<UserInfo> => {
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
    if (!token) throw unauthorized();
    const { status } = await client.create(tokenReviews, { metadata: {}, spec: { token } } as never);
    if (!status?.authenticated) throw unauthorized();
    return status.user as UserInfo;
  };

  return {
    authorities: [proxyCA, data['client-ca-file']].filter(Boolean).join('\n'),
    userOf: async (req) => proxied(req) ?? byToken(req),
    async authorize(user, method, url) {
      if (user.groups?.includes('system:masters')) return;
      const { username, uid, groups, extra } = user;
      const spec = { user: username, uid, groups, extra, ...asked(method, url) };
      const { status } = await client.create(subjectAccessReviews, { metadata: {}, spec } as never);
      if (!status?.allowed) throw forbidden({ group: 'wardle.example.com', plural: 'flunders' }, '', `not ${username}`);
    },
  };
}

const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

function asked(method: string, url: URL): object {
  const m = /^\/apis\/([^/]+)\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?/.exec(url.pathname);
  if (!m) return { nonResourceAttributes: { path: url.pathname, verb: method.toLowerCase() } };
  const [, group, version, namespace, resource, name] = m;
  const reading = url.searchParams.has('watch') ? 'watch' : name ? 'get' : 'list';
  const verb = verbs[method] ?? reading;
  return { resourceAttributes: { group, version, namespace, resource, name, verb } };
}
