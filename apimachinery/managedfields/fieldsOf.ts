// The fields of an object: all that it says (a newly added or removed part), and the set that an applied configuration claims.
// Reads: a value and its SchemaNode. Writes: Fields. Mirrors: structured-merge-diff's typed/tofieldset.go and the one-sided half of compare.go.
// Next: compare.ts, for two objects.
import type { ListNode, SchemaNode } from '../schema.ts';
import { type Fields, type FieldsDraft, isEmpty, leaf } from './fields.ts';
import { elementOf } from './listElements.ts';
import {
  entryElement,
  entryNode,
  isNamedField,
  isObject,
  type JSONObject,
  shapeOf,
  type Zeros,
  zerosOf,
} from './shapes.ts';

/** Field names to pass over, a level at a time; `true` is the whole field. */
export type Skip = ReadonlyMap<string, Skip | true>;

/** How a walk marks containers: `everyField` marks each, `claimedFields` those that are entries of maps and lists. */
interface Marking {
  containers: boolean;
}
const every: Marking = { containers: true };
const claimed: Marking = { containers: false };

function mapChildren(
  value: JSONObject,
  node: SchemaNode,
  how: Marking,
  skip: Skip | undefined,
  out: FieldsDraft = {},
): FieldsDraft {
  // In the order that sets are written in, so that they need no sorting later.
  for (const key of namesOf(value, how.containers ? zerosOf(node) : noZeros)) {
    const child = value[key];
    const childNode = entryNode(node, key);
    if (!childNode) continue;
    const fields =
      child === undefined
        ? how.containers && zeroField(node, key, childNode)
        : childField(child, childNode, isNamedField(node, key), how, skip?.get(key));
    if (fields) out[entryElement(node, key)] = fields;
  }
  return out;
}

function childField(
  value: unknown,
  node: SchemaNode,
  named: boolean,
  how: Marking,
  skip: Skip | true | undefined,
): Fields | undefined {
  if (skip === true) return undefined;
  return how.containers ? everyField(value, node, skip) : claimedField(value, node, named, skip);
}

const noZeros: Zeros = new Map();

/** What a value has, and what Go would write besides. */
function namesOf(value: JSONObject, zeros: Zeros): string[] {
  const names = Object.keys(value);
  for (const name of zeros.keys()) if (!(name in value)) names.push(name);
  return names.every((name, i) => i === 0 || names[i - 1]! < name) ? names : names.sort();
}

/** Items by element; an element that stands more than once is only marked. */
function listChildren(value: readonly unknown[], node: ListNode, how: Marking, out: FieldsDraft = {}): FieldsDraft {
  for (const item of value) {
    const element = elementOf(node, item);
    if (out[element]) out[element] = leaf;
    else out[element] = how.containers ? everyField(item, node.items) : withSelf(itemFields(item, node.items));
  }
  return out;
}

const itemFields = (item: unknown, node: SchemaNode): Fields => {
  const shape = shapeOf(node, item);
  return shape === 'map' && isObject(item) ? mapChildren(item, node, claimed, undefined) : leaf;
};

const withSelf = (children: Fields): Fields => (isEmpty(children) ? leaf : { '.': leaf, ...children });

/** A field that nobody set, where Go writes one all the same. */
function zeroField(node: SchemaNode, name: string, child: SchemaNode): Fields | undefined {
  const zero = zerosOf(node).get(name);
  return zero || (zero === null && child.type === 'scalar') ? everyField(zero, child) : undefined;
}

/** All paths of `value`, itself included. What a change that adds or removes the whole value concerns. */
export function everyField(value: unknown, node: SchemaNode, skip?: Skip): Fields {
  const shape = shapeOf(node, value);
  if (shape === 'map' && isObject(value)) {
    const out: FieldsDraft = { '.': leaf };
    mapChildren(value, node, every, skip, out);
    for (const key in out) if (key !== '.') return out;
    return leaf;
  }
  if (shape === 'list' && Array.isArray(value) && value.length) {
    return listChildren(value, node as ListNode, every, { '.': leaf });
  }
  return leaf;
}

/** What a field of an applied configuration claims: its leaves and items; undefined for an empty list, which claims nothing. */
function claimedField(value: unknown, node: SchemaNode, named: boolean, skip?: Skip): Fields | undefined {
  const shape = shapeOf(node, value);
  if (shape === 'leaf' || value === null) return leaf;
  if (shape === 'map') {
    const children = isObject(value) ? mapChildren(value, node, claimed, skip) : leaf;
    if (isEmpty(children)) return isObject(value) && named && !isEmpty(value as never) ? undefined : leaf;
    return named ? children : { '.': leaf, ...children };
  }
  const children = Array.isArray(value) ? listChildren(value, node as ListNode, claimed) : leaf;
  if (isEmpty(children)) return named ? undefined : leaf;
  return named ? children : { '.': leaf, ...children };
}

/** No one owns the metadata as such, only fields of it. */
export function withoutMetadata(fields: Fields): Fields {
  const metadata = fields['f:metadata'];
  if (!metadata || (metadata['.'] === undefined && !isEmpty(metadata))) return fields;
  const { '.': _, ...inner } = metadata;
  if (!isEmpty(inner)) return { ...fields, 'f:metadata': inner };
  const { 'f:metadata': __, ...rest } = fields;
  return rest;
}

/** The set that a manager owns after applying `object`. Throws TypedError. */
export const claimedFields = (object: JSONObject, node: SchemaNode, skip?: Skip): Fields =>
  mapChildren(object, node, claimed, skip);
