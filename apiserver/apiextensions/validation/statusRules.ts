// What the status of a CustomResourceDefinition may say: names that are names, and stored versions that are there.
// Mirrors: ValidateCustomResourceDefinitionStatus, …StoredVersions, …Names (apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go).
// Called by validateDefinition.ts and by the status subresource of ../../kinds/customResourceDefinition.ts.
import { type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { isDNS1035Label } from '../../../apimachinery/names.ts';

export const checkDefinitionStatus = (status: any): FieldError[] =>
  namesErrors(status.acceptedNames ?? {}, 'status.acceptedNames');

/** Names that are given must be right; which ones must be given is the spec's matter. */
export function namesErrors(names: any, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const label = (field: string, value: string | undefined) => {
    const texts = value ? isDNS1035Label(value) : [];
    if (texts.length) errors.push(invalidValue(`${path}.${field}`, value, texts.join(',')));
  };
  const mixedCase = (field: string) => {
    const texts = names[field] ? isDNS1035Label(names[field].toLowerCase()) : [];
    const detail = `may have mixed case, but should otherwise match: ${texts.join(',')}`;
    if (texts.length) errors.push(invalidValue(`${path}.${field}`, names[field], detail));
  };
  label('plural', names.plural);
  label('singular', names.singular);
  mixedCase('kind');
  mixedCase('listKind');
  list(errors, names.shortNames, `${path}.shortNames`);
  if (names.kind && names.kind === names.listKind)
    errors.push(invalidValue(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'));
  list(errors, names.categories, `${path}.categories`);
  return errors;
}

function list(errors: FieldError[], values: string[] | undefined, path: string): void {
  values?.forEach((value, i) => {
    const texts = isDNS1035Label(value);
    if (texts.length) errors.push(invalidValue(`${path}[${i}]`, value, texts.join(',')));
  });
}

const goneText = (v: string) =>
  `missing from spec.versions; ${v} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${v} and removes ${v} from status.storedVersions`;

export function checkStoredVersions({ spec, status }: any): FieldError[] {
  const path = 'status.storedVersions';
  const stored: string[] = status?.storedVersions ?? [];
  if (!stored.length) return [invalidValue(path, null, 'must have at least one stored version')];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const version of spec?.versions ?? []) {
    names.add(version.name);
    if (version.storage && !stored.includes(version.name))
      errors.push(invalidValue(path, stored, `must have the storage version ${version.name}`));
  }
  stored.forEach((name, i) => {
    if (!names.has(name)) errors.push(invalidValue(`${path}[${i}]`, name, goneText(name)));
  });
  return errors;
}
