// Do a certificate and a private key belong together? What is wrong is said as Go's tls package says it.
// Reads: PEM texts. Mirrors: crypto/tls X509KeyPair, which warningsForSecret in pkg/registry/core/secret asks.
// Called by: secret.ts.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

interface Block {
  type: string;
  pem: string;
}

const begin = /^-----BEGIN (.*)-----\s*$/;
const end = /^-----END (.*)-----\s*$/;

/** Whole blocks in order; whatever stands around them is passed over. */
function blocks(text: string): Block[] {
  const found: Block[] = [];
  let type: string | undefined;
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const begins = begin.exec(line)?.[1];
    if (begins !== undefined) [type, lines] = [begins, []];
    lines.push(line);
    if (type === undefined || end.exec(line)?.[1] !== type) continue;
    found.push({ type, pem: `${lines.join('\n')}\n` });
    type = undefined;
  }
  return found;
}

const isKey = (type: string) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY');
const names = (skipped: Block[]) => `[${skipped.map((b) => b.type).join(' ')}]`;

function noCertificate(skipped: Block[]): string {
  if (!skipped.length) return 'tls: failed to find any PEM data in certificate input';
  if (skipped.length === 1 && skipped[0]!.type.endsWith('PRIVATE KEY'))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${names(skipped)}`;
}

function noKey(skipped: Block[]): string {
  if (!skipped.length) return 'tls: failed to find any PEM data in key input';
  if (skipped.length === 1 && skipped[0]!.type === 'CERTIFICATE')
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${names(skipped)}`;
}

const attempt = <T>(make: () => T): T | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

function mismatch(certificate: X509Certificate, key: KeyObject): string | undefined {
  if (certificate.publicKey.asymmetricKeyType !== key.asymmetricKeyType)
    return 'tls: private key type does not match public key type';
  return certificate.checkPrivateKey(key) ? undefined : 'tls: private key does not match public key';
}

/** Undefined when they fit. */
export function tlsPairError(certificatePem: string, keyPem: string): string | undefined {
  const certificates = blocks(certificatePem);
  const leaf = certificates.find((b) => b.type === 'CERTIFICATE');
  if (!leaf) return noCertificate(certificates);
  const keys = blocks(keyPem);
  const own = keys.find((b) => isKey(b.type));
  if (!own) return noKey(keys);
  const certificate = attempt(() => new X509Certificate(leaf.pem));
  if (!certificate) return 'x509: malformed certificate';
  const key = attempt(() => createPrivateKey(own.pem));
  return key ? mismatch(certificate, key) : 'tls: failed to parse private key';
}
