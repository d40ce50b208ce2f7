// ServiceAccount tokens for projected volumes: asked for by TokenRequest, bound to the pod, renewed before they end.
// Reads and writes: POST serviceaccounts/<name>/token. Mirrors: pkg/kubelet/token/token_manager.go. Next: payloads.ts.
import type { Clock } from '../../apimachinery/clock.ts';
import { serviceAccounts } from '../../apimachinery/resources.ts';
import type { Pod, TokenRequest } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';

export interface TokenManager {
  /** Rejects only when there is no token that still holds. */
  token(pod: Pod, o: { audience?: string; expirationSeconds?: number }): Promise<string>;
  forget(uid: string): void;
}

interface Held {
  token: string;
  issued: number;
  expires: number;
}

const maxAge = 24 * 3600_000;

/** Due at 80 % of its life, or after a day; `jitter` (ms) spreads the calls. */
export function needsRenewal(held: Held, now: number, jitter: number): boolean {
  const life = held.expires - held.issued;
  return now - held.issued > maxAge - jitter || now > held.expires - life * 0.2 - jitter;
}

export function createTokenManager(client: Client, clock: Clock, random: () => number): TokenManager {
  const held = new Map<string, Held>();

  async function ask(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<Held> {
    const { name, uid, namespace } = pod.metadata;
    const account = pod.spec?.serviceAccountName ?? 'default';
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const answer = await client.post<typeof body, TokenRequest>(serviceAccounts, account, namespace, 'token', body);
    const expires = Date.parse(answer.status?.expirationTimestamp ?? '');
    return { token: answer.status?.token ?? '', issued: expires - expirationSeconds * 1000, expires };
  }

  return {
    async token(pod, { audience, expirationSeconds = 3600 }) {
      const key = `${pod.metadata.uid}/${pod.spec?.serviceAccountName}/${audience ?? ''}/${expirationSeconds}`;
      const have = held.get(key);
      if (have && !needsRenewal(have, clock.now(), random() * 10_000)) return have.token;
      try {
        const fresh = await ask(pod, audience, expirationSeconds);
        held.set(key, fresh);
        return fresh.token;
      } catch (error) {
        if (have && clock.now() < have.expires) return have.token;
        throw new Error(`failed to fetch token: ${(error as Error).message}`);
      }
    },
    forget(uid) {
      for (const key of held.keys()) if (key.startsWith(`${uid}/`)) held.delete(key);
    },
  };
}
