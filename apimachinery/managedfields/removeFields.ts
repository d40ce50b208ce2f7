// Removing fields and list items from an object by their paths.
// Reads: an object, its SchemaNode, a set. Writes: an object that shares what stayed; a container left empty becomes null.
// Mirrors: structured-merge-diff's typed/remove.go. Next: prune.ts decides what is removed.
import { anyNode, type ListNode, type SchemaNode } from '../schema.ts';
import { childOf, type Fields, has } from './fields.ts';
import { elementOf } from './listElements.ts';
import { entryNode, isObject, type JSONObject, shapeOf, zerosOf } from './shapes.ts';

function fromMap(value: JSONObject, node: SchemaNode, gone: Fields): JSONObject | null {
  const kept: JSONObject = {};
  let any = false;
  for (const key in value) {
    const element = `f:${key}`;
    if (has(gone, element)) continue;
    const below = childOf(gone, element);
    kept[key] = below ? fromValue(value[key], entryNode(node, key) ?? anyNode, below) : value[key];
    any = true;
  }
  return any ? kept : null;
}

function fromList(value: readonly unknown[], node: ListNode, gone: Fields): unknown[] | null {
  const kept: unknown[] = [];
  for (const item of value) {
    const element = elementOf(node, item);
    if (has(gone, element)) continue;
    const below = childOf(gone, element);
    kept.push(below ? fromValue(item, node.items, below) : item);
  }
  return kept.length ? kept : null;
}

function fromValue(value: unknown, node: SchemaNode, gone: Fields): unknown {
  const shape = shapeOf(node, value);
  if (shape === 'map' && isObject(value)) return fromMap(value, node, gone);
  if (shape === 'list' && Array.isArray(value)) return fromList(value, node as ListNode, gone);
  return isObject(value) || Array.isArray(value) ? null : value;
}

/** `object` without the paths in `gone`. */
export const removeFields = (object: JSONObject, node: SchemaNode, gone: Fields): JSONObject =>
  fromMap(object, node, gone) ?? {};

/**
 * The object without the nulls that its structs hold, as decoding into Go's types has it: a struct by value is `{}` again.
 * Entries of free maps and what has no schema keep theirs.
 */
export function withoutNulls(value: unknown, node: SchemaNode): unknown {
  if (Array.isArray(value)) return node.type === 'list' ? value.map((item) => withoutNulls(item, node.items)) : value;
  if (!isObject(value) || node.type === 'any') return value;
  const kept: JSONObject = {};
  for (const key in value) {
    if (value[key] === null && node.type === 'struct') {
      const zero = zerosOf(node).get(key);
      if (zero) kept[key] = zero;
      continue;
    }
    const child = entryNode(node, key);
    kept[key] = child ? withoutNulls(value[key], child) : value[key];
  }
  return kept;
}
