// cel-go's string functions, version 2 of that library: charAt, indexOf, join, format and the rest.
// Positions count code points. Reads and writes: strings. Mirrors: cel-go's ext/strings.go. Next: format.ts prints.
import { fail, work } from '../eval/meter.ts';
import { stringSize } from '../eval/size.ts';
import { type Overload, overload } from './declare.ts';
import { format } from './formatString.ts';

/** Code points, as an array only where units would not do. */
const points = (s: string): string | string[] => {
  if (stringSize(s) === s.length) return s;
  work(s.length);
  return [...s];
};
const outOfRange = (i: number | bigint) => fail(`index out of range: ${i}`);

function charAt(s: string, i: number): string {
  const chars = points(s);
  if (i < 0 || i > chars.length) return outOfRange(i);
  return chars[i] ?? '';
}

/** Where `part` stands in code points, searching from `from` on. */
function indexOf(s: string, part: string, from = 0): number {
  if (part === '') return from;
  if (from < 0) return outOfRange(from);
  const size = stringSize(s);
  const skipped = size === s.length ? from : [...s].slice(0, from).join('').length;
  const at = s.indexOf(part, skipped);
  return at < 0 || from >= size ? -1 : stringSize(s.slice(0, at));
}
function lastIndexOf(s: string, part: string, upTo?: number): number {
  const size = stringSize(s);
  if (part === '') return upTo ?? size;
  if (upTo !== undefined && upTo < 0) return outOfRange(upTo);
  if (upTo !== undefined && upTo >= size) return -1;
  const limit = upTo === undefined || size === s.length ? upTo : [...s].slice(0, upTo).join('').length;
  const at = s.lastIndexOf(part, limit);
  return at < 0 ? -1 : stringSize(s.slice(0, at));
}

function substring(s: string, start: number, end?: number): string {
  const chars = points(s);
  const to = end ?? chars.length;
  if (start < 0 || start > chars.length) return outOfRange(start);
  if (to < 0 || to > chars.length) return outOfRange(to);
  if (start > to) return fail(`invalid substring range. start: ${start}, end: ${to}`);
  const piece = chars.slice(start, to);
  return typeof piece === 'string' ? piece : piece.join('');
}

function replace(s: string, from: string, to: string, limit = -1): string {
  const pieces = split(s, from, limit < 0 ? -1 : Number(limit) + 1);
  // What comes out may be far larger than what went in, and only that has been charged.
  work((pieces.length * to.length) >> 3);
  if (from !== '') return pieces.join(to);
  // An empty text is found before every character and at the end.
  const chars = [...s];
  const count = limit < 0 ? chars.length + 1 : Math.min(Number(limit), chars.length + 1);
  return chars.map((c, i) => (i < count ? to + c : c)).join('') + (count > chars.length ? to : '');
}

/** At most `limit` pieces, the last of them the rest; all where it is negative. */
function split(s: string, separator: string, limit = -1): string[] {
  if (limit === 0) return [];
  work(separator === '' ? s.length * 2 : s.length >> 3);
  const pieces = separator === '' ? [...s] : s.split(separator);
  work(pieces.length);
  if (limit < 0 || pieces.length <= limit) return pieces;
  return [...pieces.slice(0, limit - 1), pieces.slice(limit - 1).join(separator)];
}

function join(list: string[], separator: string): string {
  work(list.reduce((size, s) => size + s.length + separator.length, 0) >> 3);
  return list.join(separator);
}

const ascii = (pattern: RegExp, change: (c: string) => string) => (s: string) => s.replace(pattern, change);
const escapes: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};
const quote = (s: string) => `"${[...s.toWellFormed()].map((c) => escapes[c] ?? c).join('')}"`;

export const stringLibrary: Overload[] = [
  overload('charAt', 'string_char_at_int', 'string.(int) -> string', charAt),
  overload('indexOf', 'string_index_of_string', 'string.(string) -> int', (s, t) => indexOf(s, t)),
  overload('indexOf', 'string_index_of_string_int', 'string.(string, int) -> int', indexOf),
  overload('lastIndexOf', 'string_last_index_of_string', 'string.(string) -> int', (s, t) => lastIndexOf(s, t)),
  overload('lastIndexOf', 'string_last_index_of_string_int', 'string.(string, int) -> int', lastIndexOf),
  overload(
    'lowerAscii',
    'string_lower_ascii',
    'string.() -> string',
    ascii(/[A-Z]+/g, (c) => c.toLowerCase()),
  ),
  overload(
    'upperAscii',
    'string_upper_ascii',
    'string.() -> string',
    ascii(/[a-z]+/g, (c) => c.toUpperCase()),
  ),
  overload('replace', 'string_replace_string_string', 'string.(string, string) -> string', (s, a, b) =>
    replace(s, a, b),
  ),
  overload('replace', 'string_replace_string_string_int', 'string.(string, string, int) -> string', replace),
  overload('split', 'string_split_string', 'string.(string) -> list(string)', (s, t) => split(s, t)),
  overload('split', 'string_split_string_int', 'string.(string, int) -> list(string)', split),
  overload('substring', 'string_substring_int', 'string.(int) -> string', (s, i) => substring(s, i)),
  overload('substring', 'string_substring_int_int', 'string.(int, int) -> string', substring),
  overload('trim', 'string_trim', 'string.() -> string', (s) => s.trim()),
  overload('format', 'string_format', 'string.(list(dyn)) -> string', format),
  overload('strings.quote', 'strings_quote', '(string) -> string', quote),
  overload('join', 'list_join', 'list(string).() -> string', (l) => join(l, '')),
  overload('join', 'list_join_string', 'list(string).(string) -> string', join),
];
