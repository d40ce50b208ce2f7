// Where the parser stands in the tokens, and what it says when another token should be there.
// Reads: tokens. Writes: errors, in the words of ANTLR's recovery. Mirrors: antlr4's DefaultErrorStrategy.
// Next: parser.ts reads the grammar over it.
import type { Token } from './lexer.ts';
import type { SourceErrors } from './source.ts';

/** Stops the parse: what is wrong has been reported, or is its message. */
export class Stop extends Error {}

export class Cursor {
  private position = 0;
  private readonly tokens: Token[];
  private readonly errors: SourceErrors;
  constructor(tokens: Token[], errors: SourceErrors) {
    this.tokens = tokens;
    this.errors = errors;
  }

  get token(): Token {
    return this.tokens[this.position]!;
  }
  get after(): Token {
    return this.tokens[Math.min(this.position + 1, this.tokens.length - 1)]!;
  }
  take(): Token {
    const token = this.token;
    if (token.kind !== 'eof') this.position++;
    return token;
  }
  is(text: string): boolean {
    return this.token.text === text && (this.token.kind === 'op' || this.token.kind === 'word');
  }
  accept(text: string): Token | undefined {
    return this.is(text) ? this.take() : undefined;
  }
  syntax(token: Token, message: string): never {
    this.errors.report(token.at, `Syntax error: ${message}`);
    throw new Stop();
  }
  expect(text: string): Token {
    const found = this.accept(text);
    if (found) return found;
    const { token } = this;
    if (this.after.text === text && this.after.kind === 'op') {
      this.errors.report(token.at, `Syntax error: extraneous input '${token.text}' expecting '${text}'`);
      this.take();
      return this.take();
    }
    const missing = text === ')' && (token.kind === 'eof' || (token.kind === 'op' && !'!({'.includes(token.text)));
    this.syntax(
      token,
      missing ? `missing '${text}' at '${token.text}'` : `mismatched input '${token.text}' expecting '${text}'`,
    );
  }
}
