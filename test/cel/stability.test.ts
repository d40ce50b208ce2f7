// Rules over objects: they hold, and at the cost that upstream's own test of stability names (apiextensions' celcoststability_test.go,
// validation_test.go). A change here changes which objects are accepted.
import { describe, expect, test } from 'vitest';
import { compile } from '../../cel/cel.ts';
import { celTypeOf } from '../../cel/schemaType.ts';

type Schema = Record<string, any>;
const string = { type: 'string' };
const integer = { type: 'integer' };
const number = { type: 'number' };
const boolean = { type: 'boolean' };
const format = (f: string) => ({ type: 'string', format: f });
const list = (items: Schema, more: Schema = {}) => ({ type: 'array', items, ...more });
const set = list(string, { 'x-kubernetes-list-type': 'set' });
const listMap = (properties: Schema) =>
  list({ type: 'object', properties }, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] });
const map = (values: Schema) => ({ type: 'object', additionalProperties: values });
const object = (properties: Schema) => ({ type: 'object', properties });
const intOrString = { 'x-kubernetes-int-or-string': true };
const nullable = { type: 'string', nullable: true };
const listMap2 = {
  ...list(object({ 'k!': string, 'k.': string })),
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['k!', 'k.'],
};
/** val1, val2, … */
const numbered = (...parts: any[]) => Object.fromEntries(parts.map((p, i) => [`val${i + 1}`, p]));

const crown = 'Rook takes 👑';
const entries = [
  { k: 'a1', v: 'b1' },
  { k: 'a2', v: 'b2' },
  { k: 'a3', v: 'b3', v2: 'z' },
];
const same = (literal: string) => `self.val1 == self.val2 && self.val1 == ${literal} && self.val2 == ${literal}`;

const groups: Record<string, { schema: Schema; self: unknown; rules: [rule: string, cost: number][] }> = {
  integers: {
    schema: object(numbered(integer, integer, integer)),
    self: numbered(2 ** 63, 2 ** 63, 2147483647),
    rules: [
      [same('9223372036854775807'), 11],
      ['type(self.val1) == int', 4],
      ['self.val3 + 1 == 2147483647 + 1', 5],
    ],
  },
  numbers: {
    schema: object(numbered(integer, number, number)),
    self: numbered(5, 10, 1),
    rules: [
      ['type(self.val3) == double', 4],
      ['self.val3 == 1.0', 3],
      ['double(self.val1) < self.val2', 6],
      ['self.val1 < int(self.val2)', 6],
      ['double(5) < 10.0', 1],
      ['double(self.val1) < 10.0', 4],
    ],
  },
  'unicode strings': {
    schema: object(numbered(string, string)),
    self: numbered(crown, crown),
    rules: [
      [same(`'${crown}'`), 14],
      ["self.val1.startsWith('Rook')", 4],
      ["!self.val1.startsWith('knight')", 5],
      ["self.val1.matches('^[^0-9]*$')", 8],
      ["!self.val1.matches('^[0-9]*$')", 7],
      ['size(self.val1) == 12', 4],
      ["self.val1.charAt(3) == 'k'", 4],
      ["self.val1.indexOf('o', 2) == 2", 4],
      ["self.val1.replace(' ', 'x') == 'Rookxtakesx👑'", 7],
      ["self.val1.replace(' ', 'x', 1) == 'Rookxtakes 👑'", 7],
      ["self.val1.split(' ') == ['Rook', 'takes', '👑']", 6],
      ["self.val1.split(' ', 2) == ['Rook', 'takes 👑']", 6],
      ["self.val1.substring(5) == 'takes 👑'", 5],
      ["self.val1.substring(4, 10).trim() == 'takes'", 6],
      ["self.val1.upperAscii() == 'ROOK TAKES 👑'", 6],
    ],
  },
  'bytes and booleans': {
    schema: object(numbered(format('byte'), format('byte'), boolean, boolean)),
    self: numbered('QUI=', 'QUI=', true, false),
    rules: [
      ['self.val1 == self.val2', 5],
      ["self.val1 == b'AB'", 3],
      ['size(self.val1) == 2', 4],
      ['self.val3 != self.val4', 5],
    ],
  },
  times: {
    schema: object(numbered(format('duration'), format('date'), format('date-time'), string)),
    self: numbered('1h2m3s4ms', '1997-07-16', '2011-08-18T19:03:37.010000000+01:00', '2011-08-18T19:03:37.01+01:00'),
    rules: [
      ["self.val1 == duration('1h2m') + duration('3s4ms')", 4],
      ['self.val1.getHours() == 1', 4],
      ['type(self.val1) == google.protobuf.Duration', 4],
      ['self.val2.getDate() == 16', 4],
      ["self.val3 == timestamp('2011-08-18T00:00:00.000+01:00') + duration('19h3m37s10ms')", 4],
      ["self.val3.getDate('01:00') == 18", 4],
      ['timestamp(self.val4) == self.val3', 6],
      ['string(self.val3) == self.val4', 8],
    ],
  },
  lists: {
    schema: object(numbered(list(integer), list(integer))),
    self: numbered([1, 2, 3], [1, 2, 3]),
    rules: [
      [same('[1, 2, 3]'), 11],
      ['1 in self.val1', 5],
      ['self.val2[0] in self.val1', 8],
      ['!(0 in self.val1)', 6],
      ['self.val1 + self.val2 == [1, 2, 3, 1, 2, 3]', 6],
      ['self.val1 + [4, 5] == [1, 2, 3, 4, 5]', 4],
    ],
  },
  sets: {
    schema: object({ ...numbered(set, set), kind: { ...string, enum: ['Pending'] } }),
    self: { ...numbered(['a', 'b', 'c'], ['a', 'c', 'b']), kind: 'Pending' },
    rules: [
      ["self.val1 == ['c', 'b', 'a']", 3],
      ['self.val1 == self.val2', 5],
      ["self.val1 + self.val2 == ['a', 'b', 'c']", 6],
      ["self.val1 + ['c', 'd'] == ['a', 'b', 'c', 'd']", 4],
      ["self.kind in ['Pending', 'Available']", 2],
    ],
  },
  'lists of type map': {
    schema: object({ objs: list(listMap({ k: string, v: string })) }),
    self: {
      objs: [
        [
          { k: 'a', v: '1' },
          { k: 'b', v: '2' },
        ],
        [
          { k: 'b', v: '2' },
          { k: 'a', v: '1' },
        ],
        [
          { k: 'b', v: '3' },
          { k: 'a', v: '1' },
        ],
        [{ k: 'c', v: '4' }],
      ],
    },
    rules: [
      ['self.objs[0] == self.objs[1]', 7],
      ['self.objs[0] + self.objs[2] == self.objs[2]', 11],
      ['self.objs[2] + self.objs[0] == self.objs[0]', 11],
      ['self.objs[0] == [self.objs[0][1], self.objs[0][0]]', 22],
      ['self.objs[2] + [self.objs[0][0], self.objs[0][1]] == self.objs[0]', 26],
      ['size(self.objs[0] + [self.objs[3][0]]) == 3', 20],
    ],
  },
  objects: {
    schema: object({
      a: object({ b: integer, c: integer, d: { ...integer, nullable: true } }),
      a1: object({ b1: object({ c1: integer }), d2: object({ e2: integer }) }),
    }),
    self: { a: { b: 1, d: null }, a1: { b1: { c1: 4 } } },
    rules: [
      ['has(self.a.b)', 2],
      ['has(self.a1.b1.c1)', 3],
      ['!(has(self.a1.d2) && has(self.a1.d2.e2))', 3],
      ['!has(self.a1.d2)', 3],
    ],
  },
  maps: {
    schema: object({ val: map(integer), ...numbered(map(string), map(string)) }),
    self: { val: { b: 1, d: 2 }, ...numbered({ k1: 'a', k2: 'b' }, { k2: 'b', k1: 'a' }) },
    rules: [
      ['self.val1 == self.val2', 5],
      ["self.val1 == {'k1': 'a', 'k2': 'b'}", 3],
      ["!('a' in self.val)", 4],
      ['!has(self.val.a)', 3],
      ['has(self.val.b)', 2],
      ['self.val.all(k, self.val[k] > 0)', 17],
      ['self.val.exists_one(k, self.val[k] == 2)', 14],
      ['!self.val.exists_one(k, self.val[k] > 0)', 17],
      ['size(self.val.filter(k, self.val[k] > 1)) == 1', 26],
    ],
  },
  'items of a list of type map': {
    schema: object({ listMap: listMap({ k: string, v: string, v2: string }) }),
    self: { listMap: entries },
    rules: [
      ['has(self.listMap[0].v)', 3],
      ["self.listMap.all(m, m.k.startsWith('a'))", 21],
      ["self.listMap.all(m, !has(m.v2) || m.v2 == 'z')", 21],
      ["self.listMap.exists(m, m.k.endsWith('1'))", 13],
      ["self.listMap.exists_one(m, m.k == 'a3')", 15],
      ["!self.listMap.all(m, m.k.endsWith('1'))", 18],
      ["!self.listMap.exists(m, m.v == 'x')", 25],
      ["!self.listMap.exists_one(m, m.k.startsWith('a'))", 20],
      ["size(self.listMap.filter(m, m.k == 'a1')) == 1", 27],
      ["self.listMap.exists(m, m.k == 'a1' && m.v == 'b1')", 16],
      ["self.listMap.map(m, m.v).exists(v, v == 'b1')", 55],
      ["self.listMap.exists(m, has(m.v2) && m.v2 == 'z')", 21],
      ["!self.listMap.all(m, has(m.v2) && m.v2 != 'z')", 10],
    ],
  },
  'list access': {
    schema: object({ array: list(integer) }),
    self: { array: [1, 1, 2, 2, 3, 3, 4, 5] },
    rules: [
      ['2 in self.array', 10],
      ['self.array.all(e, e > 0)', 43],
      ['self.array.exists(e, e > 2)', 36],
      ['self.array.exists_one(e, e > 4)', 22],
      ['!self.array.all(e, e < 2)', 21],
      ['!self.array.exists(e, e < 0)', 52],
      ['!self.array.exists_one(e, e == 2)', 25],
      ['size(self.array.filter(e, e%2 == 0)) == 3', 68],
      ['self.array.map(e, e * 20).filter(e, e > 50).exists(e, e == 60)', 194],
    ],
  },
  'failures on the way': {
    schema: object({ listMap: listMap({ k: string, v: string, v2: string }) }),
    self: { listMap: entries },
    rules: [
      ["self.listMap.exists_one(m, has(m.v2) && m.v2 == 'z')", 12],
      ["self.listMap.filter(m, has(m.v2) && m.v2 == 'z').size() == 1", 24],
      ["self.listMap.map(m, has(m.v2) && m.v2 == 'z', m.v2).size() == 1", 25],
      ["self.listMap.filter(m, has(m.v2) && m.v2 == 'z').map(m, m.v2).size() == 1", 39],
      ["self.listMap.exists(m, m.v2 == 'z')", 24],
      ["!self.listMap.all(m, m.v2 != 'z')", 22],
    ],
  },
  'embedded resources': {
    schema: object({
      embedded: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        'x-kubernetes-embedded-resource': true,
      },
    }),
    self: { kind: 'Thing', embedded: { kind: 'Pod', metadata: { name: 'foo', generateName: 'pickItForMe' } } },
    rules: [
      ["self.kind == 'Thing'", 3],
      ["self.embedded.kind == 'Pod'", 4],
      ["self.embedded.metadata.generateName == 'pickItForMe'", 6],
      ['has(self.embedded)', 1],
    ],
  },
  'int-or-string': {
    schema: object({ text: intOrString, whole: intOrString, min: intOrString, current: integer, available: integer }),
    self: { text: '25%', whole: 1, min: '50%', current: 5, available: 10 },
    rules: [
      ["type(self.text) == int ? self.text == 1 : self.text == '25%'", 7],
      ["type(self.text) == string && self.text == '25%'", 7],
      ['self.text != 1', 3],
      ["self.text == 1 || self.text == '25%'", 6],
      ["self.text != ['anything']", 3],
      ['type(self.whole) == int && self.whole == 1', 7],
      ["self.whole == '25%' || self.whole == 1", 6],
      ["type(self.min) == string && self.min.matches(r'(\\d+(\\.\\d+)?%)')", 10],
      [
        "type(self.min) == int ? self.current <= self.min : double(self.current) / double(self.available) >= double(self.min.replace('%', '')) / 100.0",
        17,
      ],
    ],
  },
  'unknown fields': {
    schema: object({ list: list({ ...object({ known: integer }), 'x-kubernetes-preserve-unknown-fields': true }) }),
    self: { list: [{ known: 1, x: 'a' }, { known: 1, x: 'b' }, { known: 1, x: 'b' }, { known: 1 }, {}, {}] },
    rules: [
      ['self.list.size() == 6', 4],
      ['self.list[0] != self.list[1]', 7],
      ['self.list[1] == self.list[2]', 7],
      ['self.list[0] != self.list[3]', 7],
      ['self.list[4] == self.list[5]', 6],
    ],
  },
  nulls: {
    schema: object({ a: nullable, b: nullable, m: map(nullable), l: list(nullable) }),
    self: { a: 'v', b: null, m: { a: null, b: 'x' }, l: [null, 'x'] },
    rules: [
      ["has(self.a) && self.a == 'v'", 4],
      ['!has(self.b)', 2],
      ['type(self.a) != null_type', 4],
      ['self.m.size() == 2', 4],
      ["'a' in self.m", 3],
      ["type(self.m['a']) == null_type", 5],
    ],
  },
  types: {
    schema: object({ m: map(object({ f: integer })), objs: list(listMap2) }),
    self: {
      m: { k1: { f: 1 }, k2: { f: 2 } },
      objs: [
        [
          { 'k!': 'a', 'k.': '1' },
          { 'k!': 'b', 'k.': '2' },
        ],
        [
          { 'k!': 'b', 'k.': '2' },
          { 'k!': 'a', 'k.': '1' },
        ],
      ],
    },
    rules: [
      ['type(self) == type(self)', 5],
      ["type(self.m['k1']) == type(self.m['k2'])", 9],
      ['self.objs[0] == self.objs[1]', 7],
      ["self.objs[0][0].k__dot__ == '1'", 6],
    ],
  },
  containers: {
    schema: object({ maps: map(map(string)), objects: map(object({ f: string })), lists: map(listMap({ k: string })) }),
    self: { maps: { x: { y: 'b' } }, objects: { k: { f: 'c' } }, lists: { o: [{ k: '1' }] } },
    rules: [
      ["self.maps['x']['y'] == 'b'", 5],
      ["self.objects['k'].f == 'c'", 5],
      ["self.lists['o'].exists(e, e.k == '1' && e.k == '1')", 14],
    ],
  },
  optionals: {
    schema: object({ obj: object({ field: string, absentField: string }), m: map(string), l: list(string) }),
    self: { obj: { field: 'a' }, m: { k: 'v' }, l: ['a'] },
    rules: [
      ["optional.of('a') != optional.of('b')", 3],
      ["optional.of('a') != optional.none()", 3],
      ["optional.of('a').or(optional.of('a')).hasValue()", 2],
      ["optional.none().or(optional.of('a')).hasValue()", 3],
      ["optional.of('a').optMap(v, v == 'value').hasValue()", 8],
      ["self.obj.?field == optional.of('a')", 5],
      ['self.obj.?absentField == optional.none()', 4],
      ["self.obj.?field.orValue('v') == 'a'", 4],
      ["self.m[?'k'] == optional.of('v')", 5],
      ["self.l[?0] == optional.of('a')", 5],
      ["!self.m[?'zz'].hasValue()", 4],
      ['optional.ofNonZeroValue(1).hasValue()', 2],
    ],
  },
};

describe.each(Object.entries(groups))('%s', (_, { schema, self, rules }) => {
  const type = celTypeOf(schema, { resourceRoot: true })!;
  test.each(rules)('%s costs %i', (rule, cost) => {
    const compiled = compile(rule, { variables: { self: type } });
    if (!compiled.ok) throw new Error(compiled.message);
    expect(compiled.program.evaluate({ self }, { budget: 1_000_000 })).toEqual({ value: true, cost });
  });
});
