// Is an object as pruning and defaulting would leave it? Nearly all that are stored are: they are read without a copy.
// Reads: a SchemaTree; changes nothing. Must say no wherever prune.ts or defaulting.ts would change something.
// Called by ../serving/versionForms.ts for each stored object that is shown.
import type { SchemaTree } from './schemaTree.ts';

/** `preservesAll`: unknown fields are no reason. */
export const isComplete = (object: Record<string, unknown>, tree: SchemaTree, preservesAll: boolean): boolean =>
  mapIsComplete(object, tree, true, preservesAll);

function valueIsComplete(value: unknown, tree: SchemaTree, preservesAll: boolean): boolean {
  if (typeof value !== 'object') return true;
  if (value === null) return tree.nullable;
  if (!Array.isArray(value)) return mapIsComplete(value as Record<string, unknown>, tree, tree.embedded, preservesAll);
  const { items } = tree;
  if (!items) return true;
  for (const item of value) {
    // Lists keep nulls that have no default.
    if (item === null ? !items.nullable && items.hasDefault : !valueIsComplete(item, items, preservesAll)) return false;
  }
  return true;
}

function mapIsComplete(
  map: Record<string, unknown>,
  tree: SchemaTree,
  resource: boolean,
  preservesAll: boolean,
): boolean {
  for (const name of tree.defaulted) if (!Object.hasOwn(map, name)) return false;
  const { properties, values } = tree;
  for (const key in map) {
    const inner = properties?.get(key) ?? values;
    // Of these nothing is pruned, but defaults may be filled in.
    const meta = resource && isMetaField(key);
    if (inner) {
      if (!valueIsComplete(map[key], inner, preservesAll || meta)) return false;
    } else if (!preservesAll && !tree.preserve && tree.additional !== true && !meta) return false;
  }
  return true;
}

const isMetaField = (key: string) => key === 'metadata' || key === 'apiVersion' || key === 'kind';
