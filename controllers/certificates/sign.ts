// Makes a certificate out of a request, in the name of an authority.
// Reads: the authority's PEM files, at each signing, so that they can be replaced. Mirrors: pkg/controller/certificates/signer/signer.go and
// …/authority. Used by: signing.ts.
import '../../component-base/reflectMetadata.ts';
import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as x509 from '@peculiar/x509';
import { type Asked, altNamesOid } from './request.ts';

const crypto = webcrypto as unknown as Crypto;

export interface AuthorityFiles {
  cert: string;
  key: string;
}

interface Authority {
  certificate: x509.X509Certificate;
  key: CryptoKey;
  algorithm: any;
}

const curves: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): any {
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (asymmetricKeyType === 'ed25519') return { name: 'Ed25519' };
  return { name: 'ECDSA', namedCurve: curves[asymmetricKeyDetails?.namedCurve ?? ''], hash: 'SHA-256' };
}

async function load({ cert, key }: AuthorityFiles): Promise<Authority> {
  const object = createPrivateKey(await readFile(key, 'utf8'));
  const algorithm = algorithmOf(object);
  const der = object.export({ type: 'pkcs8', format: 'der' });
  return {
    certificate: new x509.X509Certificate(await readFile(cert, 'utf8')),
    key: await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']),
    algorithm,
  };
}

const { KeyUsageFlags: flag, ExtendedKeyUsage: extended } = x509;
const keyUsages: Record<string, number> = {
  signing: flag.digitalSignature,
  'digital signature': flag.digitalSignature,
  'content commitment': flag.nonRepudiation,
  'key encipherment': flag.keyEncipherment,
  'data encipherment': flag.dataEncipherment,
  'key agreement': flag.keyAgreement,
  'cert sign': flag.keyCertSign,
  'crl sign': flag.cRLSign,
  'encipher only': flag.encipherOnly,
  'decipher only': flag.decipherOnly,
};
const extendedUsages: Record<string, string> = {
  any: '2.5.29.37.0',
  'server auth': extended.serverAuth,
  'client auth': extended.clientAuth,
  'code signing': extended.codeSigning,
  'email protection': extended.emailProtection,
  's/mime': extended.emailProtection,
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: extended.timeStamping,
  'ocsp signing': extended.ocspSigning,
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

const minute = 60_000;
const backdate = 5 * minute;
const short = 8 * 60 * minute;

/** From and until when: a little back, for clocks that are behind; never beyond the authority itself. */
export function validity(
  asked: number | undefined,
  most: number,
  now: number,
  end: number,
): { from: number; to: number } {
  const duration = asked === undefined ? most : Math.min(Math.max(asked * 1000, 10 * minute), most);
  const from = now - backdate;
  // The short ones are valid for the whole of what was asked for, counted from now.
  const to = duration < short ? now + duration : from + duration;
  return { from, to: Math.min(to, end) };
}

export interface SignOptions {
  files: AuthorityFiles;
  usages: readonly string[];
  /** What the request asks for. */
  seconds?: number;
  /** Milliseconds: --cluster-signing-duration. */
  most: number;
  now: number;
}

/** PEM. Throws when the authority cannot be read. */
export async function sign({ csr }: Asked, o: SignOptions): Promise<string> {
  const authority = await load(o.files);
  const { from, to } = validity(o.seconds, o.most, o.now, authority.certificate.notAfter.getTime());
  const names = csr.getExtension(altNamesOid);
  const uses = o.usages.map((usage) => extendedUsages[usage]).filter((oid) => oid !== undefined);
  const flags = o.usages.reduce((sum, usage) => sum | (keyUsages[usage] ?? 0), 0);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: `00${randomBytes(15).toString('hex')}`,
      subject: csr.subjectName,
      issuer: authority.certificate.subjectName,
      notBefore: new Date(from),
      notAfter: new Date(to),
      signingAlgorithm: authority.algorithm,
      publicKey: csr.publicKey,
      signingKey: authority.key,
      extensions: [
        ...(flags ? [new x509.KeyUsagesExtension(flags, true)] : []),
        ...(uses.length ? [new x509.ExtendedKeyUsageExtension(uses)] : []),
        new x509.BasicConstraintsExtension(false, undefined, true),
        await x509.AuthorityKeyIdentifierExtension.create(authority.certificate, false, crypto),
        ...(names ? [names] : []),
      ],
    },
    crypto,
  );
  return `${certificate.toString('pem').trim()}\n`;
}
