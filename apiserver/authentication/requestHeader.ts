// A front proxy says in headers who it speaks for. It is believed when its own certificate is of the CA for front proxies.
// Reads: the peer's certificate, X-Remote-User and its kin. Mirrors: apiserver/pkg/authentication/request/headerrequest/requestheader.go.
// Next: authenticator.ts, where this comes before all other methods.
import { X509Certificate } from 'node:crypto';
import type { UserInfo } from '../../apimachinery/types.ts';
import type { PeerCertificate } from './clientCertificate.ts';
import { extraOf, headerPairs } from './headerPairs.ts';

export interface RequestHeaderOptions {
  /** Common names that a front proxy may have; empty: any. */
  allowedNames: readonly string[];
  /** Names of headers, in any case; the first that is there counts. */
  usernameHeaders: readonly string[];
  uidHeaders: readonly string[];
  /** All of them count, and each of their values. */
  groupHeaders: readonly string[];
  extraPrefixes: readonly string[];
}

/** The fingerprints of a PEM file's certificates, as Node writes them. */
export function fingerprintsOf(pem: string): Set<string> {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return new Set(blocks.map((block) => new X509Certificate(block).fingerprint256));
}

/** Of a text that may be exchanged. */
export function liveFingerprints(pem: () => string | undefined): () => ReadonlySet<string> {
  let of = pem() ?? '';
  let known = fingerprintsOf(of);
  return () => {
    const text = pem() ?? '';
    if (text !== of) {
      known = fingerprintsOf(text);
      of = text;
    }
    return known;
  };
}

export const isOf = (certificate: PeerCertificate, authorities: ReadonlySet<string>): boolean =>
  certificate.chain?.some((fingerprint) => authorities.has(fingerprint)) ?? false;

export type RequestHeaderMethod = (
  certificate: PeerCertificate | undefined,
  rawHeaders: readonly string[],
) => UserInfo | undefined;

/** Undefined when the caller is no front proxy or names nobody; throws when it is one that may not speak for others. */
export function requestHeaderMethod(
  options: RequestHeaderOptions,
  authorities: () => ReadonlySet<string>,
): RequestHeaderMethod {
  return (certificate, rawHeaders) => {
    if (!certificate || !isOf(certificate, authorities())) return undefined;
    if (certificate.error) throw new Error(`x509: ${certificate.error}`);
    if (options.allowedNames.length && !options.allowedNames.includes(certificate.commonName))
      throw new Error(`x509: subject with cn=${certificate.commonName} is not in the allowed list`);
    return userIn(rawHeaders, options);
  };
}

function userIn(rawHeaders: readonly string[], options: RequestHeaderOptions): UserInfo | undefined {
  const values = (name: string) =>
    [...headerPairs(rawHeaders)].filter(([n]) => n === name.toLowerCase()).map(([, v]) => v);
  const first = (names: readonly string[]) => names.map((name) => values(name)[0]).find((value) => value);
  const username = first(options.usernameHeaders);
  if (!username) return undefined;
  const uid = first(options.uidHeaders);
  const groups = options.groupHeaders.flatMap(values);
  const extra = extraOf(rawHeaders, options.extraPrefixes);
  return {
    username,
    ...(uid ? { uid } : {}),
    groups,
    ...(Object.keys(extra).length ? { extra } : {}),
  };
}
