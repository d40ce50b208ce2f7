// find() and findAll(). Mirrors: apiserver/pkg/cel/library/regex.go. Next: eval/regex.ts compiles.
import { work } from '../eval/meter.ts';
import { regex } from '../eval/regex.ts';
import { type Overload, overload } from './declare.ts';

/** At most `limit` matches; all where it is negative. */
function findAll(text: string, pattern: string, limit = -1): string[] {
  const matcher = regex(pattern).matcher(text);
  const found: string[] = [];
  while (found.length !== limit && matcher.find()) {
    work(20);
    found.push(matcher.group() ?? '');
  }
  return found;
}

export const regexLibrary: Overload[] = [
  overload('find', 'string_find_string', 'string.(string) -> string', (s, r) => findAll(s, r, 1)[0] ?? ''),
  overload('findAll', 'string_find_all_string', 'string.(string) -> list(string)', (s, r) => findAll(s, r)),
  overload('findAll', 'string_find_all_string_int', 'string.(string, int) -> list(string)', findAll),
];
