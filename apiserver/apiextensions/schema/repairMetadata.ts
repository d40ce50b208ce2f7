// metadata of resources embedded in stored custom resources, made readable: fields that ObjectMeta does not have or that have another type go.
// Reads: a SchemaTree. Writes: the object, in place. What was stored may be older than the schema that says that it holds resources.
// Mirrors: Coerce with dropInvalidFields (apiextensions-apiserver/pkg/apiserver/schema/objectmeta).
// Called by ../serving/versionForms.ts on reading; objectMeta.ts refuses the same in requests.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { DecodeError, decode } from '../../decode.ts';
import { isObject } from './jsonSchema.ts';
import { objectMetaNode } from './objectMeta.ts';
import type { SchemaTree } from './schemaTree.ts';

/** True when it changed something. */
export function repairMetadata(value: unknown, tree: SchemaTree): boolean {
  let changed = false;
  if (tree.embedded && isObject(value)) changed = repairResource(value);
  if (!tree.below.embedded) return changed;
  if (Array.isArray(value)) {
    for (const item of value) if (tree.items && repairMetadata(item, tree.items)) changed = true;
  } else if (isObject(value))
    for (const key in value) {
      const inner = tree.properties?.get(key) ?? tree.values;
      if (inner && repairMetadata(value[key], inner)) changed = true;
    }
  return changed;
}

function repairResource(resource: Record<string, unknown>): boolean {
  let changed = false;
  for (const name of ['apiVersion', 'kind'])
    if (resource[name] !== undefined && typeof resource[name] !== 'string') {
      delete resource[name];
      changed = true;
    }
  const { metadata } = resource;
  if (!isObject(metadata)) return changed;
  const repaired: Record<string, unknown> = {};
  for (const key in metadata) Object.assign(repaired, readable(key, structuredClone(metadata[key])));
  resource['metadata'] = repaired;
  return changed || !deepEqual(repaired, metadata);
}

/** The field alone as ObjectMeta has it; nothing where it cannot be read. */
function readable(key: string, value: unknown): object {
  try {
    return decode({ [key]: value }, objectMetaNode()).object as object;
  } catch (error) {
    if (error instanceof DecodeError) return {};
    throw error;
  }
}
