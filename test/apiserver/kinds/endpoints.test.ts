import { expect, test } from 'vitest';
import { endpoints } from '../../../apiserver/kinds/endpoints.ts';
import { cells, created, made } from './said.ts';

const ready = { addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] };
const notIP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const address = (ip: string) => ({ addresses: [{ ip }] });

test.each<[string, Record<string, unknown>, string[]]>([
  ['nothing', {}, []],
  ['one address', ready, []],
  ['not ready alone', { notReadyAddresses: [{ ip: '10.1.2.3', hostname: 'a', nodeName: 'n.1' }] }, []],
  [
    'no address',
    { ports: [{ port: 80 }] },
    ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
  ],
  [
    'no IP',
    address('x'),
    [
      `subsets[0].addresses[0].ip: Invalid value: "x": ${notIP}`,
      'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
    ],
  ],
  [
    'loopback',
    address('127.0.0.1'),
    ['subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  ['unspecified', address('::'), ['subsets[0].addresses[0].ip: Invalid value: "::": may not be unspecified (::)']],
  [
    'link-local',
    address('fe80::1'),
    [
      'subsets[0].addresses[0].ip: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
  ],
  [
    'link-local multicast',
    address('224.0.0.9'),
    [
      'subsets[0].addresses[0].ip: Invalid value: "224.0.0.9": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ],
  ],
  [
    'names of ports',
    { ...ready, ports: [{ name: 'a.b', port: 80, appProtocol: 'a b' }] },
    [
      'subsets[0].ports[0].name: Invalid value: "a.b": must not contain dots',
      expect.stringMatching(/^subsets\[0\].ports\[0\].appProtocol: Invalid value: "a b": name part must consist of/),
    ],
  ],
  ['protocol of an application', { ...ready, ports: [{ port: 80, appProtocol: 'kubernetes.io/h2c' }] }, []],
  [
    'two unnamed ports',
    { ...ready, ports: [{ port: 80 }, { name: 'b', port: 0, protocol: 'ICMP' }] },
    [
      'subsets[0].ports[0].name: Required value',
      'subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'subsets[0].ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
])('%s', (_name, subset, expected) => {
  expect(created(endpoints, made(endpoints, Object.keys(subset).length ? { subsets: [subset] } : {}))).toEqual(
    expected,
  );
});

test('ports are TCP unless they say otherwise', () => {
  expect(made(endpoints, { subsets: [ready] }).subsets[0].ports).toEqual([{ port: 80, protocol: 'TCP' }]);
});

test('the Endpoints column', () => {
  const shown = (...subsets: unknown[]) => cells(endpoints, made(endpoints, { subsets })).Endpoints;
  expect(shown()).toBe('<none>');
  expect(shown(ready)).toBe('10.1.2.3:80');
  expect(shown({ addresses: [{ ip: 'fd00::1' }], ports: [{ port: 80 }] })).toBe('[fd00::1]:80');
  expect(shown({ addresses: [{ ip: '10.0.0.1' }] })).toBe('10.0.0.1');
  const many = ['1', '2', '3', '4'].map((n) => ({ ip: `10.0.0.${n}` }));
  expect(shown({ addresses: many, ports: [{ port: 80 }] })).toBe('10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...');
});

test('odd addresses are warned of, unless the own controller wrote them', () => {
  const odd = { addresses: [{ ip: '10.1.2.3' }, { ip: '010.1.2.3' }], notReadyAddresses: [{ ip: 'FD00::1' }] };
  const written = (labels: object) => endpoints.warnings!(made(endpoints, { subsets: [odd] }, { labels }), undefined);
  expect(written({}).map((text) => text.split(':')[0])).toEqual([
    'subsets[0].addresses[1].ip',
    'subsets[0].notReadyAddresses[0].ip',
  ]);
  expect(written({ 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' })).toEqual([]);
});
