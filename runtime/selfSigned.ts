// A certificate that nobody trusts, for HTTPS probes of simulated containers: the kubelet does not verify them.
// Made once, when the first TLS client comes. Used by: responder.ts.
import { webcrypto } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

let context: Promise<SecureContext> | undefined;

export function selfSigned(): Promise<SecureContext> {
  context ??= make();
  return context;
}

async function make(): Promise<SecureContext> {
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const day = 86_400_000;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=simulated',
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 3650 * day),
    },
    webcrypto as Crypto,
  );
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return createSecureContext({
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  });
}
