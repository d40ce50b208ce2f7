// Takes fields out of an object that its schema does not specify.
// Reads: a SchemaTree. Writes: the object, in place. Mirrors: apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go.
// Called when bodies are decoded and when stored objects are read; next: objectMeta.ts, which does the same for metadata.
import { isObject } from './jsonSchema.ts';
import type { SchemaTree } from './schemaTree.ts';

type Path = (string | number)[];

/** What an object keeps besides its schema's fields when it is a resource, the root or an embedded one. */
const ofEveryResource = new Set(['apiVersion', 'kind', 'metadata']);

/** `unknown` gets the path of each field taken out: `spec.items[0].foo`. True: something was. */
export function prune(object: unknown, tree: SchemaTree, unknown?: string[]): boolean {
  const path: Path = [];
  return pruneValue(object, tree, true, path, unknown);
}

/** A default of a schema, pruned by it; `asResource` when it is an embedded one. */
export const pruneDefault = (value: unknown, tree: SchemaTree): boolean =>
  pruneValue(value, tree, tree.embedded, [], undefined);

function pruneValue(
  value: unknown,
  tree: SchemaTree | undefined,
  resource: boolean,
  path: Path,
  unknown: string[] | undefined,
): boolean {
  if (Array.isArray(value)) return pruneList(value, tree, path, unknown);
  if (isObject(value)) return pruneMap(value, tree, resource, path, unknown);
  return false;
}

function pruneList(list: unknown[], tree: SchemaTree | undefined, path: Path, unknown: string[] | undefined): boolean {
  if (!tree?.items) return false;
  let changed = false;
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (typeof item !== 'object' || item === null) continue;
    path.push(i);
    if (pruneValue(item, tree.items, tree.items.embedded, path, unknown)) changed = true;
    path.pop();
  }
  return changed;
}

function pruneMap(
  map: Record<string, unknown>,
  tree: SchemaTree | undefined,
  resource: boolean,
  path: Path,
  unknown: string[] | undefined,
): boolean {
  if (!tree || (tree.preserve && !tree.properties && !tree.values)) return false;
  let changed = false;
  for (const key in map) {
    if (resource && ofEveryResource.has(key)) continue;
    const inner = tree.properties?.get(key) ?? (tree.additional !== undefined ? tree.values : undefined);
    const known = inner !== undefined || tree.preserve || tree.additional === true;
    if (!known) {
      unknown?.push(printPath(path, key));
      delete map[key];
      changed = true;
      continue;
    }
    const value = map[key];
    if (inner === undefined || typeof value !== 'object' || value === null) continue;
    path.push(key);
    if (pruneValue(value, inner, inner.embedded, path, unknown)) changed = true;
    path.pop();
  }
  return changed;
}

function printPath(path: Path, last: string): string {
  let text = '';
  for (const p of [...path, last]) text += typeof p === 'number' ? `[${p}]` : text ? `.${p}` : p;
  return text;
}
