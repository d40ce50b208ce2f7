// Sets of field paths as FieldsV1 writes them: `{"f:spec":{"f:replicas":{}}}`. The JSON itself is the data structure, a trie.
// A node is a member of the set when it is empty or holds "."; the root stands for no path. Sets are never changed, parts are shared.
// Mirrors: structured-merge-diff's fieldpath (set.go, serialize.go). Next: fieldPaths.ts walks and prints; compare.ts makes sets of objects.

export interface Fields {
  readonly [element: string]: Fields;
}
/** A set while it is being made. */
export type FieldsDraft = Record<string, Fields>;

/** The one leaf that all sets share. */
export const leaf: Fields = Object.freeze({});
export const noFields: Fields = leaf;

export function isEmpty(fields: Fields): boolean {
  for (const _ in fields) return false;
  return true;
}
/** Is the path that ends at this node in the set? */
export const isMember = (node: Fields): boolean => node['.'] !== undefined || isEmpty(node);

/** A node from its two halves; undefined when neither is there. */
function nodeOf(member: boolean, children: Fields): Fields | undefined {
  if (isEmpty(children)) return member ? leaf : undefined;
  return member ? { '.': leaf, ...children } : children;
}

/** A node's children as a set of their own. */
function childrenOf(node: Fields): Fields {
  if (node['.'] === undefined) return node;
  const { '.': _, ...children } = node;
  return children;
}

function unionNode(a: Fields, b: Fields): Fields {
  if (a === b) return a;
  const member = isMember(a) || isMember(b);
  return nodeOf(member, union(childrenOf(a), childrenOf(b)))!;
}

/** Paths in either. */
export function union(a: Fields, b: Fields): Fields {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  const out: FieldsDraft = { ...a };
  for (const key in b) {
    const mine = out[key];
    out[key] = mine === undefined ? b[key]! : unionNode(mine, b[key]!);
  }
  return out;
}

/** Applies `combine` to nodes that both sets hold; keeps the others of `a` when `keep` says so. */
function zip(a: Fields, b: Fields, keep: boolean, combine: (x: Fields, y: Fields) => Fields | undefined): Fields {
  const out: FieldsDraft = {};
  let same = true;
  for (const key in a) {
    const x = a[key]!;
    const y = b[key];
    const result = y === undefined ? (keep ? x : undefined) : combine(x, y);
    if (result !== x) same = false;
    if (result !== undefined) out[key] = result;
  }
  return same ? a : out;
}

/** Paths in both. */
export function intersection(a: Fields, b: Fields): Fields {
  return zip(a, b, false, (x, y) => nodeOf(isMember(x) && isMember(y), intersection(childrenOf(x), childrenOf(y))));
}

/** Paths of `a` that are not in `b`; a parent in `b` does not take its children along. */
export function difference(a: Fields, b: Fields): Fields {
  if (isEmpty(b)) return a;
  return zip(a, b, true, (x, y) => {
    const member = isMember(x);
    const children = childrenOf(x);
    const rest = difference(children, childrenOf(y));
    if (member === (member && !isMember(y)) && rest === children) return x;
    return nodeOf(member && !isMember(y), rest);
  });
}

/** Paths of `a` that are neither in `b` nor below a path in `b`. */
export function recursiveDifference(a: Fields, b: Fields): Fields {
  if (isEmpty(b)) return a;
  return zip(a, b, true, (x, y) => {
    if (isMember(y)) return undefined;
    return nodeOf(isMember(x), recursiveDifference(childrenOf(x), y));
  });
}

/** The node of a child, as far as paths go through it. */
export const childOf = (fields: Fields | undefined, element: string): Fields | undefined => {
  const child = fields?.[element];
  return child === undefined || isEmpty(child) ? undefined : child;
};
export const has = (fields: Fields | undefined, element: string): boolean => {
  const child = fields?.[element];
  return child !== undefined && isMember(child);
};
