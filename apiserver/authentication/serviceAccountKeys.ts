// Keys that sign and verify ServiceAccount tokens: from PEM to algorithm and key id.
// Reads: PEM texts, each with any number of public or private keys or certificates. Mirrors: pkg/serviceaccount/jwt.go (keyIDFromPublicKey).
// Next: tokenIssuer.ts signs; serviceAccountMethod.ts verifies; `jwks` is what /openid/v1/jwks serves.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { UsageError } from '../../component-base/flags.ts';

export interface VerifyingKey {
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

function describe(key: KeyObject): VerifyingKey {
  const spki = key.export({ type: 'spki', format: 'der' });
  return { id: createHash('sha256').update(spki).digest('base64url'), algorithm: algorithmOf(key), key };
}

/** Every key of the texts, as its public half, each once. Throws UsageError when a text holds none. */
export function verifyingKeys(pems: readonly string[]): VerifyingKey[] {
  const found = new Map<string, VerifyingKey>();
  for (const pem of pems) {
    const blocks = pem.match(/-----BEGIN (?!EC PARAMETERS)[^-]+-----[\s\S]+?-----END [^-]+-----/g) ?? [];
    for (const block of blocks) {
      const key = describe(createPublicKey(block));
      found.set(key.id, key);
    }
    if (!blocks.length) throw new UsageError('--service-account-key-file: no PEM key found in it.');
  }
  return [...found.values()];
}

/** The private key to sign with. */
export function signingKey(pem: string): VerifyingKey {
  const key = createPrivateKey(pem);
  const { id, algorithm } = describe(createPublicKey(key));
  return { id, algorithm, key };
}

/** The JSON Web Key Set of public keys, as others verify tokens with it. */
export const jwks = (keys: readonly VerifyingKey[]) => ({
  keys: keys.map((k) => {
    const { kty, ...rest } = k.key.export({ format: 'jwk' });
    return { use: 'sig', kty, kid: k.id, ...(rest['crv'] ? { crv: rest['crv'] } : {}), alg: k.algorithm, ...rest };
  }),
});
