// Lists under strategic merge patch: merging by key or by value, and the order of what comes out:
// $setElementOrder before the patch's order before the live list's order.
// Reads: two lists and how they merge. Writes: a new list. Mirrors: the slice half of strategicpatch/patch.go.
import { goType, goValue } from './goValue.ts';
import { refusePrototype } from './mergePatch.ts';
import { badRequest, StatusError, unprocessable } from './status.ts';

export type JSONObject = Record<string, unknown>;
export const isObject = (v: unknown): v is JSONObject => typeof v === 'object' && v !== null && !Array.isArray(v);
export const directive = '$patch';

/** A patch that cannot be merged is answered with 500 and the bare text, as upstream does. */
export const patchError = (message: string) => new StatusError({ code: 500, reason: '', message });
export const badArgument = (expected: string, actual: unknown) =>
  patchError(`expected a ${expected}, but received a ${goType(actual)}`);
export const unknownPatchType = (type: unknown, patch: JSONObject) =>
  patchError(`unknown patch type: ${goValue(type)} in map: ${goValue(patch)}`);

/** How a list merges: `mergeKey` is empty for lists of scalars, `merge` merges two objects of the list. */
export interface ListMerging {
  strategy: string;
  mergeKey: string;
  merge(live: JSONObject, patch: JSONObject): JSONObject;
}

/** A value that nothing was there for: without nulls in its objects; undefined when it is itself a directive. */
export function added(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(added).filter((v) => v !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  const kept: JSONObject = {};
  for (const key of Object.keys(value)) {
    refusePrototype(key);
    const child = value[key] === null ? undefined : added(value[key]);
    if (child !== undefined) kept[key] = child;
  }
  return kept;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) throw unprocessable();
  return value === null ? 'null' : typeof value;
}

/** Are these lists of objects? Throws when the items are of several types. */
function holdsObjects(...lists: unknown[][]): boolean {
  const kinds = new Set(lists.flat().map(kindOf));
  if (kinds.size > 1) throw patchError(`list element types are not identical: ${goValue(lists)}`);
  return kinds.has('object');
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isObject(item)) throw badArgument('map[string]interface {}', item);
  if (!Object.hasOwn(item, mergeKey)) {
    throw patchError(`map: ${goValue(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return item[mergeKey];
}

/** What identifies an item: its merge key's value, or for scalars itself. */
const identity = (mergeKey: string) => (item: unknown) => (mergeKey === '' ? item : keyOf(item, mergeKey));

/** Where each identity stands first. */
function positions(list: readonly unknown[], of: (item: unknown) => unknown): Map<unknown, number> {
  const found = new Map<unknown, number>();
  list.forEach((item, i) => {
    const id = of(item);
    if (!found.has(id)) found.set(id, i);
  });
  return found;
}

const sortedBy = (items: unknown[], order: Map<unknown, number>, of: (item: unknown) => unknown) =>
  items.toSorted((a, b) => (order.get(of(a)) ?? 0) - (order.get(of(b)) ?? 0));

/** Items that the order names, in its order, woven into the others, which keep the live list's order. */
function ordered(merged: unknown[], order: readonly unknown[], live: readonly unknown[], mergeKey: string): unknown[] {
  const of = identity(mergeKey);
  const wanted = positions(order, of);
  const liveAt = positions(live, of);
  const named = sortedBy(
    merged.filter((v) => wanted.has(of(v))),
    wanted,
    of,
  );
  const others = sortedBy(
    merged.filter((v) => !wanted.has(of(v))),
    liveAt,
    of,
  );
  const result: unknown[] = [];
  let i = 0;
  for (const item of named) {
    const at = liveAt.get(of(item));
    // An item that stood before this one in the live list goes first; one that cannot be compared comes after.
    while (i < others.length && at !== undefined && (liveAt.get(of(others[i])) ?? at) < at) result.push(others[i++]);
    result.push(item);
  }
  return [...result, ...others.slice(i)];
}

/** Takes `$patch` items out of the patch and obeys them: deletes matching live items, or replaces the whole list. */
function applyDirectives(live: unknown[], patch: JSONObject[], mergeKey: string): [unknown[], JSONObject[]] {
  let kept = live;
  let replace = false;
  const plain: JSONObject[] = [];
  for (const item of patch) {
    if (!Object.hasOwn(item, directive)) plain.push(item);
    else if (item[directive] === 'replace') replace = true;
    else if (item[directive] === 'delete') {
      const gone = keyOf(item, mergeKey);
      kept = kept.filter((v) => (v as JSONObject)[mergeKey] !== gone);
    } else if (item[directive] === 'merge') {
      throw patchError('merging lists cannot yet be specified in the patch');
    } else throw unknownPatchType(item[directive], item);
  }
  return replace ? [plain, []] : [kept, plain];
}

function mergeObjects(live: unknown[], patch: JSONObject[], how: ListMerging): unknown[] {
  const merged = [...live];
  for (const item of patch) {
    const id = keyOf(item, how.mergeKey);
    const at = merged.findIndex((v) => (v as JSONObject)[how.mergeKey] === id);
    if (at < 0) merged.push(item);
    else merged[at] = how.merge(merged[at] as JSONObject, item);
  }
  return merged;
}

/** A list with the patch strategy merge: objects by merge key, scalars as a set. */
export function mergeList(live: unknown[], patch: unknown[], how: ListMerging): unknown[] {
  if (!live.length && !patch.length) return live;
  if (!holdsObjects(live, patch)) return ordered([...new Set([...live, ...patch])], patch, live, how.mergeKey);
  if (how.mergeKey === '') throw patchError('cannot merge lists without merge key for struct');
  const [kept, plain] = applyDirectives(live, patch as JSONObject[], how.mergeKey);
  return ordered(mergeObjects(kept, plain, how), plain, kept, how.mergeKey);
}

/** The patch's items must stand in the order list, in that order; those to be deleted need not. */
function checkAgainstOrder(patch: unknown[], order: unknown[], mergeKey: string): void {
  if (!patch.length || !order.length) return;
  const of = identity(mergeKey);
  let at = 0;
  for (const item of patch) {
    if (isObject(item) && Object.hasOwn(item, directive)) continue;
    while (at < order.length && of(order[at]) !== of(item)) at++;
    if (at++ >= order.length) {
      const text = `The order in patch list:\n${goValue(patch)}\n doesn't match $setElementOrder list:\n${goValue(order)}\n`;
      throw patchError(text);
    }
  }
}

/** Merges as the field's strategy says, then sorts by the order list; undefined when there is no list at all. */
export function orderBySetElementOrder(
  live: unknown[] | undefined,
  patch: unknown[] | undefined,
  order: unknown[],
  how: ListMerging,
): unknown[] | undefined {
  checkAgainstOrder(patch ?? [], order, how.mergeKey);
  if (!live && !patch) return undefined;
  if (order.some(Array.isArray)) throw badRequest('invalid patch format of setElementOrder list');
  let merged: unknown[];
  if (!patch) merged = live!;
  else if (!live) merged = added(patch) as unknown[];
  else merged = how.strategy === 'merge' ? mergeList(live, patch, how) : patch;
  return ordered(merged, order, live ?? [], how.mergeKey);
}
