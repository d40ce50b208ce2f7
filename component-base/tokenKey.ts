// A key of ServiceAccount tokens: its algorithm and the id under which verifiers find it.
// Mirrors: pkg/serviceaccount/jwt.go (keyIDFromPublicKey). Used by: apiserver/authentication (issues and verifies tokens)
// and controllers/serviceAccountTokens (those that are kept in Secrets).
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { UsageError } from './flags.ts';

export interface TokenKey {
  /** SHA-256 of the public key, base64url: what upstream writes into a token's header. */
  id: string;
  algorithm: string;
  key: KeyObject;
}

const curves: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const algorithm = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && algorithm) return algorithm;
  throw new UsageError('ServiceAccount keys must be RSA, or ECDSA on P-256, P-384 or P-521.');
}

/** By its public half. Throws UsageError on kinds of keys that tokens are not signed with. */
export function describeKey(key: KeyObject): TokenKey {
  const spki = key.export({ type: 'spki', format: 'der' });
  return { id: createHash('sha256').update(spki).digest('base64url'), algorithm: algorithmOf(key), key };
}

/** The private key to sign with. */
export function signingKey(pem: string): TokenKey {
  const key = createPrivateKey(pem);
  const { id, algorithm } = describeKey(createPublicKey(key));
  return { id, algorithm, key };
}
