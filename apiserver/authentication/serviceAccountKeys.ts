// Keys that verify ServiceAccount tokens: from PEM to algorithm and key id.
// Reads: PEM texts, each with any number of public or private keys or certificates. Mirrors: pkg/serviceaccount/jwt.go.
// Next: serviceAccountMethod.ts verifies; `jwks` is what /openid/v1/jwks serves.
import { createPublicKey } from 'node:crypto';
import { UsageError } from '../../component-base/flags.ts';
import { describeKey, type TokenKey } from '../../component-base/tokenKey.ts';

/** Every key of the texts, as its public half, each once. Throws UsageError when a text holds none. */
export function verifyingKeys(pems: readonly string[]): TokenKey[] {
  const found = new Map<string, TokenKey>();
  for (const pem of pems) {
    const blocks = pem.match(/-----BEGIN (?!EC PARAMETERS)[^-]+-----[\s\S]+?-----END [^-]+-----/g) ?? [];
    for (const block of blocks) {
      const key = describeKey(createPublicKey(block));
      found.set(key.id, key);
    }
    if (!blocks.length) throw new UsageError('--service-account-key-file: no PEM key found in it.');
  }
  return [...found.values()];
}

/** The JSON Web Key Set of public keys, as others verify tokens with it. */
export const jwks = (keys: readonly TokenKey[]) => ({
  keys: keys.map((k) => {
    const { kty, ...rest } = k.key.export({ format: 'jwk' });
    return { use: 'sig', kty, kid: k.id, ...(rest['crv'] ? { crv: rest['crv'] } : {}), alg: k.algorithm, ...rest };
  }),
});
