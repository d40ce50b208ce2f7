// A Secret bootstrap-token-<id> of kube-system as what it stands for: a token, what it may be used for, and until when. Pure.
// Mirrors: cluster-bootstrap/token/util and cluster-bootstrap/util/secrets. Used by: bootstrapSigner.ts and tokenCleaner.ts.
import type { Secret } from '../../apimachinery/types.ts';

export const bootstrapType = 'bootstrap.kubernetes.io/token';
/** The informer of these Secrets. */
export const onlyBootstrap = { namespace: 'kube-system', fieldSelector: `type=${bootstrapType}` };

export interface BootstrapToken {
  id: string;
  secret: string;
}

const text = (secret: Secret, key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString();

/** When it ends; undefined: never. A time that is none has passed. */
export function expiryOf(secret: Secret): number | undefined {
  const written = text(secret, 'expiration');
  if (!written) return undefined;
  const isTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(written);
  const at = isTime ? Date.parse(written) : Number.NaN;
  return Number.isNaN(at) ? 0 : at;
}

/** The token, when the Secret is well-formed, has not ended and may sign cluster-info. */
export function signingToken(secret: Secret, now: number): BootstrapToken | undefined {
  const id = text(secret, 'token-id');
  const value = text(secret, 'token-secret');
  if (!/^[a-z0-9]{6}$/.test(id) || !/^[a-z0-9]{16}$/.test(value)) return undefined;
  if (secret.metadata.name !== `bootstrap-token-${id}` || secret.type !== bootstrapType) return undefined;
  const ends = expiryOf(secret);
  if (ends !== undefined && ends <= now) return undefined;
  return text(secret, 'usage-bootstrap-signing') === 'true' ? { id, secret: value } : undefined;
}
