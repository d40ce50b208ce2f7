// The flags of the fleet and the addresses it gives out.
import { describe, expect, it } from 'vitest';
import { parseFlags, UsageError } from '../../component-base/flags.ts';
import { createAddresses, parseRange } from '../../fleet/addresses.ts';
import { fleetFlags } from '../../fleet/flags.ts';
import { newNode } from '../../fleet/node.ts';
import { settingsOf } from '../../fleet/settings.ts';

const settings = (...argv: string[]) => settingsOf(parseFlags(fleetFlags, argv).config);

describe('settings', () => {
  it.each([
    ['--nodes=0', '--nodes'],
    ['--node-name-prefix=Web_', '--node-name-prefix'],
    ['--cidr=10.0.0.0', '--cidr'],
    ['--cidr=10.0.0.400/16', '--cidr'],
    ['--node-cidr=10.0.0.0/30', '--node-cidr'],
    ['--node-lease-duration-seconds=2', '--node-lease-duration-seconds'],
    ['--node-capacity=cpu=much', '--node-capacity'],
    ['--register-with-taints=x', '--register-with-taints'],
  ])('%s is refused by name', (flag, name) => {
    expect(() => settings(flag)).toThrow(UsageError);
    expect(() => settings(flag)).toThrow(name);
  });

  it('makes nodes that differ in name, address and zone', () => {
    const s = settings('--nodes=300', '--node-capacity=cpu=4,example.com/gpu=2', '--node-labels=a=b', '--zones=2');
    const node = newNode(s, 'fleet-299', 0);
    expect(node.metadata.labels).toMatchObject({ a: 'b', 'topology.kubernetes.io/zone': 'zone-b' });
    expect(node.status!.capacity).toMatchObject({ cpu: '4', pods: '110', 'example.com/gpu': '2' });
    expect(node.status!.addresses![0]).toEqual({ type: 'InternalIP', address: '100.64.1.44' });
    expect(s.indexOf('fleet-300')).toBeUndefined();
  });
});

describe('addresses', () => {
  it('are given once, taken back, and given again last', () => {
    const addresses = createAddresses(parseRange('cidr', '10.0.0.0/30'));
    expect([addresses.take('a'), addresses.take('b'), addresses.take('a')]).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '10.0.0.1',
    ]);
    expect(() => addresses.take('c')).toThrow('--cidr');
    addresses.giveBack('a');
    expect(addresses.take('c')).toBe('10.0.0.1');
  });

  it('that pods have already are not given to others', () => {
    const addresses = createAddresses(parseRange('cidr', '10.0.0.0/24'));
    addresses.has('a', '10.0.0.1');
    addresses.has('b', '10.9.0.1');
    expect([addresses.take('b'), addresses.take('a')]).toEqual(['10.0.0.2', '10.0.0.1']);
  });
});
