// The value of a string or bytes literal.
// Reads: the literal as written, quotes and prefix included. Writes: a string or bytes. Mirrors: cel-go's parser/unescape.go.
// Next: parser.ts makes constants of them.

const named: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const escapes = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))|[^\\]+/g;

function body(literal: string): { text: string; raw: boolean } {
  const raw = /^[bB]?[rR]/.test(literal);
  const bare = literal.replace(/^[bBrR]*/, '');
  const quotes = /^("""|''')/.test(bare) ? 3 : 1;
  return { text: bare.slice(quotes, -quotes).replace(/\r\n?/g, '\n'), raw };
}

/** Throws RangeError where an escape names no character. */
export function unescapeString(literal: string): string {
  const { text, raw } = body(literal);
  if (raw || !text.includes('\\')) return text;
  return text.replace(escapes, (piece, x, u, U, octal, other) => {
    const code = x ?? u ?? U;
    if (code !== undefined) return character(Number.parseInt(code, 16));
    if (octal !== undefined) return character(Number.parseInt(octal, 8));
    return other === undefined ? piece : (named[other] ?? other);
  });
}

function character(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new RangeError('no such character');
  return String.fromCodePoint(code);
}

/** In bytes, `\xff` and `\377` are one byte; other characters are their UTF-8. */
export function unescapeBytes(literal: string): Uint8Array {
  const { text, raw } = body(literal.slice(1));
  if (raw) return Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (const [piece, x, u, U, octal, other] of text.matchAll(escapes)) {
    if (u !== undefined || U !== undefined) throw new RangeError('no unicode escapes in bytes');
    if (x !== undefined) pieces.push(Uint8Array.of(Number.parseInt(x, 16)));
    else if (octal !== undefined) pieces.push(Uint8Array.of(Number.parseInt(octal, 8)));
    else pieces.push(Buffer.from(other === undefined ? piece : (named[other] ?? other)));
  }
  return Buffer.concat(pieces);
}
