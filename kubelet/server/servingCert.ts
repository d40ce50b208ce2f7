// The server's certificate: the one that is named, or one signed by itself and kept in --cert-dir.
// Reads and writes: PEM files. Mirrors: cmd/kubelet/app/server.go (initial serving certificate). Next: server.ts.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../component-base/flags.ts';
import { selfSigned } from '../../component-base/selfSigned.ts';
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
  const made = selfSigned(config.nodeName, addresses, Date.now());
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
