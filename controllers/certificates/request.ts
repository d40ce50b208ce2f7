// What a CertificateSigningRequest asks for, read out of its PEM: subject, names, key; and what has become of it so far.
// Pure. Mirrors: pkg/apis/certificates/v1/helpers.go and pkg/controller/certificates/certificate_controller_utils.go.
// Used by: the files beside it. Next: rules.ts.
import '../../component-base/reflectMetadata.ts';
import * as x509 from '@peculiar/x509';
import type { CertificateSigningRequest } from '../../apimachinery/types.ts';

export interface Asked {
  organizations: string[];
  commonName: string;
  /** Alternative names by kind. */
  names: { dns: string[]; ip: string[]; email: string[]; url: string[] };
  csr: x509.Pkcs10CertificateRequest;
}

/** Throws when it cannot be read. */
export function readRequest(object: CertificateSigningRequest): Asked {
  const pem = Buffer.from(object.spec?.request ?? '', 'base64').toString('latin1');
  const csr = new x509.Pkcs10CertificateRequest(pem);
  const names: Asked['names'] = { dns: [], ip: [], email: [], url: [] };
  const found = csr.getExtension(altNamesOid);
  const items = found ? new x509.SubjectAlternativeNameExtension(found.rawData).names.items : [];
  for (const { type, value } of items) if (Object.hasOwn(names, type)) names[type as keyof typeof names].push(value);
  return {
    organizations: csr.subjectName.getField('O'),
    commonName: csr.subjectName.getField('CN').at(-1) ?? '',
    names,
    csr,
  };
}

export const altNamesOid = '2.5.29.17';

const has = (object: CertificateSigningRequest, type: string): boolean =>
  object.status?.conditions?.some((c) => c.type === type && (c.status ?? 'True') === 'True') ?? false;

export const isApproved = (o: CertificateSigningRequest): boolean => has(o, 'Approved') && !has(o, 'Denied');
export const isDecided = (o: CertificateSigningRequest): boolean => has(o, 'Approved') || has(o, 'Denied');
export const isFailed = (o: CertificateSigningRequest): boolean => has(o, 'Failed');
export const isIssued = (o: CertificateSigningRequest): boolean => Boolean(o.status?.certificate);
