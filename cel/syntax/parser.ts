// The tree of an expression, macros already expanded. Recursive descent over the tokens; errors worded as cel-go's ANTLR grammar words them.
// Reads: text. Writes: an Expr, or errors. Mirrors: cel-go's parser/parser.go and gen/CEL.g4.
// Next: check/checker.ts types the tree.
import { stringType } from '../types.ts';
import type { Call, Const, Expr } from './ast.ts';
import { qualifiedName } from './ast.ts';
import { Cursor, Stop } from './cursor.ts';
import { type Token, tokenize } from './lexer.ts';
import { literal } from './literal.ts';
import { expandMacro, type MacroTable } from './macros.ts';
import type { SourceErrors } from './source.ts';

const maxDepth = 250;
const maxCodePoints = 100_000;
const starters =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const relations = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);
const functionOf = (op: string) => (op === 'in' ? '@in' : `_${op}_`);
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/** Undefined when `errors` has been told why there is no tree. */
export function parse(source: string, macros: MacroTable, errors: SourceErrors): Expr | undefined {
  // A code point takes one or two units, so short texts need no count.
  const size = source.length > maxCodePoints ? [...source].length : 0;
  if (size > maxCodePoints) {
    errors.report(-1, `expression code point size exceeds limit: size: ${size}, limit ${maxCodePoints}`);
    return undefined;
  }
  try {
    const tree = new Parser(tokenize(source, errors), macros, errors).whole();
    return errors.count > 0 ? undefined : tree;
  } catch (e) {
    if (!(e instanceof Stop)) throw e;
    if (e.message) errors.report(-1, e.message);
    return undefined;
  }
}

class Parser {
  /** How deep each recursive rule of the grammar stands; a chain of operators is a recursion there. */
  private readonly depth = { expr: 0, relation: 0, calc: 0, member: 0 };
  private readonly at: Cursor;
  private readonly macros: MacroTable;
  private readonly errors: SourceErrors;

  constructor(tokens: Token[], macros: MacroTable, errors: SourceErrors) {
    this.at = new Cursor(tokens, errors);
    this.macros = macros;
    this.errors = errors;
  }

  whole(): Expr {
    const tree = this.expr();
    if (this.at.token.kind !== 'eof') {
      const word = this.at.after.kind === 'eof' ? 'extraneous' : 'mismatched';
      this.at.syntax(this.at.token, `${word} input '${this.at.token.text}' expecting <EOF>`);
    }
    return tree;
  }

  /** One level down in a rule for the time of `body`. */
  private within<T>(rule: keyof Parser['depth'], body: () => T): T {
    const before = this.depth[rule];
    this.deeper(rule);
    const result = body();
    this.depth[rule] = before;
    return result;
  }
  private deeper(rule: keyof Parser['depth']): void {
    if (++this.depth[rule] > maxDepth) throw new Stop(`expression recursion limit exceeded: ${maxDepth}`);
  }

  private expr(): Expr {
    return this.within('expr', () => {
      const condition = this.logical('||', () => this.logical('&&', () => this.relation()));
      const op = this.at.accept('?');
      if (!op) return condition;
      const yes = this.logical('||', () => this.logical('&&', () => this.relation()));
      this.at.expect(':');
      return this.call(op, '_?_:_', [condition, yes, this.expr()]);
    });
  }

  /** Terms of one operator become a balanced tree, so that long ones are not deep. */
  private logical(text: string, term: () => Expr): Expr {
    const terms = [term()];
    const ops: Token[] = [];
    for (let op = this.at.accept(text); op; op = this.at.accept(text)) {
      ops.push(op);
      terms.push(term());
    }
    const tree = (low: number, high: number): Expr => {
      const mid = (low + high + 1) >> 1;
      const left = mid === low ? terms[mid]! : tree(low, mid - 1);
      const right = mid === high ? terms[mid + 1]! : tree(mid + 1, high);
      return this.call(ops[mid]!, functionOf(text), [left, right]);
    };
    return ops.length === 0 ? terms[0]! : tree(0, ops.length - 1);
  }

  private chain(rule: 'relation' | 'calc', isOp: (text: string) => boolean, term: () => Expr): Expr {
    return this.within(rule, () => {
      let left = term();
      while (isOp(this.at.token.text) && (this.at.token.kind === 'op' || this.at.token.kind === 'word')) {
        this.deeper(rule);
        const op = this.at.take();
        left = this.call(op, functionOf(op.text), [left, term()]);
      }
      return left;
    });
  }
  private relation(): Expr {
    return this.chain(
      'relation',
      (op) => relations.has(op),
      () => this.sum(),
    );
  }
  private sum(): Expr {
    return this.chain(
      'calc',
      (op) => op === '+' || op === '-',
      () =>
        this.chain(
          'calc',
          (op) => op === '*' || op === '/' || op === '%',
          () => this.unary(),
        ),
    );
  }

  private unary(): Expr {
    const first = this.at.token;
    if (!this.at.is('!') && !this.at.is('-')) return this.member();
    if (first.text === '-' && ['int', 'float'].includes(this.at.after.kind)) return this.member();
    let count = 0;
    while (this.at.accept(first.text)) count++;
    const operand = this.member();
    return count % 2 === 0 ? operand : this.call(first, first.text === '!' ? '!_' : '-_', [operand]);
  }

  private member(): Expr {
    return this.within('member', () => {
      let e = this.primary();
      for (;;) {
        if (this.at.is('.')) e = this.selection(e, this.at.take());
        else if (this.at.is('[')) e = this.index(e, this.at.take());
        else if (this.at.is('{') && qualifiedName(e) !== undefined) e = this.struct(e);
        else return e;
        this.deeper('member');
      }
    });
  }

  private selection(operand: Expr, dot: Token): Expr {
    const optional = this.at.accept('?');
    const name = this.at.token;
    if (name.kind !== 'ident') {
      const shown = name.kind === 'eof' ? '' : name.text;
      this.at.syntax(name, `no viable alternative at input '.${optional ? '?' : ''}${shown}'`);
    }
    this.at.take();
    if (optional) {
      const field: Const = { kind: 'const', at: name.at, value: name.text, type: stringType };
      return this.call(dot, '_?._', [operand, field]);
    }
    const open = this.at.accept('(');
    if (open) return this.finishCall(open, name.text, operand);
    return { kind: 'select', at: dot.at, operand, field: name.text, testOnly: false };
  }

  private finishCall(open: Token, fn: string, target?: Expr): Expr {
    const args = this.at.is(')') ? [] : this.list(() => this.expr(), ')', false);
    this.at.expect(')');
    const call: Call = { kind: 'call', at: open.at, fn, args, ...(target && { target }) };
    return expandMacro(call, this.macros, this.errors) ?? call;
  }

  private index(operand: Expr, open: Token): Expr {
    const fn = this.at.accept('?') ? '_[?_]' : '_[_]';
    const index = this.expr();
    this.at.expect(']');
    return this.call(open, fn, [operand, index]);
  }

  /** Items between commas up to `end`, which stays; `trailing` allows a comma before it. */
  private list<T>(item: () => T, end: string, trailing = true): T[] {
    const items: T[] = [];
    while (!(trailing && this.at.is(end))) {
      items.push(item());
      if (!this.at.accept(',')) break;
    }
    if (trailing && !this.at.is(end) && this.at.token.kind === 'eof')
      this.at.syntax(this.at.token, `mismatched input '<EOF>' expecting {'${end}', ','}`);
    return items;
  }

  private struct(name: Expr): Expr {
    const open = this.at.take();
    const fields = this.list(() => {
      const optional = this.at.accept('?') !== undefined;
      const field = this.at.token.kind === 'ident' ? this.at.take() : this.at.expect('}');
      const { at } = this.at.expect(':');
      return { at, name: field.text, value: this.expr(), optional };
    }, '}');
    this.at.expect('}');
    return { kind: 'struct', at: open.at, name: qualifiedName(name)!, fields };
  }

  private primary(): Expr {
    const { token } = this.at;
    if (token.kind === 'ident' || (this.at.is('.') && this.at.after.kind === 'ident')) return this.name();
    if (token.kind !== 'op' && token.kind !== 'eof' && token.text !== 'in') return this.literal();
    if (this.at.accept('(')) {
      const e = this.expr();
      this.at.expect(')');
      return e;
    }
    if (this.at.accept('[')) return this.listLiteral(token);
    if (this.at.accept('{')) return this.mapLiteral(token);
    if (this.at.is('-') && ['int', 'float'].includes(this.at.after.kind)) return this.literal();
    return this.unexpected();
  }

  /** One token too many is dropped; anything else ends the parse. */
  private unexpected(): Expr {
    const { token, after } = this.at;
    const starts = after.kind === 'op' ? '[{(.-!'.includes(after.text) : after.kind !== 'eof' && after.text !== 'in';
    if (token.kind === 'eof' || !starts)
      this.at.syntax(token, `mismatched input '${token.text}' expecting ${starters}`);
    this.errors.report(token.at, `Syntax error: extraneous input '${token.text}' expecting ${starters}`);
    this.at.take();
    return this.unary();
  }

  private name(): Expr {
    const dot = this.at.accept('.');
    const name = this.at.take();
    const text = `${dot ? '.' : ''}${name.text}`;
    if (reserved.has(name.text)) this.errors.report(name.at, `reserved identifier: ${name.text}`);
    const open = this.at.accept('(');
    if (open) return this.finishCall(open, text);
    return { kind: 'ident', at: name.at, name: text };
  }

  private listLiteral(open: Token): Expr {
    const optional = new Set<number>();
    let i = 0;
    const elems = this.list(() => {
      if (this.at.accept('?')) optional.add(i);
      i++;
      return this.expr();
    }, ']');
    this.at.expect(']');
    return { kind: 'list', at: open.at, elems, optional };
  }
  private mapLiteral(open: Token): Expr {
    const entries = this.list(() => {
      const optional = this.at.accept('?') !== undefined;
      const key = this.expr();
      const { at } = this.at.expect(':');
      return { at, key, value: this.expr(), optional };
    }, '}');
    this.at.expect('}');
    return { kind: 'map', at: open.at, entries };
  }

  private literal(): Expr {
    const minus = this.at.accept('-');
    return literal(this.at.take(), minus, this.errors);
  }

  private call(op: Token, fn: string, args: Expr[]): Expr {
    return { kind: 'call', at: op.at, fn, args };
  }
}
