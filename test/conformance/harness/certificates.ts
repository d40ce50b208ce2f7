// A certificate and a signing request for the rows of CertificateSigningRequest. Pure but for the clock.
// Used by rows/auth.ts.
import '../../../component-base/reflectMetadata.ts';
import { type KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

interface Keys {
  publicKey: KeyObject;
  privateKey: KeyObject;
}
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const crypto = webcrypto as unknown as Crypto;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

async function pair({ publicKey, privateKey }: Keys): Promise<CryptoKeyPair> {
  const { subtle } = webcrypto;
  return {
    publicKey: await subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), algorithm, true, [
      'verify',
    ]),
    privateKey: await subtle.importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), algorithm, true, [
      'sign',
    ]),
  } as unknown as CryptoKeyPair;
}

export async function signingRequestPem(keys: Keys, name: string): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: [{ CN: [name] }], keys: await pair(keys), signingAlgorithm: algorithm },
    crypto,
  );
  return `${request.toString('pem')}\n`;
}

export async function certificatePem(keys: Keys, name: string): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    { serialNumber: '01', name: [{ CN: [name] }], keys: await pair(keys), signingAlgorithm: algorithm },
    crypto,
  );
  return `${certificate.toString('pem')}\n`;
}
