// Fills the schema's defaults in where a field is absent, and takes nulls out that no schema allows.
// Reads: a SchemaTree. Writes: the object, in place. Mirrors: apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go
// and prune.go. Called on every write and on reading what was stored without them; idempotent.
import { deepCopy } from '../../../apimachinery/deepCopy.ts';
import { isObject } from './jsonSchema.ts';
import type { SchemaTree } from './schemaTree.ts';

/** True: something was filled in or taken out. */
export function applyDefaults(value: unknown, tree: SchemaTree | undefined): boolean {
  if (!tree?.below.defaults) return false;
  if (Array.isArray(value)) return defaultItems(value, tree);
  return isObject(value) && defaultMap(value, tree);
}

const misplacedNull = (value: unknown, tree: SchemaTree | undefined) =>
  value === null && tree !== undefined && !tree.nullable;

function defaultItems(list: unknown[], tree: SchemaTree): boolean {
  if (!tree.items) return false;
  let changed = false;
  for (let i = 0; i < list.length; i++) {
    if (misplacedNull(list[i], tree.items) && tree.items.hasDefault) {
      list[i] = deepCopy(tree.items.raw.default);
      changed = true;
    }
    if (applyDefaults(list[i], tree.items)) changed = true;
  }
  return changed;
}

function defaultMap(map: Record<string, unknown>, tree: SchemaTree): boolean {
  let changed = false;
  for (const key of tree.defaulted) {
    const property = tree.properties!.get(key)!;
    if (map[key] !== undefined && Object.hasOwn(map, key) && map[key] !== null) continue;
    if (Object.hasOwn(map, key) && map[key] === null && property.nullable) continue;
    map[key] = deepCopy(property.raw.default);
    changed = true;
  }
  for (const key in map) {
    const inner = tree.properties?.get(key) ?? (tree.properties?.has(key) ? undefined : tree.values);
    if (!inner) continue;
    if (misplacedNull(map[key], inner)) {
      changed = true;
      if (!inner.hasDefault) {
        delete map[key];
        continue;
      }
      map[key] = deepCopy(inner.raw.default);
    }
    if (applyDefaults(map[key], inner)) changed = true;
  }
  return changed;
}
