// What expressions cost: estimated and at run time. The numbers are upstream's (apiserver/pkg/cel/library/cost_test.go, cel-go's
// checker/cost_test.go and interpreter/runtimecost_test.go), where constants are not folded.
import { describe, expect, test } from 'vitest';
import { authorizerValue } from '../../cel/libraries/authorization.ts';
import { authorizerType, boolType, bytesType, intType, listType, mapType, stringType } from '../../cel/types.ts';
import { program } from './kit.ts';

/** The elements' size is declared nowhere. */
const unbounded = Number.POSITIVE_INFINITY;
const ints = '[1, 2, 3, 4, 5]';
const uints = '[uint(1), uint(2), uint(3), uint(4), uint(5)]';
const doubles = '[1.0, 2.0, 3.0, 4.0, 5.0]';
const bools = '[false, true, false, true, false]';
const five = (item: string) => `[${Array(5).fill(item).join(', ')}]`;
const strings = five("'012345678901'");
const bytes = five("bytes('012345678901')");
const durations = five("duration('1s')");
const timestamps = five("timestamp('2011-01-01T00:00:00.000+01:00')");
const fifty = `'${'0123456789'.repeat(5)}'`;
const letters = "'ABCDEFGHIJ abcdefghij'";
const ten = "['aa', 'bb', 'cc', 'd', 'e', 'f', 'g', 'h', 'i', 'j']";
const longSelector = 'spec.nodeName=example-node-name.fully.qualified.domain.name.example.com';
const someResource =
  "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend')";
const v6 = "ip('2001:db8:3333:4444:5555:6666:7777:8888')";
const kubernetes = "url('https:://kubernetes.io/')";

// expression, least and most estimated, at run time.
const cases: [string, number, number, number][] = [
  [`${ints}.sum()`, 15, 15, 15],
  [`${uints}.sum()`, 20, 20, 20],
  [`${doubles}.sum()`, 15, 15, 15],
  [`${durations}.sum()`, 20, 20, 20],
  ...['isSorted', 'max', 'min'].flatMap((fn): [string, number, number, number][] => [
    [`${ints}.${fn}()`, 15, 15, 15],
    [`${uints}.${fn}()`, 20, 20, 20],
    [`${doubles}.${fn}()`, 15, 15, 15],
    [`${bools}.${fn}()`, 15, 15, 15],
    [`${strings}.${fn}()`, 15, unbounded, 15],
    [`${bytes}.${fn}()`, 25, unbounded, 25],
    [`${durations}.${fn}()`, 20, 20, 20],
    [`${timestamps}.${fn}()`, 20, 20, 20],
  ]),
  ...['indexOf', 'lastIndexOf'].flatMap((fn): [string, number, number, number][] => [
    [`${ints}.${fn}(3)`, 15, 15, 15],
    [`${uints}.${fn}(uint(3))`, 21, 21, 21],
    [`${strings}.${fn}('x')`, 15, unbounded, 15],
    [`${bytes}.${fn}(bytes('x'))`, 26, unbounded, 26],
    [`${fifty}.${fn}('123')`, 5, 5, 5],
  ]),
  [`${kubernetes}.getScheme()`, 4, 4, 4],
  [`${kubernetes}.getQuery()`, 4, 4, 4],
  [`${kubernetes} == url('https:://kubernetes.io/')`, 7, 9, 7],
  [`${kubernetes} == url('http://x.b')`, 5, 5, 5],
  ["ip('192.168.0.1')", 2, 2, 2],
  [v6, 4, 4, 4],
  ["ip('192.168.0.1').family()", 3, 3, 3],
  [`${v6}.isGlobalUnicast()`, 5, 5, 5],
  ["ip('192.168.0.1') == ip('192.168.0.1')", 5, 5, 5],
  [`${v6} == ip('192.168.0.1')`, 7, 7, 7],
  ["ip.isCanonical('192.168.0.1')", 3, 3, 3],
  ["ip.isCanonical('2001:db8:3333:4444:5555:6666:7777:8888')", 8, 8, 8],
  ["cidr('192.168.0.0/16')", 2, 2, 2],
  ["cidr('192.168.0.0/16').masked()", 3, 3, 3],
  ["cidr('192.168.0.0/16').ip()", 3, 3, 3],
  ["cidr('192.168.0.0/16') == cidr('2001:db8::/32')", 5, 5, 5],
  ["cidr('192.168.0.0/16').containsCIDR(cidr('192.0.0.0/30'))", 7, 11, 7],
  ["cidr('192.168.0.0/16').containsCIDR('192.0.0.0/30')", 7, 11, 7],
  ["cidr('192.168.0.0/16').containsIP(ip('192.0.0.1'))", 4, 7, 4],
  ["cidr('192.168.0.0/16').containsIP(ip('192.169.0.1'))", 5, 8, 5],
  ["cidr('192.168.0.0/16').containsIP('192.0.0.1')", 4, 7, 4],
  ["cidr('192.168.0.0/16').containsIP('192.169.0.1')", 5, 8, 5],
  [`${letters}.lowerAscii()`, 3, 3, 3],
  [`${letters}.lowerAscii() == 'abcdefghij ABCDEFGHIJ'.lowerAscii()`, 7, 9, 9],
  [`${letters}.upperAscii()`, 3, 3, 3],
  [`strings.quote(${letters})`, 3, 3, 3],
  [`strings.quote(${letters}) == strings.quote(${letters})`, 7, 11, 9],
  ["'abc 123 def 123'.replace('123', '456')", 3, 3, 3],
  ["'abc 123 def 123'.replace('', 'x')", 3, 3, 3],
  ["'abc 123 def 123'.replace('123', '456', 1)", 3, 3, 3],
  ["'abc 123 def 123'.split(' ')", 3, 3, 3],
  ["'abc 123 def 123'.split(' ', 1)", 3, 3, 3],
  ["'abc 123 def 123'.substring(5)", 2, 2, 2],
  ["'  abc 123 def 123  '.trim()", 2, 2, 2],
  [`${ten}.join(' ')`, 11, unbounded, 15],
  [`${ten}.join()`, 10, unbounded, 13],
  ["'abc 123 def 123'.find('123')", 2, 2, 2],
  ["'abc 123 def 123'.findAll('123', 1)", 2, 2, 2],
  ["authorizer.path('/healthz')", 2, 2, 2],
  [someResource, 6, 6, 6],
  [`authorizer.group('').resource('pods').fieldSelector('${longSelector}')`, 1821, 1821, 1821],
  ["authorizer.path('/healthz').check('get').allowed()", 350003, 350003, 350003],
  [`${someResource}.check('create').error()`, 350007, 350007, 350007],
  ['quantity("12Mi")', 1, 1, 1],
  ['quantity("200M") == quantity("200M")', 3, 3, 3],
  ['quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")', 3, 6, 6],
  ['quantity("200M").compareTo(quantity("0.2G")) > 0', 4, 4, 4],
  ['quantity("50k").add(quantity("20")) == quantity("50.02k")', 5, 5, 5],
  ['quantity("50k").add(20).sub(quantity("100k")).sub(-50000).asInteger() > 0', 7, 7, 7],
  ['quantity("50.703k").asApproximateFloat() > 0.0', 3, 3, 3],
  ['format.named("dns1123subdomain")', 1, 1, 1],
  ['format.named("dns1123Subdomain").value().validate("my-name")', 34, 34, 17],
  ['format.named("dns1123Label").value().validate("my-name")', 34, 34, 10],
  ['format.named("dns1123Label").value() == format.named("dns1123Label").value()', 5, 11, 5],
  ['sets.contains([], [])', 21, 21, 21],
  ['sets.contains([1, 2, 3, 4], [2, 3])', 29, 29, 29],
  ['!sets.contains([1], [2])', 23, 23, 23],
  ['sets.equivalent([1, 1], [1])', 25, 25, 25],
  ['sets.intersects([1], [1, 1])', 23, 23, 23],
  ['semver("1.0.0")', 1, 1, 1],
  ['isSemver("1234.56789012345.67890123456789")', 4, 4, 4],
  ['semver("1.2.3").patch()', 2, 2, 2],
  ['semver("1.0.0").isLessThan(semver("1.1.0"))', 3, 3, 3],
  ["{'a': 1, 'b': 2}.all(k, v, v > 0)", 37, 41, 41],
  ["{'a': 1, 'b': 2}.exists(k, v, v > 0)", 39, 43, 40],
  ["{'a': 1, 'b': 2}.existsOne(k, v, v > 0)", 38, 40, 40],
  ["{'a': 1, 'b': 2}.transformMap(k, v, v + 1)", 71, 71, 71],
  ["{'a': 1, 'b': 2}.transformMap(k, v, v < 5, v + 1)", 67, 75, 75],
  ["{'a': 1, 'b': 2}.transformMapEntry(k, v, {k: v + 1})", 131, 131, 131],
  ["{'a': 1, 'b': 2}.transformMapEntry(k, v, v < 5, {k: v + 1})", 67, 135, 135],
  ['[1, 2].all(i, v, v > 0)', 17, 21, 21],
  ['[1, 2].exists(i, v, v > 0)', 19, 23, 20],
  ['[1, 2].existsOne(i, v, v > 0)', 18, 20, 20],
  ['[1, 2].transformList(i, v, v + 1)', 49, 49, 49],
  ['[1, 2].transformList(i, v, v < 5, v + 1)', 27, 53, 53],
  ['"Hello World!"', 0, 0, 0],
  ['{"a": 1, "b": 2, "c": 3}', 30, 30, 30],
  ['[1, 2, 3].all(x, true)', 20, 20, 20],
  ["'123'.matches('[0-9]')", 2, 2, 2],
  ['true || false', 0, 0, 0],
  ['1 == 2', 1, 1, 1],
  ['2 in [1, 2, 3]', 13, 13, 13],
  ['true ? 1 : 2', 0, 0, 0],
  ['size("123")', 1, 1, 1],
  ["'12345678901234567890' == '123456789012345678901234567890'", 1, 2, 2],
  ['string(1)', 1, 1, 1],
];

describe('constants', () => {
  const variables = { authorizer: authorizerType };
  const authorizer = authorizerValue(() => ({ allowed: true, reason: '' }));
  test.each(cases)('%s', (expression, min, max, run) => {
    const p = program(expression, { variables, optimize: false });
    const estimate = p.estimate();
    expect(estimate.min).toBe(BigInt(min));
    if (max === unbounded) expect(estimate.max).toBeGreaterThan(2n ** 60n);
    else expect(estimate.max).toBe(BigInt(max));
    expect(p.evaluate({ authorizer }, { budget: 1_000_000 }).cost).toBe(run);
  });
});

const text = (n: number) => 'x'.repeat(n);
const input = (type: any, value: unknown) => [{ input: type }, { input: value }] as const;
const texts = mapType(stringType, stringType);
const numbers = listType(intType);
const object = (value: unknown) =>
  [{ input: mapType(stringType, mapType(stringType, intType)) }, { input: value }] as const;

// expression, variables, values, at run time.
const reads: [string, any, any, number][] = [
  ['input', ...input(numbers, [1, 2]), 1],
  ["input['key']", ...input(texts, { key: 'v' }), 2],
  ['input[0]', ...input(numbers, [1]), 2],
  ["input['ke' + 'y']", ...input(texts, { key: 'v' }), 3],
  ['input[3-3]', ...input(numbers, [1]), 3],
  ['has(input.a)', ...input(texts, { a: 'v' }), 1],
  ['has(input.a.b)', ...object({ a: { b: 1 } }), 2],
  ['input.all(x, true)', ...input(numbers, []), 2],
  ["input.matches('[0-9]')", ...input(stringType, text(500)), 103],
  ['string(input)', ...input(bytesType, Buffer.alloc(500, 97)), 51],
  ['bytes(input)', ...input(stringType, text(500)), 51],
  ['input.contains(input)', ...input(stringType, text(500)), 2502],
  ["input.startsWith('idc')", ...input(stringType, text(3)), 2],
  ['size(input)', ...input(stringType, '500'), 2],
  ['input.all(k, input[k].b > 3)', ...object({ a: { b: 1 } }), 9],
  [
    'a || b || c || d',
    { a: boolType, b: boolType, c: boolType, d: boolType },
    { a: false, b: false, c: false, d: false },
    4,
  ],
  ['(x > 2 ? one : two).all(y, true)', { x: intType, one: numbers, two: numbers }, { x: 1, one: [1], two: [1] }, 6],
];
test.each(reads)('reading: %s', (expression, variables, bindings, cost) => {
  expect(program(expression, { variables }).evaluate(bindings, { budget: 1_000_000 }).cost).toBe(cost);
});

test('constants are folded in the server: literals and conversions of them are free', () => {
  const cost = (e: string) => program(e).evaluate({}, { budget: 100 }).cost;
  expect(cost('[1, 2, 3].sum()')).toBe(3);
  expect(cost("'b' in ['a', 'b']")).toBe(0);
  expect(cost("duration('1h').getHours()")).toBe(1);
});
