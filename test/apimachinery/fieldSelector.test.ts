import { expect, test } from 'vitest';
import { parseFieldSelector } from '../../apimachinery/fieldSelector.ts';

const fields = { 'metadata.name': 'web', 'status.phase': 'Running', odd: 'a,b=c\\d' };

test.each([
  ['', true, ''],
  ['metadata.name=web', true, 'metadata.name=web'],
  ['metadata.name==web', true, 'metadata.name=web'],
  ['metadata.name!=web', false, 'metadata.name!=web'],
  ['status.phase!=Failed,metadata.name=web', true, 'metadata.name=web,status.phase!=Failed'],
  ['gone=', true, 'gone='],
  ['gone=x', false, 'gone=x'],
  ['odd=a\\,b\\=c\\\\d', true, 'odd=a\\,b\\=c\\\\d'],
  [',,metadata.name=web,', true, 'metadata.name=web'],
  ['=', true, ''],
])('%j matches: %s, prints as %j', (text, matches, printed) => {
  const selector = parseFieldSelector(text);
  expect(selector.matches(fields)).toBe(matches);
  expect(selector.toString()).toBe(printed);
});

test.each([
  ['a', "invalid selector: 'a'; can't understand 'a'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
])('%j is refused', (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message);
});

test('one exact value can be asked for', () => {
  const selector = parseFieldSelector('a=1,b!=2');
  expect([selector.exact('a'), selector.exact('b'), selector.exact('c')]).toEqual(['1', undefined, undefined]);
});

test('a transform renames, drops or refuses', () => {
  const selector = parseFieldSelector('a=1,b=2', (field, value) => (field === 'a' ? { field: 'A', value } : undefined));
  expect(selector.toString()).toBe('A=1');
  expect(() =>
    parseFieldSelector('x=1', () => {
      throw new Error('field label not supported: x');
    }),
  ).toThrow('field label not supported: x');
});
