// Rules that classes of storage share: who serves them, and the parameters that are handed to it.
// Mirrors: validateProvisioner and validateParameters in pkg/apis/storage/validation/validation.go.
// Used by: ../storageClass.ts and ../volumeAttributesClass.ts.
import { type FieldError, forbiddenField, invalidValue, required, tooLong } from '../../../apimachinery/fieldErrors.ts';
import { byteLength, isQualifiedName } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';
import { semanticEqual } from '../equal.ts';

const maxCount = 512;
const maxSize = 256 * 1024;

export function checkProvisioner(errors: FieldError[], field: string, name: string | undefined): void {
  if (!name) errors.push(required(field));
  else pushTexts(errors, field, name.toLowerCase(), isQualifiedName(name.toLowerCase()));
}

export function checkParameters(errors: FieldError[], parameters: Record<string, string> = {}): void {
  const entries = Object.entries(parameters);
  if (entries.length > maxCount) return void errors.push(tooLong('parameters', maxCount));
  if ('' in parameters) errors.push(invalidValue('parameters', '', 'field can not be empty.'));
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (size > maxSize) errors.push(tooLong('parameters', maxSize));
}

/** Refuses updates of these fields. */
export const keptFields = (object: any, old: any, fields: readonly string[]): FieldError[] =>
  fields
    .filter((field) => !semanticEqual(object[field], old[field], field))
    .map((field) => forbiddenField(field, `updates to ${field} are forbidden.`));
