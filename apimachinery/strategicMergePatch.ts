// Strategic merge patch: merges lists by key as the kind's schema says, and obeys the directives $patch, $retainKeys,
// $setElementOrder/x and $deleteFromPrimitiveList/x. The input is left alone.
// Reads: an object, a patch, the kind's SchemaNode. Writes: a new object, or a Status with upstream's text.
// Mirrors: apimachinery/pkg/util/strategicpatch/patch.go. Next: strategicList.ts, which merges and orders lists.
import { goQuote } from './goQuote.ts';
import { refusePrototype } from './mergePatch.ts';
import { anyNode, type FieldNode, type SchemaNode } from './schema.ts';
import { badRequest } from './status.ts';
import {
  added,
  badArgument,
  directive,
  isObject,
  type JSONObject,
  type ListMerging,
  mergeList,
  orderBySetElementOrder,
  patchError,
  unknownPatchType,
} from './strategicList.ts';

const retainKeys = '$retainKeys';
const orderPrefix = '$setElementOrder';
const deletePrefix = '$deleteFromPrimitiveList';

/** How a field merges: its node, and the one strategy that is left beside retainKeys. */
interface Merging {
  node: SchemaNode;
  strategy: string;
  mergeKey: string;
}

function fieldOf(node: SchemaNode, key: string): FieldNode | undefined {
  if (node.type === 'struct') return node.fields.get(key);
  if (node.type === 'map') return { node: node.values, required: false, patchStrategies: [] };
  return { node: anyNode, required: false, patchStrategies: [] };
}

function mergingOf(node: SchemaNode, key: string): Merging {
  const field = fieldOf(node, key);
  if (!field) {
    if (node.type === 'struct' && node.preserveUnknown) return { node: anyNode, strategy: '', mergeKey: '' };
    const name = node.type === 'struct' ? node.name : '';
    throw patchError(`unable to find api field in struct ${name} for the json field ${goQuote(key)}`);
  }
  const strategy = field.patchStrategies.find((s) => s !== 'retainKeys') ?? '';
  return { node: field.node, strategy, mergeKey: field.patchMergeKey ?? '' };
}

function listMergingOf(node: SchemaNode, key: string): ListMerging {
  const { node: list, strategy, mergeKey } = mergingOf(node, key);
  const items = list.type === 'list' ? list.items : anyNode;
  return { strategy, mergeKey, merge: (live, patch) => mergeMaps(live, patch, items) };
}

/** Clears what the list does not name. Throws when the patch sets something that the list does not name. */
function applyRetainKeys(target: JSONObject, patch: JSONObject): void {
  const keys = patch[retainKeys];
  if (!Array.isArray(keys)) throw badRequest('invalid patch format of retainKeys');
  for (const key of Object.keys(patch)) {
    const free =
      key === retainKeys || patch[key] === null || key.startsWith(deletePrefix) || key.startsWith(orderPrefix);
    if (!free && !keys.includes(key)) throw badRequest('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(target)) if (!keys.includes(key)) delete target[key];
}

const afterPrefix = (key: string, problem: string): string => {
  const cut = key.indexOf('/');
  if (cut < 0 || (key.slice(0, cut) !== orderPrefix && key.slice(0, cut) !== deletePrefix)) throw badRequest(problem);
  return key.slice(cut + 1);
};

const listOf = (o: JSONObject, key: string): unknown[] | undefined => {
  const value = o[key];
  if (value !== undefined && !Array.isArray(value)) throw badArgument('[]interface {}', value);
  return value as unknown[] | undefined;
};

/** Merges the list that the order is for, and sorts it. Returns the list's key, which needs no more merging. */
function applyOrder(target: JSONObject, patch: JSONObject, directiveKey: string, node: SchemaNode): string {
  const order = patch[directiveKey];
  if (!Array.isArray(order)) throw badArgument('[]interface {}', order);
  const key = afterPrefix(directiveKey, 'invalid patch format of setElementOrder list');
  refusePrototype(key);
  const live = listOf(target, key);
  const patched = listOf(patch, key);
  const list = orderBySetElementOrder(live, patched, order, listMergingOf(node, key));
  if (list) target[key] = list;
  return key;
}

/** One key of the patch, once the directives for the whole object are done. */
function mergeField(target: JSONObject, key: string, value: unknown, node: SchemaNode): void {
  refusePrototype(key);
  if (value === null) {
    delete target[key];
    return;
  }
  const live = Object.hasOwn(target, key) ? target[key] : undefined;
  let merged: unknown;
  if (isObject(live) && isObject(value)) {
    const how = mergingOf(node, key);
    merged = how.strategy === 'replace' ? value : mergeMaps(live, value, how.node);
  } else if (Array.isArray(live) && Array.isArray(value)) {
    const how = listMergingOf(node, key);
    merged = how.strategy === 'merge' ? mergeList(live, value, how) : value;
  } else merged = added(value);
  if (merged === undefined) delete target[key];
  else target[key] = merged;
}

function deleteFromList(target: JSONObject, directiveKey: string, gone: unknown): void {
  const key = afterPrefix(directiveKey, 'invalid patch format of primitive list');
  refusePrototype(key);
  if (gone === null) delete target[key];
  const live = target[key];
  if (!Array.isArray(live) || !Array.isArray(gone)) return;
  target[key] = live.filter((v) => !gone.includes(v));
}

/** Merges `patch` into a copy of `live`, both objects of `node`. */
function mergeMaps(live: JSONObject, patch: JSONObject, node: SchemaNode): JSONObject {
  if (Object.hasOwn(patch, directive)) {
    const { [directive]: type, ...rest } = patch;
    if (type === 'replace') return rest;
    if (type === 'delete') return {};
    throw unknownPatchType(type, patch);
  }
  const target = { ...live };
  if (Object.hasOwn(patch, retainKeys)) applyRetainKeys(target, patch);
  const done = new Set([retainKeys]);
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    done.add(key).add(applyOrder(target, patch, key, node));
  }
  for (const key of Object.keys(patch)) {
    if (done.has(key)) continue;
    if (key.startsWith(deletePrefix)) deleteFromList(target, key, patch[key]);
    else mergeField(target, key, patch[key], node);
  }
  return target;
}

/** The patched object. Throws a StatusError when the patch is malformed or contradicts itself. */
export function strategicMergePatch<T extends object>(object: T, patch: unknown, node: SchemaNode): T {
  if (!isObject(patch)) {
    const kind = Array.isArray(patch) ? 'array' : typeof patch;
    throw badRequest(`json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
  }
  return mergeMaps(object as JSONObject, patch, node) as T;
}
