import { describe, expect, it } from 'vitest';
import { duplicateKeys, parseJson } from '../../apiserver/jsonText.ts';

const dup: [string, string[]][] = [
  ['{"a":1,"b":{"a":2}}', []],
  ['{"a":1,"a":2}', ['a']],
  ['{"a":{"x":1,"x":2},"l":[{"k":1},{"k":1,"k":2}]}', ['a.x', 'l[1].k']],
  ['{"a":"\\"a\\":","b":"{\\"b\\":1,\\"b\\":2}"}', []],
  ['{"a" : 1 , "a"\n:2}', ['a']],
  ['{"\\u0061":1,"a":2}', ['a']],
  ['[]', []],
];

describe('duplicateKeys', () => {
  it.each(dup)('%s', (text, want) => {
    expect(duplicateKeys(text, JSON.parse(text))).toEqual(want);
  });
});

describe('parseJson', () => {
  it.each([
    ['', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ])('%s', (text, want) => {
    expect(() => parseJson(text)).toThrow(want);
  });
  it('refuses depth that could hurt', () => {
    expect(() => parseJson('['.repeat(20_000) + ']'.repeat(20_000))).toThrow('json: exceeded max depth');
  });
});
