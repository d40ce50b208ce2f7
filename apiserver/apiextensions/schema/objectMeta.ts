// metadata of custom resources and of resources embedded in them: made to be an ObjectMeta, whatever the schema says of it.
// Reads: a SchemaTree, the facts of ObjectMeta. Writes: the object, in place; drops and names what ObjectMeta does not have.
// Mirrors: apiextensions-apiserver/pkg/apiserver/schema/objectmeta/coerce.go. Called when bodies are decoded; next: embeddedErrors.ts.
import { deepCopy } from '../../../apimachinery/deepCopy.ts';
import { errorBody, path as fieldPath, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import type { StructNode } from '../../../apimachinery/schema.ts';
import { DecodeError, decode } from '../../decode.ts';
import { builtinSchemas } from '../../openapi/definitions.ts';
import { isObject } from './jsonSchema.ts';
import type { SchemaTree } from './schemaTree.ts';

export const objectMetaNode = () =>
  builtinSchemas.node('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta') as StructNode;

/** Throws a DecodeError where metadata has the wrong shape. `unknown` gets the paths of fields that were dropped. */
export function coerceMetadata(object: Record<string, unknown>, tree: SchemaTree, unknown?: string[]): void {
  coerceResource(object, '', unknown);
  if (tree.below.embedded) coerceBelow(object, tree, '', unknown);
}

function coerceResource(resource: Record<string, unknown>, path: string, unknown?: string[]): void {
  const metadata = resource['metadata'];
  if (metadata === undefined) return;
  if (metadata === null) return void delete resource['metadata'];
  const at = path ? `${path}.metadata` : 'metadata';
  if (!isObject(metadata)) throw refusal(at, metadata, 'must be an object');
  const decoded = path ? decodeEmbedded(metadata, at) : decode(metadata, objectMetaNode());
  for (const name of decoded.unknown) unknown?.push(`${at}.${name}`);
  resource['metadata'] = decoded.object;
}

const refusal = (at: string, value: unknown, why: string) =>
  new DecodeError(`${at}: ${errorBody(invalidValue(at, value, why))}`);

/** Says where in the object it is that cannot be read. */
function decodeEmbedded(metadata: Record<string, unknown>, at: string): ReturnType<typeof decode> {
  const given = deepCopy(metadata);
  try {
    return decode(metadata, objectMetaNode());
  } catch (error) {
    throw error instanceof DecodeError ? refusal(at, given, error.message) : error;
  }
}

function coerceBelow(value: unknown, tree: SchemaTree, path: string, unknown?: string[]): void {
  if (!tree.below.embedded) return;
  if (Array.isArray(value)) {
    if (tree.items) for (const [i, item] of value.entries()) coerceValue(item, tree.items, `${path}[${i}]`, unknown);
  } else if (isObject(value))
    for (const key in value) {
      const property = tree.properties?.get(key);
      if (property) coerceValue(value[key], property, fieldPath.child(path, key), unknown);
      else if (tree.values) coerceValue(value[key], tree.values, fieldPath.key(path, key), unknown);
    }
}

function coerceValue(value: unknown, tree: SchemaTree, path: string, unknown?: string[]): void {
  if (tree.embedded && isObject(value)) {
    for (const name of ['apiVersion', 'kind'])
      if (value[name] !== undefined && typeof value[name] !== 'string')
        throw refusal(`${path}.${name}`, value[name], 'must be a string');
    coerceResource(value, path, unknown);
  }
  coerceBelow(value, tree, path, unknown);
}
