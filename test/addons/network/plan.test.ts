// The node network's decisions: which routes, which rules, which configuration; and a file that appears whole.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cniConfig, writeAtomically } from '../../../addons/network/cniConfig.ts';
import { packetRulesText } from '../../../addons/network/packetRules.ts';
import { planRoutes, wantedRoutes } from '../../../addons/network/routes.ts';
import { node } from './objects.ts';

test('a route to each other node that has a range and an address of its family', () => {
  const all = [
    node('a', ['10.244.0.0/24'], ['192.168.0.1']),
    node('c', ['10.244.2.0/24', 'fd00:2::/64'], ['192.168.0.3', 'fd00::3']),
    node('b', ['10.244.1.0/24', 'fd00:1::/64'], ['192.168.0.2']),
    node('none', [], ['192.168.0.9']),
    node('nowhere', ['10.244.9.0/24'], []),
  ];
  expect(wantedRoutes(all, 'a')).toEqual([
    { dst: '10.244.1.0/24', via: '192.168.0.2' },
    { dst: '10.244.2.0/24', via: '192.168.0.3' },
    { dst: 'fd00:2::/64', via: 'fd00::3' },
  ]);
});

test('only what differs is changed', () => {
  const want = [
    { dst: '10.244.1.0/24', via: '192.168.0.2' },
    { dst: '10.244.2.0/24', via: '192.168.0.3' },
  ];
  const have = [
    { dst: '10.244.1.0/24', via: '192.168.0.2' },
    { dst: '10.244.2.0/24', via: '192.168.0.9' },
    { dst: '10.244.3.0/24', via: '192.168.0.4' },
  ];
  expect(planRoutes(want, have)).toEqual({ replace: [want[1]], remove: [have[2]] });
  expect(planRoutes(want, want)).toEqual({ replace: [], remove: [] });
});

test('the configuration list names the standard plugins', () => {
  const config = cniConfig({ podCIDRs: ['10.244.1.0/24', 'fd00:1::/64'], bridge: 'cni0', mtu: 1400, dataDir: '/d' });
  expect(config.plugins.map((p) => p.type)).toEqual(['bridge', 'portmap']);
  expect(config.plugins[0]).toMatchObject({
    isGateway: true,
    hairpinMode: true,
    mtu: 1400,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: '10.244.1.0/24' }], [{ subnet: 'fd00:1::/64' }]],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    },
  });
  expect(cniConfig({ podCIDRs: [], bridge: 'x', mtu: 0, dataDir: '' }).plugins[0]).not.toHaveProperty('mtu');
});

test('rules: traffic inside the cluster keeps its source; a jump that is there is not made twice', () => {
  const o = { podCIDR: '10.244.1.0/24', clusterCIDR: '10.244.0.0/16', masquerade: true };
  const text = packetRulesText(o, '');
  expect(text).toContain('-A MINI-K8S-POSTROUTING -s 10.244.1.0/24 -d 10.244.0.0/16 -j RETURN\n');
  expect(text).toContain('! -d 224.0.0.0/4 -m comment --comment "pods to the world" -j MASQUERADE');
  expect(text.match(/^-A (FORWARD|POSTROUTING) /gm)).toHaveLength(2);
  const again = packetRulesText(o, '-A FORWARD -m comment --comment "x" -j MINI-K8S-FORWARD \n');
  expect(again.match(/^-A (FORWARD|POSTROUTING) /gm)).toEqual(['-A POSTROUTING ']);
  expect(packetRulesText({ ...o, masquerade: false }, '')).not.toContain('MASQUERADE');
});

test('the file is written whole, and not again when it says the same', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cni-'));
  const file = join(dir, 'net.d', '10-mini-k8s.conflist');
  expect(writeAtomically(file, 'one')).toBe(true);
  const { ino } = statSync(file);
  expect(writeAtomically(file, 'one')).toBe(false);
  expect(statSync(file).ino).toBe(ino);
  expect(writeAtomically(file, 'two')).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('two');
  expect(readdirSync(join(dir, 'net.d'))).toEqual(['10-mini-k8s.conflist']);
  rmSync(dir, { recursive: true });
});
