// JSON text with the two things that JSON.parse cannot tell: keys given twice, and why a text is none in Go's words.
// Called by codecs/mediaTypes.ts and codecs/readObject.ts. Mirrors: sigs.k8s.io/json's strict mode. Next: goSyntaxError.ts.

import { parseWithBigIntegers } from '../apimachinery/bigIntegers.ts';
import { goSyntaxError } from './goSyntaxError.ts';

/** Objects nested deeper are refused, as Go's decoder does, before recursion could hurt. */
const maxDepth = 10_000;

/** Parses; throws a SyntaxError with Go's text. */
export function parseJson(text: string): unknown {
  checkDepth(text);
  let value: unknown;
  try {
    value = parseWithBigIntegers(text);
  } catch {
    throw new SyntaxError(goSyntaxError(text));
  }
  refuseProto(text, value);
  return value;
}

/**
 * A key named __proto__ means nothing in any kind and could trip code over it; a SyntaxError refuses it. Texts in which it cannot stand,
 * nearly all, are not walked.
 */
export function refuseProto(text: string, value: unknown): void {
  if ((text.includes('__proto__') || text.includes('\\u00')) && hasProto(value))
    throw new SyntaxError('the key "__proto__" is not allowed');
}

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => key === '__proto__' || hasProto(inner));
}

function checkDepth(text: string): void {
  if (text.length < maxDepth) return;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = endOfString(text, i);
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > maxDepth) throw new SyntaxError('json: exceeded max depth');
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
}

/** The index of the quote that closes the string opened at `open`; the text's length when none does. */
function endOfString(text: string, open: number): number {
  let at = open;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
  }
}

/**
 * Paths of keys that stand twice in one object, each once. Quick when there are none: as many keys in the text as in the parsed value.
 * `text` must be valid JSON and `value` what it parses to, untouched.
 */
export function duplicateKeys(text: string, value: unknown): string[] {
  return countKeysInText(text) === countKeys(value) ? [] : findDuplicates(text);
}

function countKeysInText(text: string): number {
  let count = 0;
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i + 1)) {
    i = endOfString(text, i);
    let next = i + 1;
    while (text.charCodeAt(next) <= 0x20) next++;
    if (text.charCodeAt(next) === 0x3a) count++;
  }
  return count;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item);
    return count;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) count += 1 + countKeys(object[key]);
  return count;
}

interface Frame {
  keys: Set<string> | undefined;
  path: string;
  index: number;
}

/** Every key of the text in its order, by its path; `again`: its object had it before. */
function* keysOf(text: string): Generator<{ path: string; again: boolean }> {
  const stack: Frame[] = [];
  let key = '';
  const pathOf = (frame: Frame | undefined) =>
    !frame ? '' : frame.keys ? (frame.path ? `${frame.path}.${key}` : key) : `${frame.path}[${frame.index}]`;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    const top = stack.at(-1);
    if (c === '{' || c === '[') stack.push({ keys: c === '{' ? new Set() : undefined, path: pathOf(top), index: 0 });
    else if (c === '}' || c === ']') stack.pop();
    else if (c === ',' && top && !top.keys) top.index++;
    else if (c === '"') {
      const end = endOfString(text, i);
      let next = end + 1;
      while (text.charCodeAt(next) <= 0x20) next++;
      if (text[next] === ':' && top?.keys) {
        key = JSON.parse(text.slice(i, end + 1));
        yield { path: pathOf(top), again: top.keys.has(key) };
        top.keys.add(key);
      }
      i = end;
    }
  }
}

function findDuplicates(text: string): string[] {
  const found = new Set<string>();
  for (const { path, again } of keysOf(text)) if (again) found.add(path);
  return [...found];
}

/** At most so many are told, as upstream's decoder does. */
const mostProblems = 100;

/**
 * What a typed decoder says of a text's keys, in their order: those in `unknown` once, and what lies below them not at all; the others
 * when they stand again.
 */
export function keyProblems(text: string, unknown: readonly string[]): string[] {
  const strange = new Set(unknown);
  const found = new Set<string>();
  let below = '';
  for (const { path, again } of keysOf(text)) {
    if (below && path.startsWith(below) && (path[below.length] === '.' || path[below.length] === '[')) continue;
    below = strange.has(path) ? path : '';
    if (below) found.add(`unknown field "${path}"`);
    else if (again) found.add(`duplicate field "${path}"`);
  }
  return [...found].slice(0, mostProblems);
}

/** Orders field paths by their parts: names as text, indexes as numbers. */
export function comparePaths(a: string, b: string): number {
  const left = a.split(/[.[\]]+/);
  const right = b.split(/[.[\]]+/);
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] === right[i]) continue;
    const numbers = [left[i], right[i]].every((part) => /^\d+$/.test(part!));
    return (numbers ? Number(left[i]) < Number(right[i]) : left[i]! < right[i]!) ? -1 : 1;
  }
  return left.length - right.length;
}
