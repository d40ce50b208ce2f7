// Go's regular expressions: RE2 syntax, and time linear in the text whatever the pattern.
// Reads: a pattern. Mirrors: Go's regexp package. Used by schemas' `pattern` and by CEL's matches.
// The one place that imports re2js, besides CEL's own functions of this folder.
import { RE2JS } from 're2js';

export interface Pattern {
  /** Is there a match anywhere in the text? */
  test(text: string): boolean;
}

/** What RE2 and JavaScript do not read alike, or what RE2 limits. */
const special = /\(\?(?!:)|\\[^dDwWsS.\\\-/+*?^$|()[\]{}]|\[\^?\]|\{[^{]*\{|\{\d{4}|\{\d*,\d{4}/;

/** Throws like compilePattern when it is none. Quick for plain patterns, of which a schema may hold thousands. */
export function checkPattern(pattern: string): void {
  if (!special.test(pattern) && isNative(pattern)) return;
  compilePattern(pattern);
}

function isNative(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

/** Throws an Error with Go's words when the pattern is none: `error parsing regexp: missing closing ]: …`. */
export function compilePattern(pattern: string): Pattern {
  const compiled = RE2JS.compile(pattern);
  return { test: (text) => compiled.matcher(text).find() };
}
