// YAML as bodies bring it: what is JSON in truth, and what would keep a parser busy.
import { expect, test } from 'vitest';
import { mediaTypes, yamlMedia } from '../../../apiserver/codecs/mediaTypes.ts';

const parse = (text: string, problems: string[] = []): any => yamlMedia.parse(Buffer.from(text), problems);
const json = (text: string) => mediaTypes[0]!.parse(Buffer.from(text), []);

test.each([
  '{"kind":"ConfigMap","data":{"on":"yes","0":"1e3"},"n":[1,1.5,-0,1e3,12345678901234567890,null,true]}',
  '  {\n"a": "\\u00e9\\/\\n", "b": {}}\n',
])('JSON that calls itself YAML is read as JSON: %s', (text) => {
  expect(parse(text)).toEqual(json(text));
});

test('a key twice is told with its line, in JSON too', () => {
  const problems: string[] = [];
  expect(parse('{\n"a": 1,\n"a": 2}', problems)).toEqual({ a: 2 });
  expect(problems).toEqual(['line 3: key "a" already set in map']);
});

test('a key that could trip code is refused', () => {
  expect(() => parse('{"__proto__": 1}')).toThrow('__proto__');
});

test('JSON of megabytes takes no longer than JSON does', () => {
  const text = JSON.stringify({ items: Array.from({ length: 100_000 }, (_, i) => ({ name: `n${i}`, value: i })) });
  const start = performance.now();
  expect(parse(text).items).toHaveLength(100_000);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test.each([
  ['lists', `a: ${'['.repeat(1_000_000)}`],
  ['objects', '{'.repeat(1_000_000)],
  ['JSON', `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
  ['marks', '- '.repeat(500_000)],
  ['what the limit allows and the parser does not', `a: ${'['.repeat(9_000)}${']'.repeat(9_000)}`],
])('depth that could hurt is refused at once: %s', (_what, text) => {
  const start = performance.now();
  expect(() => parse(text)).toThrow('error converting YAML to JSON: yaml: exceeded max depth of 10000');
  expect(performance.now() - start).toBeLessThan(15_000);
});

test('brackets and dashes by the thousand that do not nest are fine', () => {
  const dashes = '-'.repeat(20_000);
  const text = `a: |\n  ${dashes}\n  ${'[]'.repeat(20_000)}\nb: [${'[],'.repeat(3_000)}]\n`;
  expect(parse(text).a).toContain(dashes);
});
