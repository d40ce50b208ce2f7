// The grammar of label selectors: key, operator, values, joined by commas. A scanner and a descent over its tokens.
// Reads: a selector's text. Writes: requirements, made by the caller's function so that it checks keys and values.
// Mirrors: the Lexer and Parser of apimachinery/pkg/labels/selector.go, with its error texts. Back to: labelSelector.ts.
import { errorBody, invalidValue } from './fieldErrors.ts';
import type { LabelOperator, LabelRequirement } from './labelSelector.ts';
import { isQualifiedName } from './names.ts';

type Kind = 'id' | 'end' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin';
interface Token {
  kind: Kind;
  text: string;
}
type Make = (key: string, operator: LabelOperator, values: readonly string[]) => LabelRequirement;
type ErrorClass = new (message: string) => Error;

// A NUL ends a word, as it does in upstream's byte reader.
const scanner = /[ \t\r\n]*(?:(==|!=|[=!(),><])\0?|([^ \t\r\n=!(),><\0]+)\0?)/y;

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  scanner.lastIndex = 0;
  for (let m = scanner.exec(text); m; m = scanner.exec(text)) {
    const word = m[2];
    if (word === undefined) tokens.push({ kind: m[1] as Kind, text: m[1]! });
    else tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'id', text: word });
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

const binary: Partial<Record<Kind, LabelOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};
const binaryNames = 'in, notin, =, ==, !=, gt, lt';

/** The requirements in the order written; `in` and `notin` are keys or values where one is expected. */
export function parseRequirements(text: string, make: Make, ErrorType: ErrorClass): LabelRequirement[] {
  const tokens = scan(text);
  let position = 0;
  const end: Token = { kind: 'end', text: '' };
  const fail = (message: string): never => {
    throw new ErrorType(message);
  };
  /** `in` and `notin` count as words unless an operator is expected. */
  const kindOf = (t: Token): Kind => (t.kind === 'in' || t.kind === 'notin' ? 'id' : t.kind);
  const ahead = () => tokens[position] ?? end;
  const next = () => tokens[position++] ?? end;

  function keyOf(): { key: string; negated: boolean } {
    let token = next();
    const negated = token.kind === '!';
    if (negated) token = next();
    if (kindOf(token) !== 'id') fail(`found '${token.text}', expected: identifier`);
    const broken = isQualifiedName(token.text);
    if (broken.length) fail(`<nil>: ${errorBody(invalidValue('', token.text, broken.join('; ')))}`);
    return { key: token.text, negated };
  }

  function exactValue(): string[] {
    if (ahead().kind === 'end' || ahead().kind === ',') return [''];
    const token = next();
    return kindOf(token) === 'id' ? [token.text] : fail(`found '${token.text}', expected: identifier`);
  }

  function wordList(): Set<string> {
    const values = new Set<string>();
    for (;;) {
      const token = next();
      if (kindOf(token) === 'id') {
        values.add(token.text);
        if (ahead().kind === ')') return values;
        if (ahead().kind !== ',') fail(`found '${ahead().text}', expected: ',' or ')'`);
      } else if (token.kind === ',') {
        if (values.size === 0 || ahead().kind === ',' || ahead().kind === ')') values.add('');
        if (ahead().kind === ')') return values;
      } else {
        fail(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }

  function valueSet(): string[] {
    const open = next();
    if (open.kind !== '(') fail(`found '${open.text}' expected: '('`);
    const first = ahead();
    if (first.kind === ')') {
      next();
      return [''];
    }
    if (kindOf(first) !== 'id' && first.kind !== ',') {
      fail(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = [...wordList()].sort();
    next();
    return values;
  }

  function requirement(): LabelRequirement {
    const { key, negated } = keyOf();
    // What follows `!key` is left for the caller to refuse.
    if (negated) return make(key, '!', []);
    if (ahead().kind === 'end' || ahead().kind === ',') return make(key, 'exists', []);
    const token = next();
    const operator = binary[token.kind] ?? fail(`found '${token.text}', expected: ${binaryNames}`);
    return make(key, operator, operator === 'in' || operator === 'notin' ? valueSet() : exactValue());
  }

  function checked(): LabelRequirement {
    try {
      return requirement();
    } catch (error) {
      return fail(`unable to parse requirement: ${(error as Error).message}`);
    }
  }

  const found: LabelRequirement[] = [];
  for (;;) {
    if (ahead().kind === 'end') return found;
    if (kindOf(ahead()) !== 'id' && ahead().kind !== '!') {
      fail(`found '${ahead().text}', expected: !, identifier, or 'end of string'`);
    }
    found.push(checked());
    const after = next();
    if (after.kind === 'end') return found;
    if (after.kind !== ',') fail(`found '${after.text}', expected: ',' or 'end of string'`);
    if (kindOf(ahead()) !== 'id' && ahead().kind !== '!')
      fail(`found '${ahead().text}', expected: identifier after ','`);
  }
}
