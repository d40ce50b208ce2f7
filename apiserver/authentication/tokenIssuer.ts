// Signs ServiceAccount tokens: JSON Web Tokens that name an account and the object whose life they share.
// Writes: nothing stored; a token is its own record. Mirrors: pkg/serviceaccount/claims.go and jwt.go.
// Next: kinds/serviceAccountToken.ts, the TokenRequest deed; serviceAccountMethod.ts reads the tokens back.
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { UsageError } from '../../component-base/flags.ts';
import { signingKey } from '../../component-base/tokenKey.ts';
import { jwks, verifyingKeys } from './serviceAccountKeys.ts';

export interface Ref {
  name: string;
  uid: string;
}

/** The claim `kubernetes.io`. */
export interface BoundClaims {
  namespace: string;
  serviceaccount: Ref;
  pod?: Ref;
  secret?: Ref;
  node?: Ref;
  /** Seconds since the epoch: the token lives on for old clients, but should have been renewed. */
  warnafter?: number;
}

export interface TokenIssuer {
  readonly issuer: string;
  /** Of a token for which none were asked. */
  readonly audiences: readonly string[];
  /** Longest validity in seconds; 0: no limit. */
  readonly maxExpirationSeconds: number;
  /** Tokens in pods outlive what was asked for by a year, whatever the longest validity: old clients do not read them again. */
  readonly extendExpiration: boolean;
  /** A signed token, valid from `now` (milliseconds) for `seconds`. */
  issue(claims: BoundClaims, audiences: readonly string[], seconds: number, now: number): Promise<string>;
  /** What /openid/v1/jwks and /.well-known/openid-configuration serve; `here` is where the keys are unless a flag says so. */
  discovery(here: string): { configuration: object; jwks: object };
}

export interface IssuerOptions {
  issuer: string;
  /** PEM of --service-account-signing-key-file. */
  signingKey: string;
  /** PEMs of --service-account-key-file, published besides the signing key's public half. */
  keys?: readonly string[];
  audiences: readonly string[];
  maxExpirationSeconds?: number;
  /** Absent: true. */
  extendExpiration?: boolean;
  /** Where clients find the keys; empty: at this server. */
  jwksUri?: string;
}

/** Throws UsageError. */
function checkJwksUri(uri: string | undefined): void {
  if (!uri) return;
  if (!URL.canParse(uri)) throw new UsageError(`service-account-jwks-uri must be a valid URL: ${uri}`);
  if (new URL(uri).protocol !== 'https:')
    throw new UsageError(`service-account-jwks-uri requires https scheme, parsed as: ${uri}`);
}

/** Throws UsageError. */
function checkLongest(seconds = 0): void {
  if (!seconds || (seconds >= 3600 && seconds <= 2 ** 32)) return;
  throw new UsageError('the service-account-max-token-expiration must be between 1 hour and 2^32 seconds');
}

/** Throws UsageError when a key is none. */
export function createTokenIssuer(options: IssuerOptions): TokenIssuer {
  const signer = signingKey(options.signingKey);
  checkJwksUri(options.jwksUri);
  checkLongest(options.maxExpirationSeconds);
  const published = verifyingKeys([options.signingKey, ...(options.keys ?? [])]);
  return {
    issuer: options.issuer,
    audiences: options.audiences,
    maxExpirationSeconds: options.maxExpirationSeconds ?? 0,
    extendExpiration: options.extendExpiration ?? true,
    issue(claims, audiences, seconds, now) {
      const iat = Math.floor(now / 1000);
      const payload = {
        aud: [...audiences],
        exp: iat + seconds,
        iat,
        iss: options.issuer,
        jti: randomUUID(),
        'kubernetes.io': claims,
        nbf: iat,
        sub: `system:serviceaccount:${claims.namespace}:${claims.serviceaccount.name}`,
      };
      return new SignJWT(payload).setProtectedHeader({ alg: signer.algorithm, kid: signer.id }).sign(signer.key);
    },
    discovery: (here) => ({
      configuration: {
        issuer: options.issuer,
        jwks_uri: options.jwksUri || here,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [...new Set(published.map((k) => k.algorithm))].sort(),
      },
      jwks: jwks(published),
    }),
  };
}
