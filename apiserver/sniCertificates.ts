// Further certificates, each shown to clients that ask for one of its names (TLS's server name indication).
// Reads: --tls-sni-cert-key (`cert,key` or `cert,key:name,*.other`) and its files. Mirrors: component-base/cli/flag/namedcertkey_flag.go.
// Called by: run.ts, which follows the files by liveFiles.ts.
import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import { UsageError } from '../component-base/flags.ts';
import { readFile } from './keyFiles.ts';

export interface SniCertificate {
  /** Empty: those of the certificate. */
  names: string[];
  texts: { cert: string; key: string };
  paths: { cert: string; key: string };
}

const flag = 'tls-sni-cert-key';

/** Throws UsageError. */
export function sniCertificates(values: readonly string[]): SniCertificate[] {
  return values.map((value) => {
    const [, files = '', names] = /^([^:]*)(?::(.*))?$/.exec(value) ?? [];
    const [cert, key, ...more] = files.split(',').map((path) => path.trim());
    if (!cert || !key || more.length)
      throw new UsageError(`--${flag}: expected comma separated certificate and key file paths, not ${value}`);
    const texts = { cert: readFile(cert, flag), key: readFile(key, flag) };
    return { names: names ? names.split(',').map((name) => name.trim()) : [], texts, paths: { cert, key } };
  });
}

/** Has `server` show them as they are now; the first of two for one name counts, and a later call before an earlier. */
export function showSni(server: Server, certificates: readonly SniCertificate[], common: SecureContextOptions): void {
  for (const { names, texts } of [...certificates].reverse()) {
    const context = createSecureContext({ ...common, ...texts });
    for (const name of names.length ? names : namesOf(texts.cert)) server.addContext(name, context);
  }
}

/** The DNS names that it is for; without one, the name of its subject. */
function namesOf(cert: string): string[] {
  const { subjectAltName = '', subject } = new X509Certificate(cert);
  const found = [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name!);
  const own = /^CN=(.*)$/m.exec(subject ?? '')?.[1];
  return found.length || !own ? found : [own];
}
