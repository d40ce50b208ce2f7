// Words of a shell line as the arguments of a command: quotes taken off, `$NAME` and `$(command)` put in, and what was put in without
// quotes split at blanks. Used by: shell.ts.
import { arithmetic } from './arithmetic.ts';
import { wordPart } from './parse.ts';

export interface Values {
  /** Of `$NAME` and `$?`. */
  variable(name: string): string;
  /** What a command prints, for `$(command)`. */
  output(command: string): Promise<string>;
}

/** A quoted part, or all up to the next one. */
const segment = /'[^']*'|"(?:\\.|[^"\\])*"|(?:\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\\.|[^'"\\])+/gs;
/** Stands where an unquoted value had blanks. */
const gap = '\0';

export async function expandWords(words: readonly string[], values: Values): Promise<string[]> {
  const out: string[] = [];
  for (const word of words) {
    const text = await expandWord(word, values);
    const fields = text.split(gap).filter((field) => field !== '');
    out.push(...(fields.length || !/['"]/.test(word) ? fields : ['']));
  }
  return out;
}

async function expandWord(word: string, values: Values): Promise<string> {
  let out = '';
  for (const [part] of word.matchAll(segment)) {
    if (part.startsWith("'")) out += part.slice(1, -1);
    else if (part.startsWith('"')) out += await filled(part.slice(1, -1), values, (text) => text);
    else out += await filled(unescaped(part), values, (text) => text.replace(/\s+/g, gap));
  }
  return out;
}

/** A backslash outside of quotes stands before a plain sign; one before `$` is for filled(). */
const unescaped = (text: string) =>
  text.replace(new RegExp(wordPart.source, 'gs'), (p) => (/^\\[^$]$/s.test(p) ? p[1]! : p));

async function filled(text: string, values: Values, show: (value: string) => string): Promise<string> {
  let out = '';
  let at = 0;
  for (const found of text.matchAll(
    /\\([$"\\`])|\$\(\(((?:[^()]|\([^()]*\))*)\)\)|\$\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)|\$(?:\{(\w+|\?)\}|(\w+|\?))/g,
  )) {
    const [whole, escaped, sum, command, braced, bare] = found;
    out += text.slice(at, found.index);
    at = found.index + whole.length;
    if (escaped !== undefined) out += escaped;
    else if (sum !== undefined) out += show(arithmetic(sum, values.variable));
    else if (command !== undefined) out += show((await values.output(command)).replace(/\n+$/, ''));
    else out += show(values.variable(braced ?? bare!));
  }
  return out + text.slice(at);
}
