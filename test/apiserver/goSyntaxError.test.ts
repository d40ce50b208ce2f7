import { expect, it } from 'vitest';
import { goSyntaxError } from '../../apiserver/goSyntaxError.ts';

const end = 'unexpected end of JSON input';
const rows: [text: string, error: string][] = [
  ['', end],
  ['  ', end],
  ['{', end],
  ['{"a"', end],
  ['{"a":', end],
  ['{"a":1', end],
  ['[1,', end],
  ['"a', end],
  ['"\\u12', end],
  ['tru', end],
  ['-', end],
  ['1.', end],
  ['1e', end],
  ['x', "invalid character 'x' looking for beginning of value"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ['é', "invalid character 'Ã' looking for beginning of value"],
  ['\u0007', "invalid character '\\a' looking for beginning of value"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['01', "invalid character '1' after top-level value"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['-a', "invalid character 'a' in numeric literal"],
  ['1.a', "invalid character 'a' after decimal point in numeric literal"],
  ['1e+a', "invalid character 'a' in exponent of numeric literal"],
  ['trux', "invalid character 'x' in literal true (expecting 'e')"],
  ['{"a":[{"b":nul}]}', "invalid character '}' in literal null (expecting 'l')"],
];

it.each(rows)('%j', (text, error) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(goSyntaxError(text)).toBe(error);
});
