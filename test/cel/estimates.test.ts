// Estimated costs of rules over schemas. The numbers are those of upstream's own test of them (apiextensions' compilation_test.go):
// a change here changes which CustomResourceDefinitions are accepted.
import { expect, test } from 'vitest';
import { celTypeOf } from '../../cel/schemaType.ts';
import { program } from './kit.ts';

type Schema = Record<string, any>;
type Make = (max?: number) => Schema;

const primitive = (type: string): Schema => {
  if (type === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
  return ['duration', 'date', 'date-time', 'byte'].includes(type) ? { type: 'string', format: type } : { type };
};
const array =
  (items: Schema): Make =>
  (max) => ({ type: 'array', items, ...(max !== undefined && { maxItems: max }) });
const map =
  (values: Schema): Make =>
  (max) => ({ type: 'object', additionalProperties: values, ...(max !== undefined && { maxProperties: max }) });
const text =
  (format?: string): Make =>
  (max) => ({ type: 'string', ...(format && { format }), ...(max !== undefined && { maxLength: max }) });
const of = (type: string) => array(primitive(type));
const mapOf = (type: string) => map(primitive(type));
const fields =
  (makes: Record<string, Make>): Make =>
  (max) => ({
    type: 'object',
    properties: Object.fromEntries(Object.entries(makes).map(([k, make]) => [k, make(max)])),
  });
const both: Make = (max) => array(text()(max))(max);
const object = { type: 'object', required: ['required'], properties: { required: { type: 'string' } } };

// name, schema, rule, cost without limits, the limit, cost with it.
const cases: [string, Make, string, number, number, number][] = [
  ['numbers', of('number'), 'self.all(x, true)', 4718591, 10, 32],
  ['strings', of('string'), 'self.all(x, true)', 3145727, 20, 62],
  ['booleans', of('boolean'), 'self.all(x, true)', 1887437, 5, 17],
  ['arrays', array(of('number')()), 'self.all(x, true)', 3145727, 100, 302],
  ['map of numbers', mapOf('number'), 'self.all(x, true)', 1348169, 10, 32],
  ['has on a map', mapOf('number'), 'has(self.x)', 1, 100, 1],
  ['map of strings', mapOf('string'), 'self.all(x, true)', 1179647, 3, 11],
  ['map of booleans', mapOf('boolean'), 'self.all(x, true)', 943718, 100, 302],
  ['contains', text(), "self.contains('test')", 314574, 10, 5],
  ['startsWith', text(), "self.startsWith('test')", 2, 15, 2],
  ['endsWith', text(), "self.endsWith('test')", 2, 30, 2],
  ['concatenation', text(), 'size(self + "hello") > size("hello")', 314578, 4, 7],
  ['index of numbers', of('number'), 'self[1] == 0.0', 2, 5000, 2],
  ['index of strings', of('string'), 'self[1] == self[1]', 314577, 8, 314577],
  ['regex', text(), 'self.matches("x")', 314574, 50, 22],
  ['regex on a constant', text(), '"".matches("(((((((((())))))))))[0-9]")', 7, 10, 7],
  ['empty regex', text(), 'self.matches("")', 1, 100, 1],
  ['no items', of('number'), 'self[3] == 0.0', 2, 0, 2],
  ['no entries', mapOf('number'), 'self["x"] == 0.0', 2, 0, 2],
  ['no characters', text(), 'self == "x"', 2, 0, 1],
  ['no bytes', text('byte'), 'self == b"x"', 2, 0, 1],
  ['more than a request holds', of('number'), 'self.all(x, x == 0.0)', 6291454, 3 * 1024 * 2048, 25165826],
  ['int-or-strings', of('int-or-string'), 'self.all(x, true)', 4718591, 10, 32],
  ['index of int-or-strings', of('int-or-string'), 'self[0] == 5', 3, 10, 3],
  ['index of booleans', of('boolean'), 'self[0] == false', 2, 25, 2],
  ['index of objects', array(object), 'self[0] == null', 2, 422, 2],
  ['index of arrays', array(of('number')()), 'self[0][0] == -1.0', 3, 51, 3],
  ['array of maps', array(mapOf('number')()), 'self.all(x, x.y == 25.2)', 6291452, 12, 74],
  ['index of maps', array(mapOf('number')()), 'self[0].x > 2.0', 4, 3000, 4],
  ['durations', of('duration'), 'self.all(x, true)', 2359295, 5, 17],
  ['a duration', of('duration'), 'self[0].getHours() == 2', 4, 525, 4],
  ['dates', of('date'), 'self.all(x, true)', 725936, 15, 47],
  ['a date', of('date'), 'self[2].getDayOfMonth() == 13', 4, 42, 4],
  ['date-times', of('date-time'), 'self.all(x, true)', 428963, 25, 77],
  ['map of int-or-strings', mapOf('int-or-string'), 'self.all(x, true)', 1348169, 15, 47],
  ['map of maps', map(mapOf('number')()), 'self.all(x, true)', 1179647, 10, 32],
  ['map of arrays', map(of('number')()), 'self.all(x, true)', 1179647, 25, 77],
  ['map of durations', mapOf('duration'), 'self.all(x, true)', 1048577, 5, 17],
  ['map of dates', mapOf('date'), 'self.all(x, true)', 524288, 10, 32],
  ['map of date-times', mapOf('date-time'), 'self.all(x, true)', 349526, 25, 77],
  ['find', text(), "self.find('[0-9]+') == ''", 629147, 10, 11],
  ['size of old and new', mapOf('integer'), 'oldSelf.size() == self.size()', 5, 10, 5],
  ['two timestamps', mapOf('date-time'), 'self["a"] == self["b"]', 8, 7, 8],
  ['two durations', mapOf('duration'), 'self["c"] == self["d"]', 8, 42, 8],
  ['lowerAscii', text(), "self.lowerAscii() == 'lower!'", 314575, 10, 6],
  ['isSorted', both, 'self.isSorted() == true', 329854432052, 10, 52],
  [
    'replace',
    fields({ str: text(), before: () => text()(2), after: () => text()(4) }),
    "self.str.replace(self.before, self.after) == 'does not matter'",
    629154,
    4,
    12,
  ],
  ['split', fields({ str: text(), separator: text() }), 'self.str.split(self.separator) == []', 629160, 10, 22],
  ['enum', (max) => ({ ...text()(max), enum: ['A', 'B', 'C', 'LongValue'] }), "self.contains('A')", 2, 1000, 401],
  ['join', both, "self.join(' ') == 'aa bb'", 329853068905, 10, 43],
];

const estimate = (schema: Schema, rule: string) => {
  const type = celTypeOf(schema)!;
  return program(rule, { variables: { self: type, oldSelf: type } }).estimate().max;
};

test.each(cases)('%s', (_, make, rule, unlimited, max, limited) => {
  expect(estimate(make(), rule)).toBe(BigInt(unlimited));
  expect(estimate(make(max), rule)).toBe(BigInt(limited));
});

test('nested loops multiply', () => {
  expect(estimate(of('number')(10), 'self.all(x, self.all(y, true))')).toBe(352n);
  expect(estimate(of('number')(10), 'self.all(x, self.all(y, self.all(z, true)))')).toBe(3552n);
  expect(estimate(of('number')(), 'self.all(x, self.all(y, true))')).toBeGreaterThan(10_000_000n);
});
