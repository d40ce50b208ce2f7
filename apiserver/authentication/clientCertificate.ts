// A TLS client certificate as a user: the common name is who, the organizations are the groups.
// Reads: the verified peer certificate of a socket. Mirrors: staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go.
// Next: authenticator.ts, where this is the first method.
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { UserInfo } from '../../apimachinery/types.ts';

export interface PeerCertificate {
  commonName: string;
  organizations: string[];
  /** The subject's uid attribute (1.3.6.1.4.1.57683.2). */
  uid?: string;
  /** Fingerprints of the certificate and those above it, up to the root: tells which CA it is of. */
  chain?: readonly string[];
  /** SHA-256 of the certificate, hexadecimal, as TLS gives it or without colons. */
  fingerprint256?: string;
  /** Milliseconds; checked on each request, since connections outlive certificates. */
  notAfter?: number;
  /** Why TLS did not accept it; then it names nobody. */
  error?: string;
}

const uidAttribute = '1.3.6.1.4.1.57683.2';
const known = new WeakMap<TLSSocket, { certificate: PeerCertificate | undefined }>();

/**
 * The client certificate of a request's connection, read once a connection. The server must ask for it (`requestCert: true`,
 * `rejectUnauthorized: false`, `ca` the client CA alone). Undefined when the client sent none.
 */
export function peerCertificate(request: IncomingMessage | Http2ServerRequest): PeerCertificate | undefined {
  const socket = connectionOf(request);
  const before = known.get(socket);
  if (before) return before.certificate;
  const certificate = read(socket);
  known.set(socket, { certificate });
  return certificate;
}

/** Over HTTP/2 each request has a socket object of its own, a view of the one that its session has. */
const connectionOf = (request: IncomingMessage | Http2ServerRequest): TLSSocket =>
  (('stream' in request && request.stream.session?.socket) || request.socket) as TLSSocket;

function read(socket: TLSSocket): PeerCertificate | undefined {
  const peer = socket.getPeerCertificate?.(true);
  const subject = peer?.subject as Record<string, string | string[] | undefined> | undefined;
  if (!subject || !Object.keys(peer!).length) return undefined;
  const list = (v: string | string[] | undefined) => (v === undefined ? [] : Array.isArray(v) ? v : [v]);
  return {
    commonName: list(subject['CN']).at(-1) ?? '',
    organizations: list(subject['O']),
    uid: list(subject[uidAttribute])[0],
    fingerprint256: peer!.fingerprint256,
    chain: chainOf(peer!),
    notAfter: Date.parse(peer!.valid_to),
    ...(socket.authorized ? {} : { error: String(socket.authorizationError) }),
  };
}

/** TLS finds issuers by their names; two authorities may have one name, so each signature counts here. */
function chainOf(peer: DetailedPeerCertificate): string[] {
  const chain = [peer.fingerprint256];
  let at = peer;
  // A root is its own issuer.
  while (at.issuerCertificate && !chain.includes(at.issuerCertificate.fingerprint256)) {
    const issuer = at.issuerCertificate;
    if (!new X509Certificate(at.raw).verify(new X509Certificate(issuer.raw).publicKey)) break;
    chain.push(issuer.fingerprint256);
    at = issuer;
  }
  return chain;
}

/** Undefined for a certificate without common name; throws when it is not to be trusted. */
export function certificateUser(certificate: PeerCertificate, now: number): UserInfo | undefined {
  if (certificate.error) throw new Error(`x509: ${certificate.error}`);
  if (certificate.notAfter && now > certificate.notAfter) throw new Error('x509: certificate has expired');
  if (!certificate.commonName) return undefined;
  const digest = certificate.fingerprint256?.replaceAll(':', '').toLowerCase();
  return {
    username: certificate.commonName,
    ...(certificate.uid ? { uid: certificate.uid } : {}),
    groups: certificate.organizations,
    ...(digest ? { extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] } } : {}),
  };
}
