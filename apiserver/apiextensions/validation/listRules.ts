// Rules of x-kubernetes-map-type, -list-type and -list-map-keys.
// Mirrors: their part of ValidateCustomResourceDefinitionOpenAPISchema, and validateMapListKeysMapSet. Called by schemaRules.ts.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { itemsOf, type JSONSchema } from '../schema/jsonSchema.ts';

export interface ListRuleOptions {
  requireAtomicSets: boolean;
  requireMapKeys: boolean;
}

export function listRuleErrors(s: JSONSchema, path: string, options: ListRuleOptions): FieldError[] {
  const errors: FieldError[] = [];
  const mapType = s['x-kubernetes-map-type'];
  const listType = s['x-kubernetes-list-type'];
  if (mapType !== undefined) needType(errors, s, 'object', 'x-kubernetes-map-type', path);
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular')
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  if (listType !== undefined && s.type !== 'array') needType(errors, s, 'array', 'x-kubernetes-list-type', path);
  else if (options.requireAtomicSets && listType === 'set') checkSetItems(errors, itemsOf(s), path);
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType))
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  if (s['x-kubernetes-list-map-keys']?.length && listType !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const at = `${path}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(at, text) : invalidValue(at, listType, text));
  }
  if (listType === 'map') checkMapList(errors, s, path);
  if (options.requireMapKeys) errors.push(...mapKeyErrors(s, path));
  return errors;
}

function needType(errors: FieldError[], s: JSONSchema, type: string, because: string, path: string): void {
  if (s.type === type) return;
  const text = `must be ${type} if ${because} is specified`;
  errors.push(s.type ? invalidValue(`${path}.type`, s.type, text) : required(`${path}.type`, text));
}

function checkSetItems(errors: FieldError[], items: JSONSchema | undefined, path: string): void {
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items?.['x-kubernetes-list-type'];
  if (items?.type === 'array' && listType !== undefined && listType !== 'atomic')
    errors.push(invalidValue(`${path}.items.x-kubernetes-list-type`, listType, text));
  if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    errors.push(invalidValue(`${path}.items.x-kubernetes-map-type`, listType ?? null, text));
}

function checkMapList(errors: FieldError[], s: JSONSchema, path: string): void {
  const keys = s['x-kubernetes-list-map-keys'] ?? [];
  const at = `${path}.x-kubernetes-list-map-keys`;
  if (!keys.length) errors.push(required(at, 'must not be empty if x-kubernetes-list-type is map'));
  if (!s.items) errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  const items = itemsOf(s);
  if (s.items && !items)
    errors.push(
      invalidValue(`${path}.items`, s.items, 'must only have a single schema if x-kubernetes-list-type is map'),
    );
  if (!items) return;
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalidValue(`${path}.items.type`, items.type ?? '', text));
    return;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = items.properties?.[key];
    if (!property) errors.push(invalidValue(at, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalidValue(`${path}.items.properties[${key}].type`, items.type, text));
    }
    if (seen.has(key)) errors.push(invalidValue(at, keys, 'must not contain duplicate entries'));
    seen.add(key);
  }
}

/** Items of sets and maps are never null, and the keys of maps always there. */
export function mapKeyErrors(s: JSONSchema, path: string): FieldError[] {
  const items = itemsOf(s);
  const listType = s['x-kubernetes-list-type'];
  if (!items || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldError[] = [];
  if (items.nullable)
    errors.push(
      forbiddenField(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  if (listType === 'set') return errors;
  for (const key of s['x-kubernetes-list-map-keys'] ?? []) {
    const property = items.properties?.[key];
    if (!property) continue;
    const at = `${path}.items.properties[${key}]`;
    const why = 'this property is in x-kubernetes-list-map-keys, so it';
    if (!items.required?.includes(key) && (property.default === undefined || property.default === null))
      errors.push(required(`${at}.default`, `${why} must have a default or be a required property`));
    if (property.nullable) errors.push(forbiddenField(`${at}.nullable`, `${why} cannot be nullable`));
  }
  return errors;
}
