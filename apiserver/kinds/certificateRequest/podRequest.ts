// Rules of a PodCertificateRequest: whom it is for, whether who asks has the key, and whether what the signer made is what was asked for.
// Mirrors: ValidatePodCertificateRequestCreate, -Update and -StatusUpdate in pkg/apis/certificates/validation/validation.go.
// Used by: ../podCertificateRequest.ts. Next: pem.ts and signerName.ts.
import { constants, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import {
  type FieldError,
  immutable,
  invalidValue,
  notSupported,
  omitted,
  required,
  tooLong,
} from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isDomainPrefixedKey, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { annotationsLimit } from '../../../apimachinery/objectMeta.ts';
import { pushTexts } from '../check.ts';
import { checkConditions } from '../conditions.ts';
import { base64Bytes } from '../configMap.ts';
import { semanticEqual } from '../equal.ts';
import { blocksOfText } from './pem.ts';
import { checkSignerName } from './signerName.ts';

const hour = 3600;
const [shortest, longest, longestOfKubernetes] = [hour, 91 * 24 * hour, 24 * hour];
const [mostOfKey, mostOfChain] = [10 * 1024, 100 * 1024];
const mostOfUID = 128;

const [keyField, proofField] = ['spec.pkixPublicKey', 'spec.proofOfPossession'];
const chainField = 'status.certificateChain';

function checkAnnotations(errors: FieldError[], annotations: Record<string, string>): void {
  const field = 'spec.unverifiedUserAnnotations';
  for (const key of Object.keys(annotations)) errors.push(...isDomainPrefixedKey(field, key.toLowerCase()));
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (size > annotationsLimit) errors.push(tooLong(field, annotationsLimit));
}

function checkLifetime(errors: FieldError[], { signerName = '', maxExpirationSeconds }: any): void {
  const [host] = signerName.split('/');
  const most = host === 'kubernetes.io' || host.endsWith('.kubernetes.io') ? longestOfKubernetes : longest;
  if (maxExpirationSeconds >= shortest && maxExpirationSeconds <= most) return;
  const text = `must be in the range [${shortest}, ${most}]`;
  errors.push(invalidValue('spec.maxExpirationSeconds', maxExpirationSeconds, text));
}

/** Undefined: Go would read no key here. */
function readKey(base64: string): KeyObject | undefined {
  const der = Buffer.from(base64, 'base64');
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return key.export({ format: 'der', type: 'spki' }).length === der.length ? key : undefined;
  } catch {
    return undefined;
  }
}

const badKey = (base64: string) => invalidValue(keyField, base64, 'must be a valid PKIX-serialized public key');
/** Curves that Go reads, as it calls them. */
const curves: Readonly<Record<string, string>> = {
  secp224r1: 'P-224',
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** Why the key will not do. */
function keyProblem(key: KeyObject, base64: string): FieldError | undefined {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const bits = Math.ceil(modulusLength / 8) * 8;
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return undefined;
    case 'ec':
      if (!curves[namedCurve]) return badKey(base64);
      return curves[namedCurve] === 'P-224'
        ? invalidValue(keyField, 'curve P-224', 'elliptic public keys must use curve P256 or P384')
        : undefined;
    case 'rsa':
      return bits === 3072 || bits === 4096
        ? undefined
        : invalidValue(keyField, `${bits}-bit modulus`, 'RSA keys must have modulus size 3072 or 4096');
    case 'x25519':
    case 'dsa':
      return invalidValue(keyField, base64, 'unknown public key type; supported types are Ed25519, ECDSA, and RSA');
    default:
      return badKey(base64);
  }
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };

function isProof(key: KeyObject, podUID: string, proof: string): boolean {
  const [data, signature] = [Buffer.from(podUID), Buffer.from(proof, 'base64')];
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  try {
    return verify(hash, data, { key, ...(key.asymmetricKeyType === 'rsa' && pss) }, signature);
  } catch {
    return false;
  }
}

/** Who asks signs the pod's UID with the key. */
function checkKey(errors: FieldError[], { pkixPublicKey = '', proofOfPossession = '', podUID = '' }: any): void {
  for (const [field, value] of [
    [keyField, pkixPublicKey],
    [proofField, proofOfPossession],
  ] as const)
    if (base64Bytes(value) > mostOfKey) return void errors.push(tooLong(field, mostOfKey));
  const key = readKey(pkixPublicKey);
  if (!key) return void errors.push(badKey(pkixPublicKey));
  const problem = keyProblem(key, pkixPublicKey);
  if (problem) errors.push(problem);
  else if (!isProof(key, podUID, proofOfPossession))
    errors.push(invalidValue(proofField, omitted, 'could not verify proof-of-possession signature'));
}

export function validateCreate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkSignerName(errors, 'spec.signerName', spec.signerName);
  if (spec.unverifiedUserAnnotations) checkAnnotations(errors, spec.unverifiedUserAnnotations);
  for (const [name, uid] of [
    ['podName', 'podUID'],
    ['serviceAccountName', 'serviceAccountUID'],
    ['nodeName', 'nodeUID'],
  ] as const) {
    const [named, id] = [spec[name] ?? '', spec[uid] ?? ''];
    pushTexts(errors, `spec.${name}`, named, nameIsDNSSubdomain(named, false));
    if (!id) errors.push(invalidValue(`spec.${uid}`, '', 'must not be empty'));
    if (byteLength(id) > mostOfUID) errors.push(tooLong(`spec.${uid}`, mostOfUID));
  }
  checkLifetime(errors, spec);
  checkKey(errors, spec);
  return errors;
}

export const validateUpdate = ({ spec }: any, old: any): FieldError[] =>
  semanticEqual(spec, old.spec) ? [] : [immutable('spec', spec)];

const endings: readonly string[] = ['Issued', 'Denied', 'Failed'];

/** How it ended: Issued, Denied or Failed. */
export const endingOf = ({ status }: any): string | undefined =>
  status?.conditions?.find((c: any) => c.status === 'True' && endings.includes(c.type))?.type;

function checkEnding(errors: FieldError[], conditions: readonly any[]): void {
  let known = 0;
  for (const [i, { type = '', status = '' }] of conditions.entries()) {
    const field = `status.conditions.[${i}]`;
    if (!endings.includes(type)) {
      errors.push(notSupported(`${field}.type`, type, endings));
      continue;
    }
    if (++known > 1) {
      const text = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
      errors.push(invalidValue(`${field}.type`, type, text));
    }
    if (status !== 'True') errors.push(notSupported(`${field}.status`, status, ['True']));
  }
  checkConditions(errors, 'status.conditions', conditions);
}

function readCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** Names of hosts and mailboxes that nobody could have. */
function checkNames(errors: FieldError[], alternatives = ''): void {
  const refuse = (name: string, text: string) => errors.push(invalidValue(chainField, name, `leaf certificate${text}`));
  for (const entry of alternatives.split(', ')) {
    const cut = entry.indexOf(':');
    const [type, name] = [entry.slice(0, cut), entry.slice(cut + 1)];
    if (type === 'email' && !/^\S+@\S+$/.test(name)) refuse(name, ' should not contain invalid EmailAddress');
    if (type !== 'DNS') continue;
    if (!name) refuse(name, ' should not contain empty DNSName');
    if (name.includes('..')) refuse(name, "'s DNSName should not contain '..'");
    if (name.startsWith('.') || name.endsWith('.')) refuse(name, "'s DNSName should not start or end with '.'");
  }
}

const minutes = (n: number) => n * 60_000;

/** The times beside the certificate are its own, and leave room to renew it. */
function timesProblem(leaf: X509Certificate, status: any, maxSeconds: number, now: number): FieldError | undefined {
  const at = (name: string, text: string) => invalidValue(`status.${name}`, status[name], text);
  const [before, after, refresh] = ['notBefore', 'notAfter', 'beginRefreshAt'].map((name) => Date.parse(status[name]));
  const [starts, ends] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()];
  if (before !== starts) return at('notBefore', 'must be set to the NotBefore time encoded in the leaf certificate');
  if (Math.abs(starts - now) >= minutes(5))
    return at('notBefore', "must be set to within 5 minutes of kube-apiserver's current time");
  if (after !== ends) return at('notAfter', 'must be set to the NotAfter time encoded in the leaf certificate');
  const lifetime = (text: string) =>
    invalidValue(chainField, (ends - starts) * 1e6, `leaf certificate lifetime must be ${text}`);
  if (ends - starts < minutes(60)) return lifetime('>= 1 hour');
  if (ends - starts > maxSeconds * 1000) return lifetime(`<= spec.maxExpirationSeconds (${maxSeconds})`);
  if (refresh! < starts + minutes(10))
    return at('beginRefreshAt', 'must be at least 10 minutes after status.notBefore');
  if (refresh! > ends - minutes(10)) return at('beginRefreshAt', 'must be at least 10 minutes before status.notAfter');
  return undefined;
}

const consistent = 'must be present and consistent with the issued certificate';
const timesNeeded = [
  ['notBefore', consistent],
  ['notAfter', consistent],
  ['beginRefreshAt', 'must be present and in the range [notbefore+10min, notafter-10min]'],
] as const;

/** What the signer issued, up to the first thing that is wrong with it. */
function checkIssued(errors: FieldError[], { spec, status }: any, now: number): void {
  const chain: string = status.certificateChain ?? '';
  const refuse = (text: string) => errors.push(invalidValue(chainField, chain, text));
  if (byteLength(chain) > mostOfChain) return void errors.push(tooLong(chainField, mostOfChain));
  const [first, ...rest] = blocksOfText(chain);
  if (!first) return void refuse('issued certificate chain must contain at least one certificate');
  if (first.type !== 'CERTIFICATE')
    return void refuse('issued certificate chain must consist entirely of CERTIFICATE PEM blocks');
  const leaf = readCertificate(first.der);
  if (!leaf) return void refuse('leaf certificate does not parse as valid X.509');
  checkNames(errors, leaf.subjectAltName);
  const key = readKey(spec.pkixPublicKey);
  if (!key) return void errors.push(badKey(spec.pkixPublicKey));
  if (!key.equals(leaf.publicKey)) return void refuse('leaf certificate was not issued to the requested public key');
  for (const [name, text] of timesNeeded) if (!status[name]) errors.push(required(`status.${name}`, text));
  if (errors.length) return;
  const problem = timesProblem(leaf, status, spec.maxExpirationSeconds, now);
  if (problem) return void errors.push(problem);
  for (const { type, der } of rest) {
    // Upstream's spelling.
    if (type !== 'CERTIFICATE')
      return void refuse('issued certificate chain must consist entirely of CERTFICATE PEM blocks');
    if (!readCertificate(der)) return void refuse('intermediate certificate does not parse as valid X.509');
  }
}

/** Once it has ended, nothing changes any more; until then nothing but its end does. */
export function validateStatus(request: any, old: any, now: number): FieldError[] {
  const errors: FieldError[] = [];
  const { status = {} } = request;
  const { conditions = [] } = status;
  checkEnding(errors, conditions);
  if (errors.length) return errors;
  const keep = (before: any, text: string) =>
    semanticEqual(status, before) ? [] : [invalidValue('status', omitted, text)];
  if (endingOf(old))
    return keep(old.status ?? {}, 'immutable after PodCertificateRequest is issued, denied, or failed');
  const ending = endingOf(request);
  if (!ending)
    return keep(old.status ?? {}, 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"');
  if (ending !== 'Issued')
    return keep(
      { conditions },
      'non-condition status fields must be empty when denying or failing the PodCertificateRequest',
    );
  checkIssued(errors, { ...request, status }, now);
  return errors;
}
