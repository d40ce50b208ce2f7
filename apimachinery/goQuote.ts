// Text quoted as Go's %q verb quotes it: error messages carry user input in this form, and clients match on them.
// Reads and writes: strings only. Mirrors: Go's strconv.Quote.
// Next: fieldErrors.ts prints string values with it.

const named: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};
const plain = /^[ !#-[\]-~]*$/;
// Go's IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space.
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Does Go count this one character as printable? */
export const isPrintable = (char: string): boolean => printable.test(char);

function escaped(char: string): string {
  const known = named[char];
  if (known) return known;
  if (isPrintable(char)) return char;
  const code = char.codePointAt(0)!;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** `a"b` becomes `"a\"b"`; printable characters of any script stay as they are. */
export function goQuote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let out = '"';
  for (const char of text) out += escaped(char);
  return `${out}"`;
}
