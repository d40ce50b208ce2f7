// ConfigMap: configuration as keys with text or bytes, frozen for good once `immutable` is set.
// Read by the API server's mechanisms. Mirrors: pkg/apis/core/validation (ValidateConfigMap), pkg/registry/core/configmap.
// Next: secret.ts, its sibling.
import { type FieldError, forbiddenField, invalidValue, path, tooLong } from '../../apimachinery/fieldErrors.ts';
import { byteLength, isConfigMapKey } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

/** Bytes that all values together may have, in ConfigMaps and Secrets. */
export const maxDataBytes = 1024 * 1024;
const frozen = 'field is immutable when `immutable` is set';

/** Bytes behind base64 text. */
export const base64Bytes = (text: string): number => Buffer.byteLength(text, 'base64');

function checkBag(errors: FieldError[], object: any, bag: 'data' | 'binaryData', other: 'data' | 'binaryData'): void {
  for (const key of Object.keys(object[bag] ?? {})) {
    const field = path.key(bag, key);
    pushTexts(errors, field, key, isConfigMapKey(key));
    if (object[other] && Object.hasOwn(object[other], key)) {
      errors.push(invalidValue(field, key, `duplicate of key present in ${other}`));
    }
  }
}

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  checkBag(errors, object, 'data', 'binaryData');
  checkBag(errors, object, 'binaryData', 'data');
  const texts = Object.values<string>(object.data ?? {}).reduce((sum, v) => sum + byteLength(v), 0);
  const bytes = Object.values<string>(object.binaryData ?? {}).reduce((sum, v) => sum + base64Bytes(v), 0);
  if (texts + bytes > maxDataBytes) errors.push(tooLong('[]', maxDataBytes));
  return errors;
}

/** What `immutable: true` forbids: to change these fields, or to take the mark back. */
export function frozenErrors(object: any, old: any, fields: readonly string[]): FieldError[] {
  if (!old.immutable) return [];
  const changed = fields.filter((field) => !semanticEqual(object[field], old[field], field));
  return [...(object.immutable ? [] : ['immutable']), ...changed].map((field) => forbiddenField(field, frozen));
}

export const configMap = defineKind({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ConfigMap',
  storage: 'configmaps',
  validate,
  validateUpdate: (object, old) => frozenErrors(object, old, ['data', 'binaryData']),
  columns: [
    nameColumn,
    column('Data', 'Number of keys.', (o) => Object.keys(o.data ?? {}).length + Object.keys(o.binaryData ?? {}).length),
    ageColumn,
  ],
});
