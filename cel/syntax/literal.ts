// The constant that a literal stands for; what is too large for its type is an error.
// Reads: a token. Writes: a Const. Mirrors: cel-go's parser/parser.go (VisitInt, VisitString, …).
// Next: unescape.ts reads what is between quotes.
import { boolType, bytesType, type CelType, doubleType, intType, nullType, stringType, uintType } from '../types.ts';
import { Double, normalInt, Uint } from '../values.ts';
import type { Const } from './ast.ts';
import type { Token } from './lexer.ts';
import type { SourceErrors } from './source.ts';
import { unescapeBytes, unescapeString } from './unescape.ts';

/** `minus` stands before a number. */
export function literal(token: Token, minus: Token | undefined, errors: SourceErrors): Const {
  const { at } = minus ?? token;
  const constant = (value: unknown, type: CelType): Const => ({ kind: 'const', at, value, type });
  const invalid = (kind: string) => errors.report(at, `invalid ${kind} literal`);
  switch (token.kind) {
    case 'int': {
      const value = minus ? -BigInt(token.text) : BigInt(token.text);
      if (BigInt.asIntN(64, value) !== value) invalid('int');
      return constant(normalInt(BigInt.asIntN(64, value)), intType);
    }
    case 'uint': {
      const value = BigInt(token.text.slice(0, -1));
      if (BigInt.asUintN(64, value) !== value) invalid('uint');
      return constant(new Uint(value), uintType);
    }
    case 'float': {
      const value = Number(token.text);
      if (!Number.isFinite(value)) invalid('double');
      return constant(new Double(minus ? -value : value), doubleType);
    }
    case 'string':
    case 'bytes':
      return text(token, errors);
    default:
      return token.text === 'null' ? constant(null, nullType) : constant(token.text === 'true', boolType);
  }
}

function text({ kind, text, at }: Token, errors: SourceErrors): Const {
  const isBytes = kind === 'bytes';
  try {
    const value = isBytes ? unescapeBytes(text) : unescapeString(text);
    return { kind: 'const', at, value, type: isBytes ? bytesType : stringType };
  } catch (e) {
    if (!(e instanceof RangeError)) throw e;
    errors.report(at, `invalid ${kind} literal: unable to unescape string`);
    return { kind: 'const', at, value: '', type: stringType };
  }
}
