// Items of set and map lists must be told apart.
// Reads: a SchemaTree. Mirrors: apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go.
// Called by ../serving/validateCustom.ts; an update whose old object broke this already is let pass there.
import { duplicate, type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { itemKey } from './correlate.ts';
import { isObject } from './jsonSchema.ts';
import type { SchemaTree } from './schemaTree.ts';

export function listErrors(value: unknown, tree: SchemaTree, path = ''): FieldError[] {
  const errors: FieldError[] = [];
  walk(value, tree, path, errors);
  return errors;
}

function walk(value: unknown, tree: SchemaTree, path: string, errors: FieldError[]): void {
  if (!tree.below.uniqueLists) return;
  if (Array.isArray(value)) {
    if (tree.listType === 'set') checkSet(value, path, errors);
    if (tree.listType === 'map') checkMapList(value, tree, path, errors);
    if (tree.items?.below.uniqueLists)
      for (const [i, item] of value.entries()) walk(item, tree.items, `${path}[${i}]`, errors);
  } else if (isObject(value))
    for (const key in value) {
      const inner = tree.properties?.get(key);
      if (inner) walk(value[key], inner, path ? `${path}.${key}` : key, errors);
      else if (tree.values) walk(value[key], tree.values, `${path}[${key}]`, errors);
    }
}

/** One error a value that stands more than once, at its second place. */
function checkSet(list: unknown[], path: string, errors: FieldError[]): void {
  const seen = new Map<string, number>();
  list.forEach((item, i) => {
    const key = canonical(item);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    if (count === 2) errors.push(duplicate(`${path}[${i}]`, item));
  });
}

function checkMapList(list: unknown[], tree: SchemaTree, path: string, errors: FieldError[]): void {
  const seen = new Map<string, number>();
  for (const [i, item] of list.entries()) {
    const at = `${path}[${i}]`;
    if (!isObject(item)) {
      errors.push(invalidValue(at, item, 'must be an object for an array of list-type map'));
      continue;
    }
    const key = itemKey(item, tree)!;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    if (count === 2) errors.push(duplicate(at, keysOf(item, tree)));
  }
}

function keysOf(item: Record<string, unknown>, tree: SchemaTree): Record<string, unknown> {
  return Object.fromEntries(tree.mapKeys.filter((key) => key in item).map((key) => [key, item[key]]));
}

/** Text that is equal for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join()}}`;
}
