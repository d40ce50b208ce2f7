import { expect, test } from 'vitest';
import { endpointSlice } from '../../../apiserver/kinds/endpointSlice.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { cells, created, made, texts, updated } from './said.ts';

const one = (endpoint: Record<string, unknown>, type = 'IPv4') => ({
  addressType: type,
  endpoints: [{ addresses: ['10.0.0.1'], ...endpoint }],
});
const long = 'x'.repeat(64);
const startsWith = (text: string) =>
  expect.stringMatching(new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
const many = (n: number) => Array.from({ length: n }, (_, i) => `10.1.${i >> 8}.${i & 255}`);

test.each<[string, Record<string, unknown>, string[]]>([
  ['plain', { ...one({}), ports: [{ port: 80 }, { name: 'b' }] }, []],
  ['no type', { endpoints: [] }, ['addressType: Required value']],
  [
    'other type',
    { addressType: 'IP' },
    ['addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"'],
  ],
  ['no address', one({ addresses: [] }), ['endpoints[0].addresses: Required value: must contain at least 1 address']],
  [
    '101 addresses',
    one({ addresses: many(101) }),
    ['endpoints[0].addresses: Too many: 101: must have at most 100 items'],
  ],
  [
    'wrong family',
    one({ addresses: ['fd00::1'] }),
    ['endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address'],
  ],
  ['IPv6', one({ addresses: ['fd00::1'] }, 'IPv6'), []],
  [
    'loopback',
    one({ addresses: ['127.1.1.1'] }),
    ['endpoints[0].addresses[0]: Invalid value: "127.1.1.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  ['FQDN', one({ addresses: ['a.example.com.'] }, 'FQDN'), []],
  [
    'FQDN of one label',
    one({ addresses: ['a'] }, 'FQDN'),
    ['endpoints[0].addresses[0]: Invalid value: "a": should be a domain with at least two segments separated by dots'],
  ],
  ['FQDN of nothing', one({ addresses: [''] }, 'FQDN'), ['endpoints[0].addresses[0]: Required value']],
  [
    'FQDN with a space',
    one({ addresses: ['a b.c.'] }, 'FQDN'),
    [startsWith('endpoints[0].addresses[0]: Invalid value: "a b.c": a lowercase RFC 1123 subdomain')],
  ],
  [
    'FQDN of long labels, told once',
    one({ addresses: [`${long}.${long}.c`] }, 'FQDN'),
    [`endpoints[0].addresses[0]: Invalid value: "${long}": must be no more than 63 characters`],
  ],
  [
    'no address at all',
    one({ addresses: ['x'] }),
    ['endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  ['node', one({ nodeName: 'node-1.example' }), []],
  [
    'node name',
    one({ nodeName: 'A' }),
    [startsWith('endpoints[0].nodeName: Invalid value: "A": a lowercase RFC 1123 subdomain')],
  ],
  ['topology', one({ deprecatedTopology: { 'example.com/rack': 'r1' } }), []],
  [
    'topology that is no label',
    one({ deprecatedTopology: { 'a b': '-' } }),
    [
      startsWith('endpoints[0].deprecatedTopology: Invalid value: "a b": name part must consist of'),
      startsWith('endpoints[0].deprecatedTopology: Invalid value: "-": a valid label must be'),
    ],
  ],
  [
    'much topology',
    one({ deprecatedTopology: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) }),
    ['endpoints[0].deprecatedTopology: Too many: 17: must have at most 16 items'],
  ],
  ['fine hints', one({ hints: { forZones: [{ name: 'z' }], forNodes: [{ name: 'n' }] } }), []],
  [
    'hints for nobody',
    one({ hints: { forZones: [{ name: '-' }], forNodes: [{ name: '-' }] } }),
    [
      startsWith('endpoints[0].hints.forZones[0].name: Invalid value: "-": a valid label must be'),
      startsWith('endpoints[0].hints.forNodes[0].name: Invalid value: "-": a lowercase RFC 1123 subdomain'),
    ],
  ],
  [
    'names of ports',
    { ...one({}), ports: [{ name: 'a.b', port: 80, appProtocol: 'a b' }] },
    [
      'ports[0].name: Invalid value: "a.b": must not contain dots',
      startsWith('ports[0].appProtocol: Invalid value: "a b": name part must consist of'),
    ],
  ],
  ['hostname of one label', one({ hostname: 'a' }), []],
  ['hostname', one({ hostname: 'a.b' }), ['endpoints[0].hostname: Invalid value: "a.b": must not contain dots']],
  [
    'hints',
    one({
      hints: {
        forZones: [{ name: 'z' }, { name: 'z' }],
        forNodes: Array.from({ length: 9 }, (_, i) => ({ name: `n${i}` })),
      },
    }),
    [
      'endpoints[0].hints.forZones[1].name: Duplicate value: "z"',
      'endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items',
    ],
  ],
  [
    'ports',
    {
      ...one({}),
      ports: [
        { name: 'a', port: 0 },
        { name: 'a', protocol: 'X', appProtocol: 'kubernetes.io/h2c' },
      ],
    },
    [
      'ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'ports[1].name: Duplicate value: "a"',
      'ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
])('%s', (_name, fields, expected) => {
  expect(created(endpointSlice, made(endpointSlice, fields))).toEqual(expected);
});

test('more than a thousand endpoints', () => {
  const endpoints = many(1001).map((ip) => ({ addresses: [ip] }));
  expect(texts(endpointSlice.validate!({ addressType: 'IPv4', endpoints }))).toEqual([
    'endpoints: Too many: 1001: must have at most 1000 items',
  ]);
});

test('more ports than there are', () => {
  const ports = Array.from({ length: 20_001 }, (_, i) => ({ name: `p${i}`, protocol: 'TCP' }));
  expect(texts(endpointSlice.validate!({ addressType: 'IPv4', ports }))).toEqual([
    'ports: Too many: 20001: must have at most 20000 items',
  ]);
  expect(texts(endpointSlice.validate!({ addressType: 'IPv4', ports: ports.slice(1) }))).toEqual([]);
});

test('the address type is for good', () => {
  const old = made(endpointSlice, one({}));
  expect(updated(endpointSlice, made(endpointSlice, one({ addresses: ['10.0.0.2'] })), old)).toEqual([]);
  expect(updated(endpointSlice, made(endpointSlice, one({ addresses: ['fd00::1'] }, 'IPv6')), old)).toEqual([
    'addressType: Invalid value: "IPv6": field is immutable',
  ]);
});

test('generation grows with content and labels, not with annotations', () => {
  const grows = endpointSlice.generation as (object: any, old: any) => boolean;
  const old = made(endpointSlice, one({}), { labels: { a: '1' } });
  expect(grows(made(endpointSlice, one({}), { labels: { a: '1' }, annotations: { b: '' } }), old)).toBe(false);
  expect(grows(made(endpointSlice, one({}), { labels: { a: '2' } }), old)).toBe(true);
  expect(grows(made(endpointSlice, one({ conditions: { ready: false } }), { labels: { a: '1' } }), old)).toBe(true);
});

test('topology labels are dropped, unless they come with what is stored', () => {
  const old = made(endpointSlice, one({ deprecatedTopology: { a: 'b' } }));
  const fresh = structuredClone(old);
  endpointSlice.prepareCreate!(fresh, {} as Context);
  expect(fresh.endpoints[0]).not.toHaveProperty('deprecatedTopology');
  const kept = structuredClone(old);
  endpointSlice.prepareUpdate!(kept, old, {} as Context);
  expect(kept).toEqual(old);
});

test('columns and warnings', () => {
  const slice = made(endpointSlice, { ...one({ addresses: ['10.0.0.01'] }), ports: [{ port: 80 }, { name: 'any' }] });
  expect(cells(endpointSlice, slice)).toMatchObject({ AddressType: 'IPv4', Ports: '80,any', Endpoints: '10.0.0.01' });
  expect(cells(endpointSlice, made(endpointSlice, { addressType: 'IPv4' }))).toMatchObject({
    Ports: '<unset>',
    Endpoints: '<unset>',
  });
  expect(endpointSlice.warnings!(slice, undefined)).toHaveLength(1);
});
