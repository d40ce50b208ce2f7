// The serving certificate of an API server that was given none: apiserver.crt and apiserver.key of --cert-dir, made when they are missing.
// Reads and writes: the two PEM files. Mirrors: MaybeDefaultWithSelfSignedCerts of apiserver/pkg/server/options/serving.go.
// Called by: run.ts. Next: server.ts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../component-base/flags.ts';
import { selfSigned } from '../component-base/selfSigned.ts';

const inCluster = ['kubernetes.default.svc', 'kubernetes.default', 'kubernetes', 'localhost'];

/** `addresses`: at which it is reached; the first is its name. Throws UsageError when the folder cannot be used. */
export function ownCertificate(folder: string, addresses: string[]): { cert: string; key: string } {
  const [certFile, keyFile] = [join(folder, 'apiserver.crt'), join(folder, 'apiserver.key')];
  try {
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  } catch {
    return make(folder, certFile, keyFile, addresses);
  }
}

function make(folder: string, certFile: string, keyFile: string, addresses: string[]): { cert: string; key: string } {
  const made = selfSigned(addresses[0]!, [...addresses.slice(1), ...inCluster], Date.now());
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    writeFileSync(keyFile, made.key, { mode: 0o600 });
    writeFileSync(certFile, made.cert);
  } catch (error) {
    throw new UsageError(
      `cannot keep a certificate in ${folder} (${(error as NodeJS.ErrnoException).code}): name a folder with --cert-dir, or a certificate with --tls-cert-file and --tls-private-key-file.`,
    );
  }
  return made;
}
