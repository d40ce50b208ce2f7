// Who calls the kubelet: a client certificate, a bearer token that the API server knows, or nobody in particular.
// Reads: the TLS peer, TokenReviews (kept for two minutes). Mirrors: cmd/kubelet/app/auth.go. Next: authorization.ts.
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../apimachinery/clock.ts';
import { tokenReviews } from '../../apimachinery/resources.ts';
import type { TokenReview, UserInfo } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { KubeletConfig } from '../config.ts';
import { createTtlCache } from './ttlCache.ts';

/** undefined: not let in. */
export type Authenticate = (request: IncomingMessage) => Promise<UserInfo | undefined>;

export function createAuthenticator(config: KubeletConfig, client: Client | undefined, clock: Clock): Authenticate {
  const tokens = createTtlCache<UserInfo | undefined>(clock);
  const ttl = config['authentication-token-webhook-cache-ttl'];

  async function review(token: string): Promise<UserInfo | undefined> {
    if (!config['authentication-token-webhook'] || !client) return undefined;
    return tokens.get(token, async () => {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } };
      const answer = await client.create(tokenReviews, body as unknown as TokenReview);
      return { value: answer.status?.authenticated ? answer.status.user : undefined, ttl };
    });
  }

  return async (request) => {
    const certified = fromCertificate(request.socket as TLSSocket);
    if (certified) return certified;
    const token = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token) return review(token);
    if (!config['anonymous-auth']) return undefined;
    return { username: 'system:anonymous', groups: ['system:unauthenticated'] };
  };
}

/** Common name and organizations of a certificate that --client-ca-file has signed. */
function fromCertificate(socket: TLSSocket): UserInfo | undefined {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate()?.subject as { CN?: string; O?: string | string[] } | undefined;
  if (!subject?.CN) return undefined;
  const groups = ([] as string[]).concat(subject.O ?? []);
  return { username: subject.CN, groups: [...groups, 'system:authenticated'] };
}
