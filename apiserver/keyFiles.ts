// Certificates and keys of the server, read from the files that its flags name.
// Reads: PEM files; makes the serving certificate when none is named. Called by: run.ts. Next: ownCertificate.ts, liveFiles.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, UsageError } from '../component-base/flags.ts';
import { advertisedAddress } from './bootstrap/advertisedAddress.ts';
import { firstServiceIP } from './bootstrap/kubernetesService.ts';
import { checkServiceRanges } from './bootstrap/ranges.ts';
import type { flags } from './flags.ts';
import type { LiveFiles } from './liveFiles.ts';
import { ownCertificate } from './ownCertificate.ts';

type ServerConfig = Config<typeof flags>;

type FileFlag =
  | 'kubelet-client-certificate'
  | 'kubelet-client-key'
  | 'kubelet-certificate-authority'
  | 'requestheader-client-ca-file'
  | 'proxy-client-cert-file'
  | 'proxy-client-key-file';
/** Undefined when the flag is empty. */
export const optionalFile = (config: ServerConfig, flag: FileFlag) =>
  config[flag] ? readFile(config[flag], flag) : undefined;

/** The server's own certificate, and the authorities of its clients. Throws UsageError. */
export function readTls(config: ServerConfig): { cert: string; key: string; clientCA?: string } {
  const clientCA = config['client-ca-file'] ? readFile(config['client-ca-file'], 'client-ca-file') : undefined;
  const [certFile, keyFile] = [config['tls-cert-file'], config['tls-private-key-file']];
  if (!certFile && !keyFile) return { ...ownCertificate(config['cert-dir'], namesOfServer(config)), clientCA };
  if (!certFile || !keyFile) throw new UsageError('--tls-cert-file and --tls-private-key-file go together: name both.');
  return {
    cert: readFile(certFile, 'tls-cert-file'),
    key: readFile(keyFile, 'tls-private-key-file'),
    clientCA,
  };
}

/** What this server shows to others and whom it believes. */
export interface PemTexts {
  serving: { cert: string; key: string };
  trust: { clientCA?: string; requestHeaderCA?: string };
  kubelet: { cert?: string; key?: string; ca?: string };
  frontProxy: { cert?: string; key?: string };
}

/** Throws UsageError. */
export function pemTexts(config: ServerConfig): PemTexts {
  const { clientCA, ...serving } = readTls(config);
  return {
    serving,
    trust: { clientCA, requestHeaderCA: optionalFile(config, 'requestheader-client-ca-file') },
    kubelet: {
      cert: optionalFile(config, 'kubelet-client-certificate'),
      key: optionalFile(config, 'kubelet-client-key'),
      ca: optionalFile(config, 'kubelet-certificate-authority'),
    },
    frontProxy: {
      cert: optionalFile(config, 'proxy-client-cert-file'),
      key: optionalFile(config, 'proxy-client-key-file'),
    },
  };
}

/** The files behind the texts; each of the list changes on its own. */
export function pemFiles(config: ServerConfig, { serving, trust, kubelet, frontProxy }: PemTexts): LiveFiles[] {
  const own = (name: string) => join(config['cert-dir'], name);
  const [cert, key] = [config['tls-cert-file'], config['tls-private-key-file']];
  return [
    { texts: serving, paths: { cert: cert || own('apiserver.crt'), key: key || own('apiserver.key') } },
    { texts: trust, paths: { clientCA: config['client-ca-file'] } },
    { texts: trust, paths: { requestHeaderCA: config['requestheader-client-ca-file'] } },
    { texts: kubelet, paths: { cert: config['kubelet-client-certificate'], key: config['kubelet-client-key'] } },
    { texts: kubelet, paths: { ca: config['kubelet-certificate-authority'] } },
    { texts: frontProxy, paths: { cert: config['proxy-client-cert-file'], key: config['proxy-client-key-file'] } },
  ];
}

const namesOfServer = (config: ServerConfig): string[] => [
  ...new Set(
    [
      advertisedAddress(config['advertise-address'], config['bind-address']),
      '127.0.0.1',
      firstServiceIP(checkServiceRanges(config['service-cluster-ip-range'])[0]!),
    ].filter(Boolean),
  ),
];

/** Throws UsageError, naming the flag. */
export function readFile(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--${flag}: cannot read ${path}: ${(error as NodeJS.ErrnoException).code}. Name a file that this user may read.`,
    );
  }
}
