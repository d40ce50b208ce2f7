// The rules of metadata that hold for every kind, with upstream's texts.
// Reads: metadata of a new object, or of old and new. Writes: FieldErrors. Never changes its input.
// Mirrors: apimachinery/pkg/api/validation/objectmeta.go, meta/v1/validation. Next: the kind's own rules; status.ts makes a 422 of them.
import { deepEqual } from './deepEqual.ts';
import { type FieldError, forbiddenField, immutable, invalidValue, path, required, tooLong } from './fieldErrors.ts';
import { goQuote, isPrintable } from './goQuote.ts';
import { validateLabels } from './labelSelector.ts';
import { byteLength, isQualifiedName, nameIsDNSLabel, nameIsDNSSubdomain, type ValidateName } from './names.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from './types.ts';

type Meta = Partial<ObjectMeta>;
/** Keys and values together: 256 KiB. */
export const annotationsLimit = 256 * 1024;

export function validateAnnotations(annotations: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const key in annotations) {
    for (const m of isQualifiedName(key.toLowerCase())) errors.push(invalidValue(field, key, m));
    size += byteLength(key) + byteLength(annotations[key]!);
  }
  return size > annotationsLimit ? [...errors, tooLong(field, annotationsLimit)] : errors;
}

/** `apps/v1` has group and version; text with two slashes has neither. */
function groupVersion(apiVersion: string): { group: string; version: string } {
  const parts = apiVersion.split('/');
  if (parts.length === 1) return { group: '', version: parts[0]! };
  return parts.length === 2 ? { group: parts[0]!, version: parts[1]! } : { group: '', version: '' };
}

function ownerErrors(owner: OwnerReference, field: string): FieldError[] {
  const { group, version } = groupVersion(owner.apiVersion ?? '');
  const errors: FieldError[] = [];
  const empty = (name: string, value: string | undefined, text = 'must not be empty') => {
    if (!value) errors.push(invalidValue(path.child(field, name), '', text));
  };
  if (!version) {
    errors.push(invalidValue(path.child(field, 'apiVersion'), owner.apiVersion ?? '', 'version must not be empty'));
  }
  empty('kind', owner.kind);
  empty('name', owner.name);
  empty('uid', owner.uid);
  if (group === '' && version === 'v1' && owner.kind === 'Event') {
    errors.push(invalidValue(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

export function validateOwnerReferences(owners: readonly OwnerReference[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let first = '';
  for (const owner of owners ?? []) {
    errors.push(...ownerErrors(owner, field));
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${name}`;
    if (first) errors.push(invalidValue(field, owners, why));
    else first = name;
  }
  return errors;
}

export function validateFinalizers(finalizers: readonly string[] | undefined, field: string): FieldError[] {
  const list = finalizers ?? [];
  const errors = list.flatMap((f) => isQualifiedName(f).map((m) => invalidValue(field, f, m)));
  if (list.includes('orphan') && list.includes('foregroundDeletion')) {
    errors.push(invalidValue(field, list, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

const printableASCII = /^[ -~]*$/;

/** At most 128 bytes, all printable. */
export function validateFieldManager(manager: string, field: string): FieldError[] {
  const errors = byteLength(manager) > 128 ? [tooLong(field, 128)] : [];
  if (printableASCII.test(manager)) return errors;
  let position = 0;
  for (const char of manager) {
    if (!isPrintable(char)) {
      const code = `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
      errors.push(invalidValue(field, manager, `invalid character ${code} (at position ${position})`));
    }
    position += byteLength(char);
  }
  return errors;
}

function entryErrors(entry: ManagedFieldsEntry, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
    errors.push(invalidValue(path.child(field, 'operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
  }
  if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
    errors.push(invalidValue(path.child(field, 'fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
  }
  errors.push(...validateFieldManager(entry.manager ?? '', path.child(field, 'manager')));
  if (byteLength(entry.subresource ?? '') > 256) errors.push(tooLong(path.child(field, 'subresource'), 256));
  return errors;
}

export const validateManagedFields = (
  entries: readonly ManagedFieldsEntry[] | undefined,
  field: string,
): FieldError[] => (entries ?? []).flatMap((e, i) => entryErrors(e, path.index(field, i)));

function nameErrors(meta: Meta, validateName: ValidateName, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const check = (key: 'generateName' | 'name', value: string) => {
    for (const m of validateName(value, key === 'generateName')) {
      errors.push(invalidValue(path.child(field, key), value, m));
    }
  };
  if (meta.generateName) check('generateName', meta.generateName);
  if (meta.name) check('name', meta.name);
  else errors.push(required(path.child(field, 'name'), 'name or generateName is required'));
  return errors;
}

function namespaceErrors(namespace: string, namespaced: boolean, field: string): FieldError[] {
  if (!namespaced) return namespace ? [forbiddenField(field, 'not allowed on this type')] : [];
  if (!namespace) return [required(field)];
  return nameIsDNSLabel(namespace, false).map((m) => invalidValue(field, namespace, m));
}

export interface ObjectMetaOptions {
  namespaced: boolean;
  /** Absent: a DNS subdomain. */
  validateName?: ValidateName;
  /** Where the metadata lies; `metadata` when absent. */
  path?: string;
}

/** All rules for metadata of an object to be created; its name must have been generated before. */
export function validateObjectMeta(meta: Meta, options: ObjectMetaOptions): FieldError[] {
  const { namespaced, validateName = nameIsDNSSubdomain, path: field = 'metadata' } = options;
  const at = (name: string) => path.child(field, name);
  const negative = (meta.generation ?? 0) < 0;
  return [
    ...nameErrors(meta, validateName, field),
    ...namespaceErrors(meta.namespace ?? '', namespaced, at('namespace')),
    ...(negative ? [invalidValue(at('generation'), meta.generation, 'must be greater than or equal to 0')] : []),
    ...validateLabels(meta.labels, at('labels')),
    ...validateAnnotations(meta.annotations, at('annotations')),
    ...validateOwnerReferences(meta.ownerReferences, at('ownerReferences')),
    ...validateFinalizers(meta.finalizers, at('finalizers')),
    ...validateManagedFields(meta.managedFields, at('managedFields')),
  ];
}

function newFinalizerErrors(now: readonly string[], before: readonly string[], field: string): FieldError[] {
  const extra = [...new Set(now)].filter((f) => !before.includes(f)).sort();
  if (!extra.length) return [];
  const list = `[]string{${extra.map(goQuote).join(', ')}}`;
  const why = 'no new finalizers can be added if the object is being deleted, found new finalizers';
  return [forbiddenField(field, `${why} ${list}`)];
}

/** Absent strings count as empty; absent times and numbers as null. */
const immutableFields = [
  ['name', ''],
  ['namespace', ''],
  ['uid', ''],
  ['creationTimestamp', null],
  ['deletionTimestamp', null],
  ['deletionGracePeriodSeconds', null],
] as const;

/** What an update may not change, and the rules that its new values must keep. */
export function validateObjectMetaUpdate(now: Meta, before: Meta, field = 'metadata'): FieldError[] {
  const at = (name: string) => path.child(field, name);
  const errors: FieldError[] = [];
  if (before.deletionTimestamp) {
    errors.push(...newFinalizerErrors(now.finalizers ?? [], before.finalizers ?? [], at('finalizers')));
  }
  if (!now.resourceVersion) errors.push(invalidValue(at('resourceVersion'), '', 'must be specified for an update'));
  if ((now.generation ?? 0) < (before.generation ?? 0)) {
    errors.push(invalidValue(at('generation'), now.generation ?? 0, 'must not be decremented'));
  }
  for (const [name, absent] of immutableFields) {
    const value = now[name] ?? absent;
    if (!deepEqual(value, before[name] ?? absent)) errors.push(immutable(at(name), value));
  }
  errors.push(...validateLabels(now.labels, at('labels')), ...validateAnnotations(now.annotations, at('annotations')));
  errors.push(...validateOwnerReferences(now.ownerReferences, at('ownerReferences')));
  errors.push(...validateManagedFields(now.managedFields, at('managedFields')));
  return errors;
}
