import { describe, expect, test } from 'vitest';
import { errorBody } from '../../apimachinery/fieldErrors.ts';
import {
  cidrContains,
  ipText,
  isValidCIDR,
  isValidCIDRForLegacyField,
  isValidIP,
  isValidIPForLegacyField,
  parseCIDR,
  parseIP,
  warningsForCIDR,
  warningsForIP,
} from '../../apimachinery/ipFormat.ts';

const details = (errors: ReturnType<typeof isValidIP>) => errors.map((e) => errorBody(e));

describe('addresses', () => {
  const notIP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  test.each([
    ['10.0.0.1', []],
    ['2001:db8::1', []],
    ['::', []],
    ['10.0.0', [notIP]],
    ['10.0.0.256', [notIP]],
    ['fe80::1%eth0', [notIP]],
    ['1::2::3', [notIP]],
    ['010.0.0.1', ['must not have leading 0s']],
    ['::ffff:1.2.3.4', ['must not be an IPv4-mapped IPv6 address']],
    ['2001:DB8::1', ['must be in canonical form ("2001:db8::1")']],
    ['2001:db8:0:0:1:0:0:1', ['must be in canonical form ("2001:db8::1:0:0:1")']],
  ])('%s', (text, rules) => {
    expect(details(isValidIP('f', text))).toEqual(rules.map((r) => `Invalid value: "${text}": ${r}`));
  });
  test('older fields are read loosely, and keep what they had', () => {
    expect(isValidIPForLegacyField('f', '010.0.0.1')).toEqual([]);
    expect(isValidIPForLegacyField('f', '010.0.0.1', true)).toHaveLength(1);
    expect(isValidIPForLegacyField('f', 'nonsense', true, ['nonsense'])).toEqual([]);
    expect(warningsForIP('f', '010.0.0.1')).toEqual([
      'f: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
    ]);
  });
  test('text and number', () => {
    for (const text of ['0.0.0.0', '10.96.0.1', '::1', 'fd00::', '1:0:2:0:3:0:4:5', '1:2:3:4:5:6:7:8']) {
      const ip = parseIP(text)!;
      expect(ipText(ip.family, ip.value)).toBe(text);
    }
  });
});

describe('ranges', () => {
  test.each([
    ['10.0.0.0/24', []],
    ['2001:db8::/64', []],
    ['10.0.0.0/33', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['10.0.0.1/24', ['must not have bits set beyond the prefix length']],
    ['10.0.0.0/024', ['must not have leading 0s in IP or prefix length']],
    ['::ffff:10.0.0.0/120', ['must not have an IPv4-mapped IPv6 address']],
  ])('%s', (text, rules) => {
    expect(details(isValidCIDR('f', text))).toEqual(rules.map((r) => `Invalid value: "${text}": ${r}`));
  });
  test('loose fields and their warnings', () => {
    expect(isValidCIDRForLegacyField('f', '10.0.0.1/24')).toEqual([]);
    expect(warningsForCIDR('f', '10.0.0.1/24')).toEqual([
      'f: CIDR value "10.0.0.1/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.1/32"?)',
    ]);
  });
  test('membership', () => {
    const range = parseCIDR('10.96.0.0/12')!;
    expect(cidrContains(range, parseIP('10.111.255.255')!)).toBe(true);
    expect(cidrContains(range, parseIP('10.112.0.0')!)).toBe(false);
    expect(cidrContains(range, parseIP('::a60:0')!)).toBe(false);
  });
});
