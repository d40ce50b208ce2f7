import { describe, expect, test } from 'vitest';
import { errorBody } from '../../apimachinery/fieldErrors.ts';
import * as names from '../../apimachinery/names.ts';

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const keyName =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('names', () => {
  const checks = new Map(Object.entries(names)) as unknown as Map<string, names.NameCheck>;
  const rows: [string, string, string[]][] = [
    ['isDNS1123Label', 'web-1', []],
    ['isDNS1123Label', 'Web', [label]],
    ['isDNS1123Label', 'a.b', ['must not contain dots']],
    ['isDNS1123Label', 'a'.repeat(64), ['must be no more than 63 characters']],
    ['isDNS1123Subdomain', 'a.b-c.9', []],
    ['isDNS1123Subdomain', 'web\n', [subdomain]],
    ['isDNS1123Subdomain', 'a'.repeat(254), ['must be no more than 253 characters']],
    ['isDNS1035Label', 'a-1', []],
    ['isQualifiedName', 'example.com/MyName', []],
    ['isQualifiedName', '', ['name part must be non-empty', keyName]],
    ['isQualifiedName', '/x', ['prefix part must be non-empty']],
    ['isQualifiedName', 'A/x', [`prefix part ${subdomain}`]],
    ['isQualifiedName', `a/${'b'.repeat(64)}`, ['name part must be no more than 63 bytes']],
    ['isValidLabelValue', '', []],
    [
      'isValidLabelValue',
      'é'.repeat(32),
      ['must be no more than 63 bytes', expect.stringContaining('a valid label must be')],
    ],
    ['isCIdentifier', '_a9', []],
    ['isEnvVarName', '..x', ["must not start with '..'"]],
    ['isRelaxedEnvVarName', 'a b:c', []],
    ['isRelaxedEnvVarName', '', ['environment variable name must be non-empty']],
    ['isConfigMapKey', '..', ["must not be '..'"]],
    ['isValidPortName', 'http--a-', ['must not contain consecutive hyphens', 'must not begin or end with a hyphen']],
    ['isValidPortName', '80', ['must contain at least one letter (a-z)']],
    ['isValidPercent', '25%', []],
    ['isHTTPHeaderName', 'X-A', []],
  ];
  test.each(rows)('%s(%j)', (check, value, errors) => {
    expect(checks.get(check)!(value)).toEqual(errors);
  });

  test('32 ü are too long in bytes though a lone check counts characters', () => {
    expect(names.isDNS1123Label('ü'.repeat(32))).toEqual(['must be no more than 63 characters', label]);
  });
  test('a generateName may end in a hyphen', () => {
    expect(names.nameIsDNSSubdomain('web-', true)).toEqual([]);
    expect(names.nameIsDNSSubdomain('web-', false)).toEqual([subdomain]);
    expect(names.nameIsDNS1035Label('9-', true)).toEqual([]);
  });
  test('path segments', () => {
    expect(names.isPathSegmentName('.', false)).toEqual(["may not be '.'"]);
    expect(names.isPathSegmentName('a/%', false)).toEqual(["may not contain '/'", "may not contain '%'"]);
    expect(names.isPathSegmentName('.', true)).toEqual([]);
  });
  test('numbers', () => {
    expect(names.isValidPortNum(0)).toEqual(['must be between 1 and 65535, inclusive']);
    expect(names.isValidPortNum(65535)).toEqual([]);
    expect(names.isValidUserID(-1)).toEqual(['must be between 0 and 2147483647, inclusive']);
  });
  test('checks that give field errors', () => {
    const text = (l: ReturnType<typeof names.isFullyQualifiedName>) => l.map((e) => `${e.field}: ${errorBody(e)}`);
    expect(text(names.isFullyQualifiedName('f', 'a.b'))).toEqual([
      'f: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
    ]);
    expect(text(names.isDomainPrefixedPath('f', 'acme.io/'))).toEqual([
      'f: Invalid value: "acme.io/": must be a domain-prefixed path (such as "acme.io/foo")',
    ]);
    expect(text(names.isDomainPrefixedKey('f', ''))).toEqual(['f: Required value']);
  });
});
