// Resources embedded in custom resources must say what they are, and have metadata as every object has.
// Reads: a SchemaTree. Mirrors: apiextensions-apiserver/pkg/apiserver/schema/objectmeta/validation.go.
// Called by ../serving/validateCustom.ts.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { isDNS1035Label, isPathSegmentName } from '../../../apimachinery/names.ts';
import { validateObjectMeta } from '../../../apimachinery/objectMeta.ts';
import { isObject } from './jsonSchema.ts';
import type { SchemaTree } from './schemaTree.ts';

export function embeddedErrors(value: unknown, tree: SchemaTree, path = ''): FieldError[] {
  const errors: FieldError[] = [];
  if (tree.below.embedded) walk(value, tree, path, errors);
  return errors;
}

function walk(value: unknown, tree: SchemaTree, path: string, errors: FieldError[]): void {
  if (!tree.below.embedded) return;
  if (tree.embedded && isObject(value)) checkResource(value, path, errors);
  if (Array.isArray(value)) {
    if (tree.items) for (const [i, item] of value.entries()) walk(item, tree.items, `${path}[${i}]`, errors);
  } else if (isObject(value))
    for (const key in value) {
      const inner = tree.properties?.get(key);
      if (inner) walk(value[key], inner, path ? `${path}.${key}` : key, errors);
      else if (tree.values) walk(value[key], tree.values, `${path}[${key}]`, errors);
    }
}

function checkResource(resource: Record<string, unknown>, path: string, errors: FieldError[]): void {
  const at = (name: string) => (path ? `${path}.${name}` : name);
  const { apiVersion, kind, metadata } = resource;
  if (apiVersion === undefined) errors.push(required(at('apiVersion'), 'must not be empty'));
  else if (typeof apiVersion !== 'string') errors.push(invalidValue(at('apiVersion'), apiVersion, 'must be a string'));
  else if (!apiVersion) errors.push(invalidValue(at('apiVersion'), apiVersion, 'must not be empty'));
  else if (apiVersion.split('/').length > 2)
    errors.push(invalidValue(at('apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  if (kind === undefined) errors.push(required(at('kind'), 'must not be empty'));
  else if (typeof kind !== 'string') errors.push(invalidValue(at('kind'), kind, 'must be a string'));
  else if (!kind) errors.push(invalidValue(at('kind'), kind, 'must not be empty'));
  else {
    const texts = isDNS1035Label(kind.toLowerCase());
    const detail = `may have mixed case, but should otherwise match: ${texts.join(',')}`;
    if (texts.length) errors.push(invalidValue(at('kind'), kind, detail));
  }
  if (isObject(metadata)) errors.push(...metadataErrors(metadata, at('metadata')));
}

/** A name may be missing, and nothing is known of its namespace. */
const metadataErrors = (metadata: any, path: string): FieldError[] =>
  validateObjectMeta(metadata, {
    namespaced: Boolean(metadata.namespace),
    validateName: isPathSegmentName,
    path,
  }).filter((error) => !(error.type === 'FieldValueRequired' && error.field === `${path}.name`));
