// Merging an applied configuration into the live object: maps key by key, lists item by item, all else replaced.
// Reads: two objects and their SchemaNode; changes neither. Writes: an object that shares their parts. Nothing is removed here.
// Mirrors: structured-merge-diff's typed/merge.go. Next: prune.ts removes what the manager no longer applies.
import type { ListNode, SchemaNode } from '../schema.ts';
import { anyNode } from '../schema.ts';
import { elementOf } from './listElements.ts';
import { entryNode, isObject, type JSONObject, shapeOf } from './shapes.ts';

function mergeMaps(live: JSONObject, applied: JSONObject, node: SchemaNode): JSONObject {
  const merged: JSONObject = { ...live };
  for (const key in applied) {
    const mine = applied[key];
    if (mine === undefined) continue;
    const theirs = Object.hasOwn(live, key) ? live[key] : undefined;
    merged[key] = theirs === undefined ? mine : mergeValues(theirs, mine, entryNode(node, key) ?? anyNode);
  }
  return merged;
}

/** Live items by element; one that stands several times is not merged with the applied one. */
function indexOf(list: readonly unknown[], node: ListNode): [elements: string[], items: Map<string, unknown>] {
  const items = new Map<string, unknown>();
  const elements = list.map((item) => {
    const element = elementOf(node, item);
    items.set(element, items.has(element) ? undefined : item);
    return element;
  });
  return [elements, items];
}

/**
 * The applied order wins for items that it names; live items keep their place before the shared item that follows them.
 * A live item that the applied list names is taken when the applied list reaches it.
 */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], node: ListNode): unknown[] {
  const [liveElements, liveItems] = indexOf(live, node);
  const [elements, items] = indexOf(applied, node);
  const shared = elements.filter((e) => liveItems.has(e));
  const out: unknown[] = [];
  const done = new Set<string>();
  let l = 0;
  let a = 0;
  let s = 0;
  const take = (element: string) => {
    const theirs = liveItems.get(element);
    const mine = items.get(element);
    done.add(element);
    out.push(theirs === undefined ? mine : mergeValues(theirs, mine, node.items));
    a++;
  };
  while (l < live.length || a < applied.length) {
    const element = liveElements[l];
    if (l < live.length && a < applied.length) {
      if (element === elements[a]) {
        take(element!);
        l++;
        s++;
        continue;
      }
      if (items.has(element!) && s < shared.length && shared[s] !== element) {
        l++;
        continue;
      }
    }
    if (l < live.length) {
      if (!items.has(element!)) {
        out.push(live[l++]);
        continue;
      }
      if (done.has(element!)) l++;
    }
    if (a < applied.length) {
      const mine = elements[a]!;
      take(mine);
      if (shared[s] === mine) s++;
    }
  }
  return out;
}

function mergeValues(live: unknown, applied: unknown, node: SchemaNode): unknown {
  if (shapeOf(node, live) !== shapeOf(node, applied) && live !== null && applied !== null) return applied;
  const shape = shapeOf(node, applied ?? live);
  if (shape === 'map') {
    if (!isObject(applied)) return isObject(live) && Object.keys(live).length ? live : applied;
    return isObject(live) ? mergeMaps(live, applied, node) : applied;
  }
  if (shape === 'list') {
    if (!Array.isArray(applied)) return Array.isArray(live) && live.length ? live : applied;
    if (!Array.isArray(live) || (!live.length && !applied.length)) return applied;
    return mergeLists(live, applied, node as ListNode);
  }
  return applied;
}

/** The live object with all that the configuration says. Throws TypedError when items have no keys. */
export const mergeApplied = (live: JSONObject, applied: JSONObject, node: SchemaNode): JSONObject =>
  mergeMaps(live, applied, node);
