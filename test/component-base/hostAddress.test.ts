import { expect, it } from 'vitest';
import { defaultInterface, hostAddress } from '../../component-base/hostAddress.ts';

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const row = (name: string, destination: string, mask: string, metric = 0) =>
  `${name}\t${destination}\t010011AC\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0`;
const routes = [
  header,
  row('cni0', '0007F40A', '00FFFFFF'),
  row('eth1', '00000000', '00000000', 200),
  row('eth0', '00000000', '00000000', 100),
  '',
].join('\n');
const address = (text: string, more: object = {}): any => ({
  address: text,
  family: text.includes(':') ? 'IPv6' : 'IPv4',
  internal: false,
  ...more,
});

it.each([
  [routes, 'eth0'],
  [header, undefined],
  ['', undefined],
  [[header, row('eth3', '00000000', '00FFFFFF')].join('\n'), undefined],
])('the interface of the default route', (text, expected) => {
  expect(defaultInterface(text)).toBe(expected);
});

it.each([
  ['a bridge before the way out', { cni0: ['10.244.7.1'], eth0: ['172.17.0.2'] }, routes, '172.17.0.2'],
  ['no default route', { eth5: ['192.0.2.1'] }, '', '192.0.2.1'],
  ['IPv4 elsewhere before IPv6 on the way out', { eth0: ['2001:db8::1'], eth1: ['192.0.2.1'] }, routes, '192.0.2.1'],
  ['IPv6 alone', { eth0: ['fe80::1', '2001:db8::1'] }, routes, '2001:db8::1'],
  ['link-local', { eth0: ['169.254.1.1'] }, routes, undefined],
])('%s', (_, interfaces, text, expected) => {
  const all = Object.fromEntries(Object.entries(interfaces).map(([name, list]) => [name, list.map((a) => address(a))]));
  expect(hostAddress({ lo: [address('127.0.0.1', { internal: true })], ...all }, text)).toBe(expected);
});
