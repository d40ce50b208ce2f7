// The server's certificate: the one that is named, or one signed by itself and kept in --cert-dir.
// Reads and writes: PEM files. Mirrors: cmd/kubelet/app/server.go (initial serving certificate). Next: server.ts.
import { webcrypto } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../component-base/flags.ts';
import type { KubeletConfig } from '../config.ts';

export interface ServingCert {
  cert: string;
  key: string;
}

export async function servingCert(config: KubeletConfig, addresses: string[]): Promise<ServingCert> {
  const certFile = config['tls-cert-file'];
  const keyFile = config['tls-private-key-file'];
  if (certFile || keyFile)
    return { cert: await readPem(certFile, 'tls-cert-file'), key: await readPem(keyFile, 'tls-private-key-file') };
  const [cert, key] = [join(config.certDir, 'kubelet.crt'), join(config.certDir, 'kubelet.key')];
  const kept = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]).catch(() => undefined);
  if (kept) return { cert: kept[0], key: kept[1] };
  const made = await selfSigned(config.nodeName, addresses);
  await mkdir(config.certDir, { recursive: true, mode: 0o750 });
  await writeFile(key, made.key, { mode: 0o600 });
  await writeFile(cert, made.cert);
  return made;
}

async function readPem(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `cannot read --${flag} ${path || '(not given)'}: ${(error as NodeJS.ErrnoException).code ?? error}.`,
    );
  }
}

const year = 365 * 24 * 3600_000;

async function selfSigned(name: string, addresses: string[]): Promise<ServingCert> {
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${name}`,
      keys: keys as any,
      signingAlgorithm: algorithm,
      notBefore: new Date(now - 60_000),
      notAfter: new Date(now + year),
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: name },
          ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    },
    webcrypto as any,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString('pem'), key };
}
