// The functions of Kubernetes' libraries, one row a fact.
import { describe, expect, test } from 'vitest';
import { type AuthorizationQuestion, authorizerValue } from '../../cel/libraries/authorization.ts';
import { authorizerType } from '../../cel/types.ts';
import { Double } from '../../cel/values.ts';
import { evaluate } from './kit.ts';

const truths: Record<string, string[]> = {
  strings: [
    "'hello'.charAt(4) == 'o' && 'hello'.charAt(5) == ''",
    "'hello mellow'.indexOf('ello', 2) == 7 && 'hello'.indexOf('jello') == -1 && 'hello'.indexOf('') == 0",
    "'hello mellow'.lastIndexOf('ello') == 7 && 'hello mellow'.lastIndexOf('ello', 6) == 1",
    "'😀b😀'.lastIndexOf('😀') == 2 && '😀b'.substring(1) == 'b' && 'tacocat'.substring(0, 4) == 'taco'",
    "'TacoCat Æ'.lowerAscii() == 'tacocat Æ' && 'tacoCat'.upperAscii() == 'TACOCAT'",
    "'hello hello'.replace('he', 'we', 1) == 'wello hello' && 'hello'.replace('', '_') == '_h_e_l_l_o_'",
    "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a'.split(',', 0) == []",
    "'  trim\\n '.trim() == 'trim' && ['x', 'y'].join('-') == 'x-y' && [].join() == ''",
    'strings.quote("a\\n\\"") == "\\"a\\\\n\\\\\\"\\""',
    "'%s is %s'.format(['a', 'b']) == 'a is b' && '%d%%'.format([5]) == '5%'",
    "'%.2f %e %b %x %X %o'.format([1, 2, 5, 255, 255, 8].map(x, dyn(x))) == '1.00 2.000000e+00 101 ff FF 10'",
    "'%s'.format([[1, 2]]) == '[1, 2]' && '%s'.format([{'b': true}]) == '{b: true}' && '%s'.format([null]) == 'null'",
    "'%s %s'.format([duration('1m'), duration('2s')]) == '60s 2s'",
  ],
  regex: [
    "'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]') == ''",
    "'1 2 3'.findAll('[0-9]') == ['1', '2', '3'] && '1 2 3'.findAll('[0-9]', 2) == ['1', '2']",
    "'xabcx'.matches('abc') && !'x'.matches('^y$') && matches('a', 'a')",
  ],
  lists: [
    "[1, 2, 2].isSorted() && !['b', 'a'].isSorted() && [].isSorted()",
    "[1, 3].sum() == 4 && [1.5].sum() == 1.5 && [duration('1s'), duration('2s')].sum() == duration('3s')",
    "[3, 1].min() == 1 && ['a', 'c'].max() == 'c' && [1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2",
    '[3, 1, 2].sort() == [1, 2, 3] && [1, 1, 2].distinct() == [1, 2] && [1, 2].reverse() == [2, 1]',
    "[{'n': 2}, {'n': 1}].sortBy(e, e.n) == [{'n': 1}, {'n': 2}] && lists.range(3) == [0, 1, 2]",
    '[1, 2, 3].slice(1, 3) == [2, 3] && [[1], [2, 3]].flatten() == [1, 2, 3] && [dyn([[1]])].flatten(5) == [1]',
    '[1, 2].first().value() == 1 && [1, 2].last().value() == 2 && ![].first().hasValue()',
  ],
  sets: [
    'sets.contains([1, 2], [2]) && !sets.contains([1], [2]) && sets.contains([], [])',
    'sets.equivalent([1], [1, 1]) && sets.intersects([1, 2], [2, 3]) && !sets.intersects([], [1])',
  ],
  quantities: [
    "isQuantity('1.3Gi') && !isQuantity('1,3G') && isQuantity('10000k')",
    "quantity('150Mi').isGreaterThan(quantity('100Mi')) && quantity('1k').compareTo(quantity('1000')) == 0",
    "quantity('50k').add(20).sub(quantity('100k')).asInteger() == -49980 && sign(quantity('-1')) == -1",
    "!quantity('1.5').isInteger() && quantity('1.5').asApproximateFloat() == 1.5 && quantity('0.2G') == quantity('200M')",
  ],
  addresses: [
    "isIP('10.0.0.1') && !isIP('10.0.0.01') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%en0') && !isIP('x')",
    "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD') && ip('::1').family() == 6",
    "ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('224.0.0.1').isLinkLocalMulticast()",
    "ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast() && !ip('ff00::1').isGlobalUnicast()",
    "ip('192.168.0.1').isGlobalUnicast() && string(ip('::1')) == '::1' && type(ip('::1')) == net.IP",
    "isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
    "cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
    "cidr('10.1.2.3/8').ip() == ip('10.1.2.3') && cidr('::1/128').prefixLength() == 128 && string(cidr('::/0')) == '::/0'",
  ],
  urls: [
    "isURL('https://a.b') && isURL('/path') && !isURL('../rel') && !isURL('') && !isURL('http://a b')",
    "url('https://u:p@[::1]:80/a%20b?x=1&x=2&y=%2F').getHost() == '[::1]:80'",
    "url('https://[::1]:80/').getHostname() == '::1' && url('https://h:80/').getPort() == '80'",
    "url('https://h/a b?x=1&x=2').getEscapedPath() == '/a%20b' && url('https://h/?x=1&x=2').getQuery()['x'] == ['1', '2']",
    "url('HTTPS://h').getScheme() == 'https' && url('https://h') == url('https://h')",
  ],
  semvers: [
    "isSemver('1.0.0-beta.1+x') && !isSemver('v1.0') && isSemver('v1.0', true) && !isSemver('01.0.0')",
    "semver('1.2.3').major() + semver('1.2.3').minor() * 10 + semver('1.2.3').patch() * 100 == 321",
    "semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10')) && semver('1.0.0').isGreaterThan(semver('1.0.0-rc'))",
    "semver('v01.2', true) == semver('1.2.0') && semver('1.0.0').compareTo(semver('1.0.1')) == -1",
  ],
  formats: [
    "!format.dns1123Label().validate('abc').hasValue() && format.dns1123Label().validate('A').hasValue()",
    "format.named('qualifiedName').hasValue() && !format.named('nope').hasValue()",
    "format.uuid().validate('x').value() == ['does not match the UUID format'] && !format.date().validate('2021-01-01').hasValue()",
    "!format.byte().validate('aGk=').hasValue() && format.datetime().validate('x').hasValue()",
    "!format.uri().validate('https://a').hasValue() && !format.labelValue().validate('a.b').hasValue()",
  ],
};
describe.each(Object.entries(truths))('%s', (_, expressions) => {
  test.each(expressions)('%s', (expression) => {
    expect(evaluate(expression).value).toBe(true);
  });
});

test.each([
  ["quantity('x')", 'quantities must match the regular expression'],
  [
    "ip('1.2.3')",
    'IP Address "1.2.3" parse error during conversion from string: ParseAddr("1.2.3"): IPv4 address too short',
  ],
  ["ip('fe80::1%en0')", 'IP address "fe80::1%en0" with zone value is not allowed'],
  ["cidr('1.2.3.4')", 'network address parse error during conversion from string'],
  ["url('rel')", 'URL parse error during conversion from string: parse "rel": invalid URI for request'],
  ["semver('1')", 'No Major.Minor.Patch elements found'],
  ["'abc'.substring(2, 1)", 'invalid substring range. start: 2, end: 1'],
  ["'abc'.charAt(4)", 'index out of range: 4'],
  ['[].min()', 'min called on empty list'],
  ['[1].slice(0, 2)', 'cannot slice(0, 2), list is length 1'],
  ["quantity('1.5').asInteger()", 'cannot convert value to integer'],
])('%s fails', (expression, message) => {
  expect(() => evaluate(expression)).toThrow(message);
});

test('doubles print as Go prints them', () => {
  const text = (n: number) => evaluate('string(n)', { n }, { variables: { n: { kind: 'double' } } }).value;
  expect([1, 0.1, 123456, 1234567.5, 1e21, 1e-5, -0].map(text)).toEqual([
    '1',
    '0.1',
    '123456',
    '1.2345675e+06',
    '1e+21',
    '1e-05',
    '-0',
  ]);
  expect(evaluate('-1.5').value).toEqual(new Double(-1.5));
});

test('the authorizer is asked what the expression says', () => {
  const asked: AuthorizationQuestion[] = [];
  const authorizer = authorizerValue((question) => {
    asked.push(question);
    return { allowed: question.verb === 'get', reason: 'because' };
  });
  const ask = (e: string) => evaluate(e, { authorizer }, { variables: { authorizer: authorizerType } }).value;
  const pods = "authorizer.serviceAccount('ns', 'sa').group('').resource('pods').namespace('n')";
  expect(ask(`${pods}.labelSelector('a=b').check('get').allowed()`)).toBe(true);
  expect(ask("authorizer.path('/healthz').check('post').reason()")).toBe('because');
  expect(asked).toEqual([
    {
      ...{ group: '', resource: 'pods', namespace: 'n', labelSelector: 'a=b', verb: 'get' },
      serviceAccount: { namespace: 'ns', name: 'sa' },
    },
    { path: '/healthz', verb: 'post' },
  ]);
  expect(() => ask("authorizer.path(' ')")).toThrow('path must not be empty');
});
