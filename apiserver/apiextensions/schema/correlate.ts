// Which part of an old object a part of the new one comes from: entries by key, items of map lists by their keys, others not at all.
// Mirrors: apiserver/pkg/cel/common/equality.go (CorrelatedObject). Pure.
// Used by: schemaErrors.ts and ../rules/, which pass over what did not change.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { isObject } from './jsonSchema.ts';
import type { SchemaTree } from './schemaTree.ts';

/** The old value of a map's entry; undefined when there is none that can be compared. */
export function correlatedEntry(old: unknown, key: string, tree: SchemaTree): unknown {
  if (!isObject(old) || tree.mapAtomic || !Object.hasOwn(old, key)) return undefined;
  return old[key];
}

/** A look-up of an item's old self; undefined for lists whose items have no identity. */
export function itemIndex(old: unknown, tree: SchemaTree): ((item: unknown) => unknown) | undefined {
  if (!Array.isArray(old) || tree.listType !== 'map') return undefined;
  const byKey = new Map<string, unknown>();
  for (const item of old) {
    const key = itemKey(item, tree);
    // The first one counts where keys stand twice.
    if (key !== undefined && !byKey.has(key)) byKey.set(key, item);
  }
  return (item) => {
    const key = itemKey(item, tree);
    return key === undefined ? undefined : byKey.get(key);
  };
}

/** Is the value what it was? Items of map lists may stand in another order. */
export function isUnchanged(value: unknown, old: unknown, tree: SchemaTree): boolean {
  if (deepEqual(value, old)) return true;
  if (Array.isArray(value)) return Array.isArray(old) && hasSameItems(value, old, tree);
  if (!isObject(value) || !isObject(old)) return false;
  const keys = Object.keys(value);
  if (keys.length !== Object.keys(old).length) return false;
  return keys.every((key) => {
    const inner = tree.properties?.get(key) ?? tree.values;
    if (!Object.hasOwn(old, key)) return false;
    return inner ? isUnchanged(value[key], old[key], inner) : deepEqual(value[key], old[key]);
  });
}

function hasSameItems(list: unknown[], old: unknown[], tree: SchemaTree): boolean {
  const { items } = tree;
  const oldItem = itemIndex(old, tree);
  if (!items || !oldItem || list.length !== old.length) return false;
  return list.every((item) => {
    const before = oldItem(item);
    return before !== undefined && isUnchanged(item, before, items);
  });
}

/** What tells an item of a map list from others; absent keys count with their defaults. */
export function itemKey(item: unknown, tree: SchemaTree): string | undefined {
  if (!isObject(item)) return undefined;
  const parts = tree.mapKeys.map((key) => {
    const value = item[key] ?? tree.items?.properties?.get(key)?.raw.default ?? null;
    return typeof value === 'bigint' ? `${value}` : JSON.stringify(value);
  });
  return parts.join('\u0000');
}
