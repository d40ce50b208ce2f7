// Which key pairs of a cluster are missing or must be issued anew. Needs nothing but Node, so that `up` can ask at every start.
// Reads the PKI folder. Next: issuePki.ts makes what this names.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../component-base/flags.ts';
import { type Authority, authorities, type Identity, identities, type PkiOptions } from './identities.ts';

/** A certificate is renewed at the first start within this time of its end. Milliseconds. */
const renewBefore = 30 * 24 * 3600 * 1000;

export interface Missing {
  authorities: Authority[];
  identities: Identity[];
  /** The key pair that signs ServiceAccount tokens. */
  serviceAccountKey: boolean;
}

/** A certificate and its key that belong together; undefined when one is missing, broken or of another pair. */
function pair(folder: string, file: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(readFileSync(join(folder, `${file}.crt`)));
    const key = createPrivateKey(readFileSync(join(folder, `${file}.key`)));
    return certificate.checkPrivateKey(key) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** Throws when the certificate is there without its key: a new authority would make everything that trusts it useless. */
function authority(folder: string, name: Authority): X509Certificate | undefined {
  const found = pair(folder, name);
  const certificate = join(folder, `${name}.crt`);
  if (!found && existsSync(certificate)) {
    throw new UsageError(
      `${certificate} has no matching ${name}.key; put the key back, or remove the folder ${folder} to start with new ones.`,
    );
  }
  return found;
}

const lines = (subject: string) => new Set(subject.split('\n'));

/** Does the certificate say what the identity is? Order of the names does not matter; too many are too many. */
function fits(certificate: X509Certificate, identity: Identity): boolean {
  const subject = lines(certificate.subject);
  if (!subject.has(`CN=${identity.commonName}`)) return false;
  if (identity.organization && !subject.has(`O=${identity.organization}`)) return false;
  return sameNames(certificate.subjectAltName ?? '', identity.names ?? []);
}

function sameNames(altNames: string, names: readonly string[]): boolean {
  const have = altNames.split(', ').filter(Boolean).length;
  const covered = (name: string) =>
    altNames.split(', ').some((n) => n === `DNS:${name}` || n === `IP Address:${plainIP(name)}`);
  return have === names.length && names.every(covered);
}

/** As OpenSSL prints an address: IPv6 in eight groups of capitals. */
function plainIP(name: string): string {
  if (!name.includes(':')) return name;
  const [head = '', tail = ''] = name.split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = name.includes('::') ? [...groups(head), ...Array(missing).fill('0'), ...groups(tail)] : groups(name);
  return all.map((g) => Number.parseInt(g, 16).toString(16).toUpperCase()).join(':');
}

function current(options: PkiOptions, identity: Identity, ca: X509Certificate | undefined): boolean {
  const certificate = pair(options.folder, identity.file);
  if (!ca || !certificate?.checkIssued(ca) || !certificate.verify(ca.publicKey)) return false;
  const left = certificate.validToDate.getTime() - (options.now ?? Date.now());
  return left > renewBefore && fits(certificate, identity);
}

/** What issuePki must make for this cluster. Throws UsageError when an authority has lost its key. */
export function missingPki(options: PkiOptions): Missing {
  const names = Object.keys(authorities) as Authority[];
  const have = new Map(names.map((name) => [name, authority(options.folder, name)]));
  const there = (file: string) => existsSync(join(options.folder, file));
  return {
    authorities: names.filter((name) => !have.get(name)),
    identities: identities(options).filter((identity) => !current(options, identity, have.get(identity.authority))),
    serviceAccountKey: !there('sa.key') || !there('sa.pub'),
  };
}

export const nothingMissing = (m: Missing): boolean =>
  !m.authorities.length && !m.identities.length && !m.serviceAccountKey;
