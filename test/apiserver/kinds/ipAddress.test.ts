import { expect, test } from 'vitest';
import { ipAddress } from '../../../apiserver/kinds/ipAddress.ts';
import { serviceCIDR } from '../../../apiserver/kinds/serviceCIDR.ts';
import { cells, created, made, texts, updated } from './said.ts';

test.each<[string, string[]]>([
  ['10.96.0.1', []],
  ['fe80::42:1dff:fe84:f9e2', []],
  ['2001:DB8::1', ['must be in canonical form ("2001:db8::1")']],
  ['::ffff:10.96.0.1', ['must not be an IPv4-mapped IPv6 address']],
  ['10.96.0.01', ['must not have leading 0s']],
  ['x', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['10.96.0.256', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
])('the name %s', (name, expected) => {
  expect(ipAddress.validateName!(name, false)).toEqual(expected);
});

const ref = { group: '', resource: 'services', namespace: 'default', name: 'web' };
test.each<[Record<string, unknown> | undefined, string[]]>([
  [ref, []],
  [{ resource: 'nodes', name: 'n' }, []],
  [undefined, ['spec.parentRef: Required value']],
  [{}, ['spec.parentRef.resource: Required value', 'spec.parentRef.name: Required value']],
  [
    { ...ref, group: 'A' },
    [expect.stringMatching(/^spec.parentRef.group: Invalid value: "A": a lowercase RFC 1123 subdomain/)],
  ],
  [{ ...ref, resource: 'a%' }, [`spec.parentRef.resource: Invalid value: "a%": may not contain '%'`]],
  [{ ...ref, name: '..' }, [`spec.parentRef.name: Invalid value: "..": may not be '..'`]],
  [{ ...ref, namespace: 'a/b' }, [`spec.parentRef.namespace: Invalid value: "a/b": may not contain '/'`]],
])('parent %j', (parentRef, expected) => {
  expect(created(ipAddress, made(ipAddress, { spec: { parentRef } }))).toEqual(expected);
});

test('the parent is for good, and shown', () => {
  const old = made(ipAddress, { spec: { parentRef: ref } });
  expect(updated(ipAddress, structuredClone(old), old)).toEqual([]);
  const other = made(ipAddress, { spec: { parentRef: { ...ref, name: 'b' } } });
  expect(updated(ipAddress, other, old)[0]).toMatch(/^spec.parentRef: Invalid value: .*: field is immutable$/);
  expect(cells(ipAddress, old).ParentRef).toBe('services/default/web');
  expect(
    cells(ipAddress, made(ipAddress, { spec: { parentRef: { group: 'a.b', resource: 'c', name: 'd' } } })).ParentRef,
  ).toBe('c.a.b/d');
});

const two = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
test.each<[string[], string[]]>([
  [['10.96.0.0/12'], []],
  [['10.96.0.0/12', 'fd00::/108'], []],
  [[], ['spec.cidrs: Required value: at least one CIDR required']],
  [['10.96.0.1/12'], ['spec.cidrs[0]: Invalid value: "10.96.0.1/12": must not have bits set beyond the prefix length']],
  [
    ['10.0.0.0/8', 'fd00::/64', '11.0.0.0/8'],
    ['spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/8","fd00::/64","11.0.0.0/8"]}: may only hold up to 2 values'],
  ],
  [['10.0.0.0/24', 'x'], [`spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","x"]}: ${two}`]],
  [['10.0.0.0/24', '10.1.0.0/24'], [`spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","10.1.0.0/24"]}: ${two}`]],
])('ranges %j', (cidrs, expected) => {
  expect(created(serviceCIDR, made(serviceCIDR, { spec: { cidrs } }))).toEqual(expected);
});

test.each<[string[], string[], string[]]>([
  [['10.0.0.0/24'], ['10.0.0.0/24'], []],
  [['10.0.0.0/24'], ['10.0.0.0/24', 'fd00::/108'], []],
  [['10.0.0.0/24'], ['10.0.1.0/24'], ['spec.cidrs[0]: Invalid value: "10.0.1.0/24": field is immutable']],
  [['10.0.0.0/24', 'fd00::/108'], ['10.0.0.0/24'], ['spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable']],
])('from %j to %j', (before, now, expected) => {
  const old = made(serviceCIDR, { spec: { cidrs: before } });
  expect(updated(serviceCIDR, made(serviceCIDR, { spec: { cidrs: now } }), old)).toEqual(expected);
});

test('status leaves the ranges alone', () => {
  const [status] = serviceCIDR.subresources!;
  const object = made(serviceCIDR, { spec: { cidrs: [] }, status: { conditions: [] } });
  status!.keep!(object, made(serviceCIDR, { spec: { cidrs: ['10.0.0.0/24'] } }));
  expect(object).toMatchObject({ spec: { cidrs: ['10.0.0.0/24'] }, status: { conditions: [] } });
  expect(texts(status!.validateUpdate?.(object, object))).toEqual([]);
  expect(cells(serviceCIDR, object).CIDRs).toBe('10.0.0.0/24');
});
