// The difference between two objects as field paths: what was added or changed, and what is gone.
// Reads: two values of one SchemaNode, in one walk. Writes: Fields; nothing at all where the values are equal.
// Mirrors: structured-merge-diff's typed/compare.go. Next: managedFieldsForUpdate.ts and applyPatch.ts give the fields to managers.
import { deepEqual } from '../deepEqual.ts';
import { rememberedBy } from '../remembered.ts';
import type { ListNode, SchemaNode } from '../schema.ts';
import { keptSorted } from './fieldPaths.ts';
import { type Fields, type FieldsDraft, leaf, noFields, union } from './fields.ts';
import { everyField, type Skip, withoutMetadata } from './fieldsOf.ts';
import { elementOf, TypedError } from './listElements.ts';
import { entryElement, entryNode, isObject, type JSONObject, shapeOf, zerosOf } from './shapes.ts';

/** `changed` is new or different, `removed` is gone. Absent means none. */
export interface Change {
  changed?: Fields;
  removed?: Fields;
}

const leafChanged: Change = { changed: leaf };

/** Gathers the changes of a container's entries. */
class Gathered {
  changed: FieldsDraft | undefined;
  removed: FieldsDraft | undefined;

  add(element: string, change: Change | undefined): void {
    if (!change) return;
    if (change.changed) {
      this.changed ??= {};
      this.changed[element] = change.changed;
    }
    if (change.removed) {
      this.removed ??= {};
      this.removed[element] = change.removed;
    }
  }

  get change(): Change | undefined {
    return this.changed || this.removed ? { changed: this.changed, removed: this.removed } : undefined;
  }
}

const noEntries: JSONObject = Object.freeze({});

/** A field that was not there; `zero` is what Go takes it for then, if anything. */
function compareWithNothing(zero: unknown, now: unknown, node: SchemaNode, skip?: Skip): Change | undefined {
  if (zero === undefined) return { changed: everyField(now, node, skip) };
  return zero === now ? undefined : compareValues(zero, now, node, skip);
}

/** Characters of JSON, of each node. */
const mostText = 500_000;
const changesOf = rememberedBy<SchemaNode, Change>(mostText);
const noChange: Change = {};

/**
 * The same for the members of a whole object, remembered by their JSON: objects that are made from one template have the same spec.
 * With `skip` it is about metadata, which no two objects have in common.
 */
function compareMember(zero: unknown, now: unknown, node: SchemaNode, skip?: Skip): Change | undefined {
  if (skip || typeof now !== 'object' || now === null) return compareWithNothing(zero, now, node, skip);
  const changes = changesOf(node);
  const text = JSON.stringify(now);
  const known = changes.get(text);
  if (known) return known;
  const change = compareWithNothing(zero, now, node) ?? noChange;
  if (change.changed) change.changed = keptSorted(change.changed);
  changes.set(text, change);
  return change;
}

function compareMaps(
  old: JSONObject,
  now: JSONObject,
  node: SchemaNode,
  skip: Skip | undefined,
  asNew = compareWithNothing,
): Change | undefined {
  const found = new Gathered();
  const zeros = zerosOf(node);
  for (const key in now) {
    const after = now[key];
    const child = entryNode(node, key);
    const skipped = skip?.get(key);
    if (after === undefined || !child || skipped === true) continue;
    const before = old[key];
    if (before === after) continue;
    if (before === undefined && !Object.hasOwn(old, key))
      found.add(entryElement(node, key), asNew(zeros.get(key), after, child, skipped));
    // Most of an object is what it was, which is quicker seen without its schema.
    else if (child.type !== 'struct' || skipped || !deepEqual(before, after))
      found.add(entryElement(node, key), compareValues(before ?? null, after, child, skipped));
  }
  for (const key in old) {
    const before = old[key];
    const child = entryNode(node, key);
    const skipped = skip?.get(key);
    if (before === undefined || now[key] !== undefined || !child || skipped === true) continue;
    const after = zeros.get(key);
    if (after === undefined) found.add(entryElement(node, key), { removed: everyField(before, child, skipped) });
    else found.add(entryElement(node, key), compareValues(before, after, child, skipped));
  }
  return found.change;
}

type Items = Map<string, unknown[]>;
function itemsOf(list: readonly unknown[], node: ListNode): Items {
  const items: Items = new Map();
  for (const item of list) {
    const element = elementOf(node, item);
    const same = items.get(element);
    if (same) same.push(item);
    else items.set(element, [item]);
  }
  return items;
}

const none: readonly unknown[] = [];

/** One element of a list. Where it stands several times, those items count as one leaf. */
function compareItems(before: readonly unknown[], after: readonly unknown[], node: SchemaNode): Change | undefined {
  if (before.length <= 1 && after.length <= 1) {
    if (!before.length) return { changed: everyField(after[0], node) };
    if (!after.length) return { removed: everyField(before[0], node) };
    return before[0] === after[0] ? undefined : compareValues(before[0], after[0], node);
  }
  if (before.length >= 2 && after.length >= 2) return deepEqual(before, after) ? undefined : leafChanged;
  if (before.length >= 2) return { removed: leaf, changed: after.length ? everyField(after[0], node) : undefined };
  return { changed: leaf, removed: before.length ? everyField(before[0], node) : undefined };
}

function compareLists(old: readonly unknown[], now: readonly unknown[], node: ListNode): Change | undefined {
  // Most lists are not changed by a write; that is quicker to see than what their elements are.
  if (deepEqual(old, now)) return undefined;
  const found = new Gathered();
  const before = itemsOf(old, node);
  const after = itemsOf(now, node);
  for (const [element, items] of after)
    found.add(element, compareItems(before.get(element) ?? none, items, node.items));
  for (const [element, items] of before)
    if (!after.has(element)) found.add(element, compareItems(items, none, node.items));
  return found.change;
}

const isFilled = (v: unknown): boolean => {
  if (Array.isArray(v)) return v.length > 0;
  for (const _ in v as object) return true;
  return false;
};

/** What is no list where the schema has one is for validation to refuse. */
function listOf(value: unknown): readonly unknown[] {
  if (value !== null && !Array.isArray(value)) throw new TypedError('expected list');
  return value ?? none;
}

/** Two values that are there; null counts as an empty map or list. */
function compareValues(old: unknown, now: unknown, node: SchemaNode, skip?: Skip): Change | undefined {
  const before = shapeOf(node, old);
  const after = shapeOf(node, now);
  if (before !== after && old !== null && now !== null) return compareShapes(old, now, node, skip);
  const shape = now === null ? before : after;
  if (shape === 'leaf' || (!isFilled(old) && !isFilled(now) && !zerosOf(node).size)) {
    return deepEqual(old, now) ? undefined : leafChanged;
  }
  if (shape === 'map')
    return compareMaps((old ?? noEntries) as JSONObject, (now ?? noEntries) as JSONObject, node, skip);
  return compareLists(listOf(old), listOf(now), node as ListNode);
}

/** Without a schema a map can become a scalar or a list: its entries are gone, and the field itself has changed. */
function compareShapes(old: unknown, now: unknown, node: SchemaNode, skip?: Skip): Change | undefined {
  const empty = noEntries;
  const parts = isObject(old) ? compareMaps(old, empty, node, skip) : compareMaps(empty, now as JSONObject, node, skip);
  return {
    changed: union(parts?.changed ?? noFields, leaf) === noFields ? leaf : { '.': leaf, ...parts?.changed },
    removed: parts?.removed,
  };
}

/** The paths that differ between two objects. Throws TypedError when a list's items have no keys. */
export function compareObjects(old: JSONObject, now: JSONObject, node: SchemaNode, skip?: Skip): Required<Change> {
  const change = compareMaps(old, now, node, skip, compareMember);
  return { changed: withoutMetadata(change?.changed ?? noFields), removed: change?.removed ?? noFields };
}
