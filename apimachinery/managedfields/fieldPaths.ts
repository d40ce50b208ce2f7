// Elements of field paths: `f:name` a field, `k:{…}` an item of a map list, `v:…` an item of a set, `i:0` an index.
// Reads and writes: FieldsV1's keys. Orders them as upstream serialises, walks sets and prints paths for conflict messages.
// Mirrors: structured-merge-diff's fieldpath (element.go, serialize-pe.go). Next: listElements.ts makes elements of list items.
import { childOf, type Fields, type FieldsDraft, isMember, leaf } from './fields.ts';

const kinds = 'fkvi';
const rank = (element: string) => kinds.indexOf(element[0]!);

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === typeof b) return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
  // Upstream's order of types: numbers, strings, booleans.
  const order = ['number', 'bigint', 'string', 'boolean'];
  return order.indexOf(typeof a) - order.indexOf(typeof b);
}

function compareKeys(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const left = Object.entries(a);
  const right = Object.entries(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [name, value] = left[i]!;
    const [otherName, otherValue] = right[i]!;
    if (name !== otherName) return name < otherName ? -1 : 1;
    const order = compareValues(value, otherValue);
    if (order) return order;
  }
  return left.length - right.length;
}

function parse(element: string): unknown {
  try {
    return JSON.parse(element.slice(2));
  } catch {
    return element.slice(2);
  }
}

/** The same few names of containers, ports and mounts come with every write. */
const remembered = new Map<string, unknown>();
const mostRemembered = 5_000;

function parsed(element: string): unknown {
  const known = remembered.get(element);
  if (known !== undefined) return known;
  const value = parse(element);
  if (remembered.size >= mostRemembered) remembered.clear();
  remembered.set(element, value);
  return value;
}

/** Fields by name, then map keys, values and indexes, each by what they mean rather than by their text. */
export function compareElements(a: string, b: string): number {
  if (a[0] !== b[0]) return rank(a) - rank(b);
  if (a[0] === 'f') return a < b ? -1 : a > b ? 1 : 0;
  const left = parsed(a);
  const right = parsed(b);
  if (a[0] !== 'k') return compareValues(left, right);
  return compareKeys((left ?? {}) as Record<string, unknown>, (right ?? {}) as Record<string, unknown>);
}

/** Is this level in order already? "." comes first. */
function isSorted(fields: Fields): boolean {
  let before = '';
  for (const key in fields) {
    if (before && (key === '.' || (before !== '.' && compareElements(before, key) > 0))) return false;
    before = key;
  }
  return true;
}

function sortedLevel(fields: Fields): FieldsDraft {
  const { '.': self, ...children } = fields;
  const out: FieldsDraft = self ? { '.': leaf } : {};
  for (const key of Object.keys(children).sort(compareElements)) out[key] = children[key]!;
  return out;
}

/** Sets that are kept for many objects, and in order through and through. */
const inOrder = new WeakSet<Fields>();

/** `sorted` once and for all: where the result is part of another set it is not looked through again. */
export function keptSorted(fields: Fields): Fields {
  const result = sorted(fields);
  inOrder.add(result);
  return result;
}

/** The set in the order that upstream writes it: "." first, then the elements sorted. What is in order is shared. */
export function sorted(fields: Fields): Fields {
  if (inOrder.has(fields)) return fields;
  let out: FieldsDraft | undefined = isSorted(fields) ? undefined : sortedLevel(fields);
  for (const key in fields) {
    const child = fields[key]!;
    if (child === leaf) continue;
    const ordered = sorted(child);
    if (ordered === child) continue;
    out ??= { ...fields };
    out[key] = ordered;
  }
  return out ?? fields;
}

/** Calls `visit` for each path in the set: the members of a level first, then what lies below it. */
export function forEachPath(
  fields: Fields,
  visit: (path: readonly string[]) => void,
  prefix: readonly string[] = [],
): void {
  const keys = Object.keys(fields)
    .filter((k) => k !== '.')
    .sort(compareElements);
  for (const key of keys) if (isMember(fields[key]!)) visit([...prefix, key]);
  for (const key of keys) {
    const child = childOf(fields, key);
    if (child) forEachPath(child, visit, [...prefix, key]);
  }
}

function elementText(element: string): string {
  const rest = element.slice(2);
  if (element[0] === 'f') return `.${rest}`;
  if (element[0] === 'v') return `[=${rest}]`;
  if (element[0] === 'i') return `[${rest}]`;
  const key = parsed(element) as Record<string, unknown>;
  return `[${Object.entries(key)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
}

/** `.spec.containers[name="web"].image`, as messages name a path. */
export const pathText = (path: readonly string[]): string => path.map(elementText).join('');

/** A set that holds just this path; used for dotted names such as `metadata.labels`. */
export function fieldsOfPath(dotted: string): Fields {
  return dotted.split('.').reduceRight<Fields>((inner, name) => ({ [`f:${name}`]: inner }), leaf);
}

const isElement = (key: string): boolean => (key[1] === ':' && kinds.includes(key[0]!)) || key === '.';

/** Is this what a client may send as fieldsV1? Elements of unknown kinds are not, however deep. */
export function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const key in value) {
    if (!isElement(key) || !isFields((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}
