// Rules of a CertificateSigningRequest; what a stored one already breaks may stay broken on update.
// Mirrors: validateCertificateSigningRequest(Update) and getValidationOptions in pkg/apis/certificates/validation/validation.go.
// Used by: ../certificateSigningRequest.ts. Next: pem.ts and signerName.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { checkUnique } from '../check.ts';
import { diffLines, semanticEqual } from '../equal.ts';
import { certificateError, requestError } from './pem.ts';
import { checkSignerName } from './signerName.ts';

const usages: readonly string[] = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
].toSorted();
const legacySigner = 'kubernetes.io/legacy-unknown';
const minSeconds = 600;
const field = 'status.conditions';

export const conditionsOf = (csr: any, type?: string): any[] =>
  (csr.status?.conditions ?? []).filter((c: any) => type === undefined || c.type === type);
const has = (csr: any, type: string): boolean => conditionsOf(csr, type).length > 0;
const repeats = (list: readonly string[]): boolean => new Set(list).size < list.length;

/** What the stored one breaks already. */
function leaveOf(old: any | undefined, now: any) {
  const conditions = old ? conditionsOf(old).map((c) => c.type ?? '') : [];
  const used: string[] = old?.spec.usages ?? [];
  return {
    both: old && has(old, 'Approved') && has(old, 'Denied'),
    legacySigner: old?.spec.signerName === legacySigner,
    repeatedConditions: repeats(conditions),
    emptyConditions: conditions.includes(''),
    certificate:
      old && (old.status?.certificate === now.status?.certificate || certificateError(old.status?.certificate)),
    repeatedUsages: repeats(used),
    unknownUsages: used.some((usage) => !usages.includes(usage)),
  };
}
type Leave = ReturnType<typeof leaveOf>;

function checkUsages(errors: FieldError[], used: string[], leave: Leave): void {
  if (!used.length) errors.push(required('spec.usages'));
  if (!leave.unknownUsages)
    used.forEach((usage, i) => {
      if (!usages.includes(usage)) errors.push(notSupported(`spec.usages[${i}]`, usage, usages));
    });
  if (!leave.repeatedUsages) checkUnique(errors, used, (i) => `spec.usages[${i}]`);
}

const decided = ['Approved', 'Denied', 'Failed'];

function checkConditions(errors: FieldError[], csr: any, leave: Leave): void {
  const seen = new Set<string>();
  conditionsOf(csr).forEach(({ type = '', status = '' }, i) => {
    if (!type && !leave.emptyConditions) errors.push(required(`${field}[${i}].type`));
    const allowed = decided.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (!status) errors.push(required(`${field}[${i}].status`));
    else if (!allowed.includes(status)) errors.push(notSupported(`${field}[${i}].status`, status, allowed));
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (!leave.both && opposite && seen.has(opposite))
      errors.push(invalidValue(field, type, 'Approved and Denied conditions are mutually exclusive'));
    if (seen.has(type) && !leave.repeatedConditions) errors.push(duplicate(`${field}[${i}].type`, type));
    seen.add(type);
  });
}

function check(csr: any, leave: Leave): FieldError[] {
  const errors: FieldError[] = [];
  const { request = '', usages: used = [], signerName, expirationSeconds: seconds } = csr.spec;
  const wrong = requestError(request);
  if (wrong) errors.push(invalidValue('spec.request', request, wrong));
  checkUsages(errors, used, leave);
  if (signerName === legacySigner && !leave.legacySigner)
    errors.push(
      invalidValue('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'),
    );
  else checkSignerName(errors, 'spec.signerName', signerName);
  if (seconds < minSeconds)
    errors.push(
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 600 seconds (10 minutes)'),
    );
  checkConditions(errors, csr, leave);
  const bad = leave.certificate ? undefined : certificateError(csr.status?.certificate);
  if (bad) errors.push(invalidValue('status.certificate', '<certificate data>', bad));
  return errors;
}

export const validateCreate = (csr: any): FieldError[] => check(csr, leaveOf(undefined, csr));

function checkDecisions(errors: FieldError[], csr: any, old: any): void {
  for (const type of ['Approved', 'Denied']) {
    const [before, after] = [conditionsOf(old, type), conditionsOf(csr, type)];
    if (after.length > before.length)
      errors.push(forbiddenField(field, `updates may not add a condition of type "${type}"`));
    else if (after.length === before.length && !semanticEqual(before, after)) {
      const diff = diffLines(before, after).join('\n');
      errors.push(forbiddenField(field, `updates may not modify a condition of type "${type}"\n${diff}`));
    }
  }
}

/** `may`: whether this write decides (approval), or brings the certificate (status). */
export function checkUpdate(csr: any, old: any, may: { decide?: boolean; issue?: boolean } = {}): FieldError[] {
  const errors = check(csr, leaveOf(old, csr));
  for (const type of decided)
    if (conditionsOf(csr, type).length < conditionsOf(old, type).length)
      errors.push(forbiddenField(field, `updates may not remove a condition of type "${type}"`));
  if (!may.decide) checkDecisions(errors, csr, old);
  const before = old.status?.certificate ?? '';
  if ((csr.status?.certificate ?? '') === before) return errors;
  if (!may.issue) errors.push(forbiddenField('status.certificate', 'updates may not set certificate content'));
  else if (before)
    errors.push(forbiddenField('status.certificate', 'updates may not modify existing certificate content'));
  return errors;
}
