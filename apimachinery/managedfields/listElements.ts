// Items of lists as path elements: by their key fields in map lists, by their value in sets.
// Reads: a list's node and an item. Writes: an element's text. Mirrors: structured-merge-diff's typed/helpers.go.
// Next: compare.ts and merge.ts index lists by these.

import { goQuote } from '../goQuote.ts';
import type { ListNode } from '../schema.ts';

/** An object does not have the shape its schema asks for; `path` grows while the error travels up. */
export class TypedError extends Error {}

const html = /[<>&\u2028\u2029]/;
/** JSON as upstream's encoder writes it into keys. */
function jsonText(value: unknown): string {
  if (typeof value === 'string') {
    const text = JSON.stringify(value);
    if (!html.test(text)) return text;
    return text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

const sortedKeys = new WeakMap<ListNode, readonly string[]>();
function keysOf(node: ListNode): readonly string[] {
  const known = sortedKeys.get(node);
  if (known) return known;
  const keys = node.mapKeys.toSorted();
  sortedKeys.set(node, keys);
  return keys;
}

function mapElement(node: ListNode, item: unknown): string {
  if (item === null || item === undefined)
    throw new TypedError('associative list with keys may not have a null element');
  if (typeof item !== 'object' || Array.isArray(item)) {
    throw new TypedError('associative list with keys may not have non-map elements');
  }
  let text = '';
  for (const key of keysOf(node)) {
    const value = (item as Record<string, unknown>)[key] ?? node.keyDefaults[key];
    if (value !== undefined) text += `${text === '' ? '' : ','}"${key}":${jsonText(value)}`;
  }
  if (text !== '') return `k:{${text}}`;
  const names = `[${node.mapKeys.map(goQuote).join(' ')}]`;
  const why = `(and doesn't have default values for any key fields)`;
  throw new TypedError(`associative list with keys has an element that omits all key fields ${names} ${why}`);
}

/** The element of an item of a set or map list. Throws TypedError. */
export function elementOf(node: ListNode, item: unknown): string {
  if (node.listType === 'map') return mapElement(node, item);
  if (Array.isArray(item)) throw new TypedError('not supported: associative list with lists as elements');
  if (item === null || item === undefined) {
    throw new TypedError("associative list without keys has an element that's an explicit null");
  }
  if (typeof item === 'object') {
    throw new TypedError("associative list without keys has an element that's a map type");
  }
  return `v:${jsonText(item)}`;
}
