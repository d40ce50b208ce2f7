// An expression cut into tokens. What is no token is reported and skipped, as the grammar's lexer does.
// Reads: text. Writes: tokens. Mirrors: cel-go's parser/gen/CEL.g4 (lexer rules).
// Next: parser.ts reads the tokens; unescape.ts the strings.
import type { SourceErrors } from './source.ts';

export type TokenKind = 'int' | 'uint' | 'float' | 'string' | 'bytes' | 'ident' | 'word' | 'op' | 'eof';
export interface Token {
  kind: TokenKind;
  text: string;
  at: number;
}

const escaped = String.raw`\\(?:[abfnrtv"'\\?\x60]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`;
const quoted = (q: string) =>
  `${q}${q}${q}(?:${escaped}|[^\\\\])*?${q}${q}${q}|${q}(?:${escaped}|[^\\\\${q}\\n\\r])*${q}`;
const raw = (q: string) => `[rR](?:${q}${q}${q}[\\s\\S]*?${q}${q}${q}|${q}[^${q}\\n\\r]*${q})`;
const string = [raw('"'), raw("'"), quoted('"'), quoted("'")].join('|');
const sticky = (source: string) => new RegExp(source, 'y');

const blank = sticky(String.raw`(?:[ \t\r\n\f]+|\/\/[^\n]*)+`);
const rules: [TokenKind, RegExp][] = [
  ['bytes', sticky(`[bB](?:${string})`)],
  ['string', sticky(string)],
  ['float', sticky(String.raw`\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?`)],
  ['uint', sticky(String.raw`(?:0x[0-9a-fA-F]+|\d+)[uU]`)],
  ['int', sticky(String.raw`0x[0-9a-fA-F]+|\d+`)],
  ['word', sticky('(?:true|false|null|in)(?![A-Za-z0-9_])')],
  ['ident', sticky('[A-Za-z_][A-Za-z0-9_]*')],
  ['op', sticky(String.raw`==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]`)],
];

/** How much the lexer takes in before it gives up on a token that began like one. */
function unknownText(source: string, at: number): string {
  const char = source[at]!;
  if (char === '"' || char === "'") return /^[^\n\r]*/.exec(source.slice(at))![0];
  // `|`, `&` and `=` began an operator of two characters: the second is eaten with them.
  return '|&='.includes(char) ? source.slice(at, at + 2) : String.fromCodePoint(source.codePointAt(at)!);
}

export function tokenize(source: string, errors: SourceErrors): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    blank.lastIndex = at;
    if (blank.test(source)) at = blank.lastIndex;
    if (at >= source.length) break;
    const rule = rules.find(([, pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(source);
    });
    if (rule) {
      tokens.push({ kind: rule[0], text: source.slice(at, rule[1].lastIndex), at });
      at = rule[1].lastIndex;
    } else {
      const text = unknownText(source, at);
      const shown = text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
      errors.report(at, `Syntax error: token recognition error at: '${shown}'`);
      at += text.length;
    }
  }
  tokens.push({ kind: 'eof', text: '<EOF>', at: source.length });
  return tokens;
}
