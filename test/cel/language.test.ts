// What expressions mean: values, compile errors with their text, and failures at run time.
import { describe, expect, test } from 'vitest';
import { celTypeOf } from '../../cel/schemaType.ts';
import { Double, Duration, Optional, Timestamp } from '../../cel/values.ts';
import { compileError, evaluate } from './kit.ts';

const schema = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    limit: { type: 'integer' },
    name: { type: 'string' },
    price: { type: 'number' },
    prices: { type: 'array', items: { type: 'number' } },
    tags: { type: 'array', items: { type: 'string' } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    port: { 'x-kubernetes-int-or-string': true },
    since: { type: 'string', format: 'date-time' },
    day: { type: 'string', format: 'date' },
    period: { type: 'string', format: 'duration' },
    data: { type: 'string', format: 'byte' },
    'my-field': { type: 'string' },
    namespace: { type: 'string' },
    'a.b/c__d': { type: 'string' },
    maybe: { type: 'string', nullable: true },
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    other: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    map: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: { type: 'string' }, v: { type: 'integer' } } },
    },
    unknown: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const self = celTypeOf(schema, { resourceRoot: true })!;
const object = {
  kind: 'Thing',
  metadata: { name: 'it' },
  replicas: 3,
  limit: 5,
  name: 'abc',
  price: 4,
  prices: [1, 2.5],
  tags: ['a', 'b'],
  labels: { app: 'x', 'with-dash': 'y' },
  port: '80%',
  since: '2024-02-29T23:30:00.5Z',
  day: '2024-03-01',
  period: '1h30m',
  data: 'aGk=',
  'my-field': 'dashed',
  namespace: 'ns',
  'a.b/c__d': 'odd',
  maybe: null,
  set: ['a', 'b'],
  other: ['b', 'a'],
  map: [
    { k: 'x', v: 1 },
    { k: 'y', v: 2 },
  ],
  unknown: { deep: 1.5 },
};
const variables = { self };
const run = (expression: string) => evaluate(expression, { self: object }, { variables }).value;

describe('values', () => {
  test.each<[string, unknown]>([
    ['1 + 2 * 3 - 4 / 2', 5],
    ['-7 / 2', -3],
    ['-7 % 3', -1],
    ['9007199254740991 + 2', 9007199254740993n],
    ['9007199254740993 - 2', 9007199254740991],
    ['2.5 * 2.0 == 5.0', true],
    ['7u / 2u == 3u', true],
    ['1 < 2.5 && 2u > 1 && 3.0 >= 3', true],
    ['0x10', 16],
    ["r'\\d' + '\\u00e9\\x41\\101'", '\\déAA'],
    ["'''a\nb'''.size()", 3],
    ["b'\\xff\\377'.size()", 2],
    ["'😀'.size()", 1],
    ["'a' in ['a', 'b'] && !('c' in {'a': 1})", true],
    ['[1, 2] + [3] == [1, 2, 3]', true],
    ["{'a': [1]} == {'a': [1]}", true],
    ['dyn(1) == 1.0 && dyn(1u) == 1', true],
    ["dyn(1) == 'a'", false],
    ['[1, 2, 3].filter(x, x > 1).map(x, x * x)', [4, 9]],
    ['[1, 2, 3].map(x, x > 1, x * 10)', [20, 30]],
    ['[1, 2, 3].exists_one(x, x > 2)', true],
    ["{'a': 1, 'b': 2}.map(k, k)", ['a', 'b']],
    ["{'a': 1}.transformList(k, v, k + string(v))", ['a1']],
    ["['x', 'y'].transformMapEntry(i, v, {v: i}) == {'x': 0, 'y': 1}", true],
    ["['x', 'y'].transformMap(i, v, i > 0, v) == {1: 'y'}", true],
    ['[[1, 2], [3]].all(l, l.exists(x, x > 1))', true],
    ['[1, 2].exists(i, v, i == 1 && v == 2)', true],
    ['[1, 0].exists(x, 2 / x > 1)', true],
    ['[0, 1].exists(x, 2 / x > 1)', true],
    ['[0, 1].all(x, 2 / x > 5)', false],
    ['1 / 0 == 1 || true', true],
    ['false && 1 / 0 == 1', false],
    ['type(1) == int && type(1.0) == double && type([]) == list && type(null) == null_type', true],
    ["int('12') + int(2.9) + int(3u)", 17],
    ["double('1e3') == 1000.0 && bool('true') && string(1.5) == '1.5'", true],
    ['string(1e21)', '1e+21'],
    ["string(bytes('é')) == 'é'", true],
    ["duration('1h30m').getMinutes()", 90],
    ["string(duration('1.5s') + duration('1m'))", '61.5s'],
    ["timestamp('2020-01-01T00:00:00Z') - timestamp('2019-12-31T00:00:00Z') == duration('24h')", true],
    ["timestamp('2020-06-01T02:00:00Z').getHours('America/New_York')", 22],
    ["timestamp('2020-01-01T00:00:00Z').getDayOfYear('-01:00')", 364],
    ["string(timestamp('2020-01-01T00:00:00.120+01:00'))", '2020-01-01T00:00:00.12+01:00'],
    ['optional.of(1).optMap(x, x + 1).orValue(0)', 2],
    ['optional.none().orValue(7)', 7],
    ["optional.ofNonZeroValue('').hasValue()", false],
    ['[?optional.none(), ?optional.of(2)]', [2]],
    ["{?'a': optional.of(1)}.?a.value() + {'b': {'c': 5}}.?b.c.orValue(0)", 6],
    ["[1][?5].hasValue() || {'a': 1}[?'b'].hasValue()", false],
    ["optional.of({'a': 1}).optFlatMap(m, m.?a).value()", 1],
  ])('%s', (expression, value) => {
    expect(evaluate(expression).value).toEqual(value);
  });
});

describe('objects of a schema', () => {
  test.each<[string, unknown]>([
    ['self.replicas <= self.limit', true],
    ['self.price / 8.0', new Double(0.5)],
    ['self.prices.sum()', new Double(3.5)],
    ['self.prices.all(p, type(p) == double)', true],
    ['self.kind + self.metadata.name', 'Thingit'],
    ["self.labels.app + self.labels['with-dash']", 'xy'],
    ["'app' in self.labels && has(self.labels.app) && !has(self.labels.zz)", true],
    ["type(self.port) == string && self.port == '80%'", true],
    ['self.since.getSeconds() + self.since.getDate()', 29],
    ['self.day - self.since', new Duration(1_799_500_000_000n)],
    ['self.day', new Timestamp(1_709_251_200_000_000_000n)],
    ["self.period == duration('90m')", true],
    ['string(self.data) + self.my__dash__field + self.__namespace__', 'hidashedns'],
    ['self.a__dot__b__slash__c__underscores__d', 'odd'],
    ['has(self.maybe) || has(self.metadata.generateName)', false],
    ['self.set == self.other && self.set != self.tags + ["c"]', true],
    ['self.set + ["b", "c"]', ['a', 'b', 'c']],
    ['(self.map + [dyn(self.map[1])])[1].v', 2],
    ["self.?maybe.orValue('none')", 'none'],
    ['self.unknown == self.unknown', true],
    ["self.map.filter(m, m.k == 'y')[0].v", 2],
    ['dyn(self).unknown.deep * 2.0 == 3.0', true],
  ])('%s', (expression, value) => {
    expect(run(expression)).toEqual(value);
  });
  test('data stays as it is', () => {
    const before = structuredClone(object);
    run(
      'self.map + self.map == self.map && self.set + self.tags == self.set && self.prices.map(p, p * 2.0).size() > 0',
    );
    expect(object).toEqual(before);
  });
  test('a variable declared optional may be absent', () => {
    const env = { variables: { old: { kind: 'opaque', name: 'optional_type', params: [self] } as const } };
    expect(evaluate('old.hasValue()', {}, env).value).toBe(false);
    expect(evaluate('old.value().replicas', { old: object }, env).value).toBe(3);
    expect(evaluate('old.replicas', { old: object }, env).value).toEqual(new Optional(3));
  });
});

const starters =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
describe('compile errors', () => {
  test.each<[string, string]>([
    ['self.foo', "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo\n | ....^"],
    ['foo', "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^"],
    ['foo(1)', "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^"],
    [
      'self.name + 1',
      "ERROR: <input>:1:11: found no matching overload for '_+_' applied to '(string, int)'\n | self.name + 1\n | ..........^",
    ],
    [
      'self.name.startsWith(1)',
      "ERROR: <input>:1:21: found no matching overload for 'startsWith' applied to 'string.(int)'\n | self.name.startsWith(1)\n | ....................^",
    ],
    [
      'true &&\n  1',
      "ERROR: <input>:1:6: found no matching overload for '_&&_' applied to '(bool, int)'\n | true &&\n | .....^",
    ],
    ["[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"],
    [
      'self.all(x, true)',
      "ERROR: <input>:1:1: expression of type 'selfType' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.all(x, true)\n | ^",
    ],
    ['1.a', "ERROR: <input>:1:2: type 'int' does not support field selection\n | 1.a\n | .^"],
    [
      'self.name.size',
      "ERROR: <input>:1:10: type 'string' does not support field selection\n | self.name.size\n | .........^",
    ],
    ['1 +', `ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting ${starters}\n | 1 +\n | ...^`],
    ['(1', "ERROR: <input>:1:3: Syntax error: missing ')' at '<EOF>'\n | (1\n | ..^"],
    ['self.', "ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'\n | self.\n | .....^"],
    ['1 + 2\n3 +', "ERROR: <input>:2:1: Syntax error: mismatched input '3' expecting <EOF>\n | 3 +\n | ^"],
    [
      '*@a | b',
      `ERROR: <input>:1:1: Syntax error: extraneous input '*' expecting ${starters}\n | *@a | b\n | ^\n` +
        "ERROR: <input>:1:2: Syntax error: token recognition error at: '@'\n | *@a | b\n | .^\n" +
        "ERROR: <input>:1:5: Syntax error: token recognition error at: '| '\n | *@a | b\n | ....^\n" +
        "ERROR: <input>:1:7: Syntax error: extraneous input 'b' expecting <EOF>\n | *@a | b\n | ......^",
    ],
    ['has(1)', 'ERROR: <input>:1:5: invalid argument to has() macro\n | has(1)\n | ....^'],
    ['[1].all(2, true)', 'ERROR: <input>:1:9: argument must be a simple name\n | [1].all(2, true)\n | ........^'],
    ["duration('1x')", "ERROR: <input>:1:10: invalid duration argument\n | duration('1x')\n | .........^"],
    ["'a'.matches('[')", "ERROR: <input>:1:13: invalid matches argument\n | 'a'.matches('[')\n | ............^"],
    ['9223372036854775808', 'ERROR: <input>:1:1: invalid int literal\n | 9223372036854775808\n | ^'],
    [`${'('.repeat(251)}1${')'.repeat(251)}`, 'ERROR: <input>:-1:0: expression recursion limit exceeded: 250'],
    [`1${'+1'.repeat(251)}`, 'ERROR: <input>:-1:0: expression recursion limit exceeded: 250'],
    ['x'.repeat(100_001), 'ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000'],
    ["int('x')", "program instantiation failed: type conversion error from 'string' to 'int'"],
    [
      "'é' + 1",
      "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | 'é' + 1\n | .．..^",
    ],
    ['cel.bind(x, 1, x)', "ERROR: <input>:1:1: undeclared reference to 'cel' (in container '')"],
  ])('%s', (expression, message) => {
    expect(compileError(expression, variables).startsWith(message)).toBe(true);
  });
  test('all errors of a text are told, in the order of their places', () => {
    const message = compileError('self.foo && bar && self.name', variables);
    expect(message.match(/ERROR: <input>:1:\d+: [^\n]*/g)).toEqual([
      "ERROR: <input>:1:5: undefined field 'foo'",
      "ERROR: <input>:1:13: undeclared reference to 'bar' (in container '')",
      "ERROR: <input>:1:17: found no matching overload for '_&&_' applied to '(bool, string)'",
    ]);
  });
});

describe('failures at run time', () => {
  test.each<[string, string]>([
    ['9223372036854775807 + self.replicas', 'integer overflow'],
    ['-(-9223372036854775807 - self.replicas + 2)', 'integer overflow'],
    ['uint(self.replicas) - 4u', 'unsigned integer overflow'],
    ['self.replicas / 0', 'division by zero'],
    ['self.replicas % 0', 'modulus by zero'],
    ['self.tags[2]', 'index out of bounds: 2'],
    ["self.labels['zz']", 'no such key: zz'],
    ['self.labels.zz', 'no such key: zz'],
    ['self.maybe', 'no such key: maybe'],
    ['self.port + 1', 'no such overload'],
    ['self.port.matches(1)', 'no such overload: matches(string, int)'],
    ['optional.none().value()', 'optional.none() dereference'],
    ['[self.replicas, 3].transformMapEntry(i, v, {v: i})', 'insert failed: key 3 already exists'],
    ["{self.name: 1, 'abc': 2}", 'Failed with repeated key: abc'],
    ['dyn(self).constructor', 'no such key: constructor'],
    ["dyn(self)['__proto__']", 'no such key: __proto__'],
    ['dyn(self.name).length', 'no such key: length'],
  ])('%s', (expression, message) => {
    const lenient = expression.includes('matches(1)') ? expression.replace('(1)', '(dyn(1))') : expression;
    expect(() => run(lenient)).toThrow(message);
  });
});
