// Makes the key pairs that a cluster lacks: two authorities, and what they sign. ECDSA P-256, one year; authorities ten.
// Writes the PKI folder, keys before certificates, each file whole or not at all: killed at any moment, the next run goes on.
// Mirrors: cmd/kubeadm/app/util/pkiutil. Next: kubeconfig.ts embeds clients' pairs; the API server reads the rest.
import '../../component-base/reflectMetadata.ts';
import { createPublicKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { missingPki } from './checkPki.ts';
import { type Authority, authorities, type Identity, type PkiOptions } from './identities.ts';
import { writePrivate, writePublic } from './writeFile.ts';

const day = 24 * 3600 * 1000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const crypto = webcrypto as unknown as Crypto;

interface Signer {
  certificate: x509.X509Certificate;
  key: CryptoKey;
}

const pem = (der: ArrayBuffer, tag: string) => x509.PemConverter.encode(der, tag);
const privateKeyTag = 'PRIVATE KEY';
const newPair = () =>
  crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
/** A clock that is a little behind must not find the certificate of the future. */
const beginning = (now: number) => new Date(now - 5 * 60 * 1000);
const serialNumber = () => `00${randomBytes(15).toString('hex')}`;

async function save(folder: string, file: string, certificate: x509.X509Certificate, key: CryptoKey): Promise<void> {
  mkdirSync(join(folder, dirname(file)), { recursive: true, mode: 0o700 });
  writePrivate(join(folder, `${file}.key`), pem(await crypto.subtle.exportKey('pkcs8', key), privateKeyTag));
  writePublic(join(folder, `${file}.crt`), `${certificate.toString('pem')}\n`);
}

async function makeAuthority(name: string, now: number): Promise<Signer> {
  const keys = await newPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [name] }],
      notBefore: beginning(now),
      notAfter: new Date(now + 3650 * day),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { certificate, key: keys.privateKey };
}

async function loadAuthority(folder: string, name: Authority): Promise<Signer> {
  const key = x509.PemConverter.decodeFirst(readFileSync(join(folder, `${name}.key`), 'utf8'));
  return {
    certificate: new x509.X509Certificate(readFileSync(join(folder, `${name}.crt`), 'utf8')),
    key: await crypto.subtle.importKey('pkcs8', key, algorithm, true, ['sign']),
  };
}

const altNames = (names: readonly string[]) =>
  new x509.SubjectAlternativeNameExtension(
    names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
  );

async function issue(identity: Identity, signer: Signer, now: number): Promise<Signer> {
  const keys = await newPair();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: [...(identity.organization ? [{ O: [identity.organization] }] : []), { CN: [identity.commonName] }],
      issuer: signer.certificate.subjectName,
      notBefore: beginning(now),
      notAfter: new Date(now + 365 * day),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: signer.key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([identity.names ? serverAuth : clientAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(signer.certificate, false, crypto),
        ...(identity.names ? [altNames(identity.names)] : []),
      ],
    },
    crypto,
  );
  return { certificate, key: keys.privateKey };
}

/** The public half follows from the private one, so a lost sa.pub costs nobody their token. */
function saveServiceAccountKey(folder: string): void {
  const file = join(folder, 'sa.key');
  let key: string;
  try {
    key = readFileSync(file, 'utf8');
  } catch {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    writePrivate(file, key);
  }
  writePublic(join(folder, 'sa.pub'), createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string);
}

/** Issues what `missingPki` names and tells the files; does nothing when all is there. */
export async function issuePki(options: PkiOptions): Promise<string[]> {
  const now = options.now ?? Date.now();
  const missing = missingPki(options);
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  for (const name of missing.authorities) {
    const made = await makeAuthority(authorities[name], now);
    await save(options.folder, name, made.certificate, made.key);
  }
  const signers = new Map<Authority, Signer>();
  for (const identity of missing.identities) {
    const signer = signers.get(identity.authority) ?? (await loadAuthority(options.folder, identity.authority));
    signers.set(identity.authority, signer);
    const made = await issue(identity, signer, now);
    await save(options.folder, identity.file, made.certificate, made.key);
  }
  if (missing.serviceAccountKey) saveServiceAccountKey(options.folder);
  return [
    ...missing.authorities,
    ...missing.identities.map((i) => i.file),
    ...(missing.serviceAccountKey ? ['sa'] : []),
  ];
}
