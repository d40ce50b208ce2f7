// The names of devices, pools, drivers, attributes, and of what was allocated.
// Mirrors: the name checks of pkg/apis/resource/validation/validation.go. Called by: the rules of this folder.
import { type FieldError, invalidValue, required, tooLong } from '../../../apimachinery/fieldErrors.ts';
import {
  byteLength,
  isCIdentifier,
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
} from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';
import { checkDriverName } from '../pod/volumes.ts';

const longestPool = 253;
export const longestDomain = 63;
export const longestId = 32;
export const longestKey = longestDomain + 1 + longestId;

/** Of a device, a request, a counter. */
export const checkLabel = (errors: FieldError[], field: string, name = ''): void =>
  pushTexts(errors, field, name, isDNS1123Label(name));

export const checkLabelKey = (errors: FieldError[], field: string, name = ''): void =>
  pushTexts(errors, field, name, isQualifiedName(name));

export function checkRequiredLabel(errors: FieldError[], field: string, name: string | undefined): void {
  if (name) checkLabel(errors, field, name);
  else errors.push(required(field));
}

export function checkClassName(errors: FieldError[], field: string, name: string | undefined): void {
  if (name) pushTexts(errors, field, name, isDNS1123Subdomain(name));
  else errors.push(required(field));
}

/** Subdomains with slashes between them. */
export function checkPoolName(errors: FieldError[], field: string, name: string | undefined): void {
  if (!name) return void errors.push(required(field));
  if (byteLength(name) > longestPool) errors.push(tooLong(field, longestPool));
  for (const part of name.split('/')) pushTexts(errors, field, part, isDNS1123Subdomain(part));
}

function checkIdentifier(errors: FieldError[], field: string, id: string): void {
  if (byteLength(id) > longestId) errors.push(tooLong(field, longestId));
  pushTexts(errors, field, id, isCIdentifier(id));
}

/** `model` or `gpu.example.com/model`; one of more parts passes, as upstream lets it. */
export function checkQualifiedName(errors: FieldError[], field: string, name: string): void {
  const [first = '', second, ...more] = name.split('/');
  if (more.length) return;
  if (second === undefined) {
    checkIdentifier(errors, field, first);
    return;
  }
  if (first) checkDriverName(errors, field, first);
  else errors.push(invalidValue(field, '', 'the domain must not be empty'));
  if (second) checkIdentifier(errors, field, second);
  else errors.push(invalidValue(field, '', 'the name must not be empty'));
}

export function checkFullyQualifiedName(errors: FieldError[], field: string, name: string): void {
  checkQualifiedName(errors, field, name);
  if (!name.includes('/'))
    errors.push(invalidValue(field, name, 'a fully qualified name must be a domain and a name separated by a slash'));
}

const hex = '[0-9a-fA-F]';
const plainUid = new RegExp(`^${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}$`);
const normalText =
  'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';

/** Why Go's parser takes this for no UUID; it takes forms that are then refused as not normal. */
function uidError(uid: string): string | undefined {
  const bare = uid.replace(/^urn:uuid:/i, '').replace(/^{(.*)}$/, '$1');
  if (/^urn:uuid:/i.test(uid) && uid.length !== 45) return `invalid UUID length: ${uid.length}`;
  if (![32, 36, 38, 45].includes(uid.length)) return `invalid UUID length: ${uid.length}`;
  const known = uid.length === 32 ? new RegExp(`^${hex}{32}$`).test(uid) : plainUid.test(bare);
  return known ? undefined : 'invalid UUID format';
}

export function checkUid(errors: FieldError[], field: string, uid: string): void {
  const wrong = uidError(uid);
  if (wrong) errors.push(invalidValue(field, uid, `error validating uid: ${wrong}`));
  else if (uid.length !== 36 || uid !== uid.toLowerCase()) errors.push(invalidValue(field, uid, normalText));
}
