// Which TLS the server speaks: the lowest version, and the cipher suites below TLS 1.3, whose own cannot be chosen.
// Reads: --tls-min-version, --tls-cipher-suites. Mirrors: staging/src/k8s.io/component-base/cli/flag/ciphersuites_flag.go.
// Called by: run.ts; Node's names are OpenSSL's. Next: server.ts.
import { getCiphers, type SecureVersion } from 'node:tls';
import { UsageError } from '../component-base/flags.ts';

export interface TlsChoice {
  minVersion?: SecureVersion;
  ciphers?: string;
}

const versions: Record<string, SecureVersion> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};
/** Of TLS 1.3. Node switches that off where none of them is named. */
const latest = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** Empty: Node's default, TLS 1.2 and its suites. Throws UsageError. */
export function tlsChoice(version: string, suites: readonly string[]): TlsChoice {
  const minVersion = version ? versions[version] : undefined;
  if (version && !minVersion)
    throw new UsageError(
      `--tls-min-version: unknown tls version ${JSON.stringify(version)}; one of ${Object.keys(versions).join(', ')}.`,
    );
  const chosen = suites.filter((suite) => !latest.includes(suite)).map(opensslName);
  return {
    ...(minVersion ? { minVersion } : {}),
    ...(suites.length ? { ciphers: [...latest, ...new Set(chosen)].join(':') } : {}),
  };
}

/** `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA` is OpenSSL's `ECDHE-RSA-AES128-SHA`. */
function opensslName(suite: string): string {
  const name = suite
    .replace(/^TLS_/, '')
    .replace(/^(RSA_)?WITH_|_WITH_/, (_, rsa) => (rsa ? '' : '_'))
    .replace(/AES_(128|256)_/, 'AES$1_')
    .replace('_CBC', '')
    .replace(/(POLY1305)_SHA256$/, '$1')
    .replaceAll('_', '-');
  if (suite.startsWith('TLS_') && getCiphers().includes(name.toLowerCase())) return name;
  throw new UsageError(`--tls-cipher-suites: Cipher suite ${suite} not supported or doesn't exist`);
}
