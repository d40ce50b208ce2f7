// The iptables data plane with real packets: a node with a bridge, three pods and a client outside, each a network namespace.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EndpointSlice, Service } from '../../apimachinery/types.ts';
import { runCommand } from '../../component-base/command.ts';
import { cleanupIptables, iptablesPlane } from '../../proxy/iptables.ts';
import { buildRules, type RuleOptions, readState } from '../../proxy/rules.ts';
import { link, Namespace, noNetns } from '../kit/netns.ts';
import { type EndpointInput, service, slice } from './objects.ts';

const why = noNetns();
const options: RuleOptions = {
  node: { name: 'node-1', zone: '' },
  nodeIPs: ['192.168.77.1'],
  clusterCidr: '10.244.0.0/16',
  masqueradeAll: false,
  masqueradeBit: 14,
  localhostNodePorts: true,
  nodePortAddresses: [],
};
const clusterIP = '10.96.0.10';

describe.skipIf(why !== undefined)(`iptables${why ? ` (${why})` : ''}`, () => {
  const world = `mk${randomBytes(3).toString('hex')}`;
  const all: Namespace[] = [];
  const make = (short: string) => {
    const ns = new Namespace(short, world);
    all.push(ns);
    return ns;
  };
  let node: Namespace;
  let client: Namespace;
  let pods: Namespace[];
  let plane: ReturnType<typeof iptablesPlane>;
  let untouched: string;

  beforeAll(async () => {
    node = make('node');
    client = make('client');
    pods = ['pod1', 'pod2', 'pod3'].map(make);
    node.sh('ip', 'link', 'add', 'cni0', 'type', 'bridge');
    node.sh('ip', 'addr', 'add', '10.244.0.1/24', 'dev', 'cni0');
    node.sh('ip', 'addr', 'add', 'fd00:10::1/64', 'dev', 'cni0', 'nodad');
    node.sh('ip', 'link', 'set', 'cni0', 'up');
    for (const [i, pod] of pods.entries()) {
      link(node, `veth${i}`, pod, 'eth0');
      node.sh('ip', 'link', 'set', `veth${i}`, 'master', 'cni0');
      node.sh('ip', 'link', 'set', `veth${i}`, 'type', 'bridge_slave', 'hairpin', 'on');
      pod.sh('ip', 'addr', 'add', `10.244.0.${i + 2}/24`, 'dev', 'eth0');
      pod.sh('ip', 'route', 'add', 'default', 'via', '10.244.0.1');
      pod.sh('ip', 'addr', 'add', `fd00:10::${i + 2}/64`, 'dev', 'eth0', 'nodad');
      pod.sh('ip', 'route', 'add', 'default', 'via', 'fd00:10::1');
    }
    link(node, 'eth0', client, 'eth0');
    node.sh('ip', 'addr', 'add', '192.168.77.1/24', 'dev', 'eth0');
    client.sh('ip', 'addr', 'add', '192.168.77.2/24', 'dev', 'eth0');
    client.sh('ip', 'route', 'add', 'default', 'via', '192.168.77.1');
    node.sh('ip', 'route', 'add', 'default', 'via', '192.168.77.2');
    node.sh('ip', '-6', 'route', 'add', 'default', 'dev', 'eth0');
    node.sh('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.route_localnet=1');
    node.sh('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1');
    // Somebody else's rules, which must stay as they are.
    node.sh('iptables', '-P', 'FORWARD', 'DROP');
    node.sh('iptables', '-N', 'OTHER');
    node.sh('iptables', '-A', 'OTHER', '-s', '10.9.9.9', '-j', 'DROP');
    node.sh('iptables', '-A', 'FORWARD', '-j', 'OTHER');
    node.sh('iptables', '-A', 'FORWARD', '-s', '10.244.0.0/16', '-j', 'ACCEPT');
    node.sh('iptables', '-A', 'FORWARD', '-d', '10.244.0.0/16', '-j', 'ACCEPT');
    node.sh('iptables', '-t', 'nat', '-A', 'PREROUTING', '-d', '10.8.8.8', '-j', 'ACCEPT');
    untouched = rulesText();
    await Promise.all(pods.flatMap((p) => [p.listen(8080), p.listenUdp(8080)]));
    plane = iptablesPlane('IPv4', runCommand(node.prefix));
  });
  afterAll(() => {
    for (const ns of all) ns.remove();
  });

  /** What there is, without counters. */
  const rulesText = () =>
    node
      .sh('iptables-save')
      .split('\n')
      .filter((l) => !l.startsWith('#'))
      .map((l) => l.replace(/ \[\d+:\d+\]$/, ''))
      .join('\n');
  const sync = (services: Service[], slices: EndpointSlice[], o: Partial<RuleOptions> = {}, full = false) =>
    plane.apply(buildRules(readState(services, slices, 'IPv4'), { ...options, ...o }), full);
  const serve = (spec: object, endpoints: EndpointInput[], full = false) =>
    sync([service('web', spec)], [slice('web', endpoints)], {}, full);
  const podIPs = (...numbers: number[]): EndpointInput[] =>
    numbers.map((n) => ({ ip: `10.244.0.${n + 1}`, node: 'node-1' }));
  const names = async (from: Namespace, ip: string, port: number, times = 30) => {
    const seen = new Set<string>();
    for (let i = 0; i < times; i++) {
      const { name, error } = await from.dial(ip, port);
      seen.add(name ?? error!);
    }
    return [...seen].sort();
  };

  test('a ClusterIP reaches every endpoint, from a pod, from the node and from outside', async () => {
    await serve({}, podIPs(2, 3));
    expect(await names(pods[0]!, clusterIP, 80)).toEqual(['pod2', 'pod3']);
    expect(await names(node, clusterIP, 80)).toEqual(['pod2', 'pod3']);
    expect(await names(client, clusterIP, 80)).toEqual(['pod2', 'pod3']);
    // A pod is seen as itself, an outsider as the node.
    expect((await pods[0]!.dial(clusterIP, 80)).from).toBe('10.244.0.2');
    expect((await client.dial(clusterIP, 80)).from).toBe('10.244.0.1');
  });

  test('a pod reaches itself through its Service (hairpin)', async () => {
    await serve({}, podIPs(1));
    expect(await pods[0]!.dial(clusterIP, 80)).toEqual({ name: 'pod1', from: '10.244.0.1' });
  });

  test('UDP', async () => {
    const udp = { ports: [{ name: 'http', port: 80, protocol: 'UDP', targetPort: 8080 }] };
    const s = slice('web', podIPs(2));
    s.ports = [{ name: 'http', port: 8080, protocol: 'UDP' }];
    await sync([service('web', udp)], [s]);
    expect(await pods[0]!.dialUdp(clusterIP, 80)).toMatchObject({ name: 'pod2' });
    expect(await pods[0]!.dial(clusterIP, 80)).toHaveProperty('error');
  });

  test('no endpoints: refused at once', async () => {
    await serve({ type: 'NodePort', nodePort: 30080 }, []);
    expect(await pods[0]!.dial(clusterIP, 80)).toEqual({ error: 'ECONNREFUSED' });
    expect(await node.dial(clusterIP, 80)).toEqual({ error: 'ECONNREFUSED' });
    expect(await client.dial('192.168.77.1', 30080)).toEqual({ error: 'ECONNREFUSED' });
    await serve({}, podIPs(1));
    expect(await node.dial(clusterIP, 80)).toMatchObject({ name: 'pod1' });
  });

  test('a NodePort, from outside, from the node itself and on localhost', async () => {
    await serve({ type: 'NodePort', nodePort: 30080 }, podIPs(1, 2));
    expect(await names(client, '192.168.77.1', 30080)).toEqual(['pod1', 'pod2']);
    expect(await names(node, '192.168.77.1', 30080)).toEqual(['pod1', 'pod2']);
    expect(await names(node, '127.0.0.1', 30080)).toEqual(['pod1', 'pod2']);
    expect((await client.dial('192.168.77.1', 30080)).from).toBe('10.244.0.1');
  });

  test('externalTrafficPolicy Local keeps the client’s address and drops where there is none', async () => {
    const spec = { type: 'NodePort', nodePort: 30080, externalTrafficPolicy: 'Local' };
    await serve(spec, [...podIPs(1), { ip: '10.244.5.5', node: 'node-2' }]);
    expect(await names(client, '192.168.77.1', 30080, 10)).toEqual(['pod1']);
    expect((await client.dial('192.168.77.1', 30080)).from).toBe('192.168.77.2');
    await serve(spec, [{ ip: '10.244.0.3', node: 'node-2' }]);
    expect(await client.dial('192.168.77.1', 30080)).toEqual({ error: 'ETIMEDOUT' });
    expect(await node.dial('192.168.77.1', 30080)).toMatchObject({ name: 'pod2' });
  });

  test('session affinity holds, and no longer when it is taken away', async () => {
    await serve({ sessionAffinity: 'ClientIP' }, podIPs(1, 2, 3));
    expect(await names(client, clusterIP, 80)).toHaveLength(1);
    await serve({ sessionAffinity: 'None' }, podIPs(1, 2, 3));
    expect((await names(client, clusterIP, 80)).length).toBeGreaterThan(1);
  });

  test('external and load balancer addresses, source ranges', async () => {
    const spec = { type: 'LoadBalancer', externalIPs: ['1.2.3.4'], loadBalancerSourceRanges: ['10.244.0.0/24'] };
    const lb = service('web', spec, { loadBalancer: { ingress: [{ ip: '5.6.7.8' }] } });
    await sync([lb], [slice('web', podIPs(2))]);
    expect(await client.dial('1.2.3.4', 80)).toMatchObject({ name: 'pod2' });
    expect(await pods[0]!.dial('5.6.7.8', 80)).toMatchObject({ name: 'pod2' });
    expect(await client.dial('5.6.7.8', 80)).toEqual({ error: 'ETIMEDOUT' });
  });

  test('only what differs is written; what is foreign stays; what is broken is mended by a full sync', async () => {
    const first = await serve({}, podIPs(1, 2), true);
    expect(first.written).toBe(first.total);
    const again = await serve({}, podIPs(1, 2));
    expect(again).toEqual({ written: 0, removed: 0, total: first.total });
    const one = await serve({}, podIPs(1));
    expect(one).toMatchObject({ written: 2, removed: 1 });
    expect(node.sh('iptables-save').match(/^:KUBE-SEP-/gm)).toHaveLength(1);

    node.sh('iptables', '-t', 'nat', '-F', 'KUBE-SERVICES');
    node.sh(
      'iptables',
      '-t',
      'nat',
      '-D',
      'PREROUTING',
      '-m',
      'comment',
      '--comment',
      'kubernetes service portals',
      '-j',
      'KUBE-SERVICES',
    );
    node.sh('iptables', '-t', 'nat', '-N', 'KUBE-SEP-AAAAAAAAAAAAAAAA');
    expect(await pods[1]!.dial(clusterIP, 80)).toHaveProperty('error');
    await serve({}, podIPs(1), true);
    expect(await pods[1]!.dial(clusterIP, 80)).toMatchObject({ name: 'pod1' });
    expect(node.sh('iptables-save')).not.toContain('KUBE-SEP-AAAAAAAAAAAAAAAA');
    expect(rulesText()).toContain('-A FORWARD -j OTHER\n-A FORWARD -s 10.244.0.0/16 -j ACCEPT');
    expect(node.sh('iptables-save').match(/-A PREROUTING .* -j KUBE-SERVICES/g)).toHaveLength(1);
  });

  test('a refused restore changes nothing and is told', async () => {
    await serve({}, podIPs(1));
    const before = rulesText();
    const broken = buildRules(readState([service('web', {})], [], 'IPv4'), options);
    broken.nat.set('KUBE-SERVICES', [['-m', 'nosuchmatch', '-j', 'ACCEPT']]);
    await expect(plane.apply(broken, false)).rejects.toThrow(/iptables-restore ended with/);
    expect(rulesText().match(/\*nat[\s\S]*COMMIT/)?.[0]).toBe(before.match(/\*nat[\s\S]*COMMIT/)?.[0]);
    await serve({}, podIPs(2));
    expect(await node.dial(clusterIP, 80)).toMatchObject({ name: 'pod2' });
  });

  test('IPv6', async () => {
    const six = iptablesPlane('IPv6', runCommand(node.prefix));
    const dual = service('web', { clusterIPs: ['10.96.0.10', 'fd00:96::a'], sessionAffinity: 'ClientIP' });
    const apply = (endpoints: EndpointInput[]) =>
      six.apply(
        buildRules(readState([dual], [slice('web', endpoints, 'IPv6')], 'IPv6'), {
          ...options,
          clusterCidr: 'fd00:10::/64',
        }),
        false,
      );
    await apply([{ ip: 'fd00:10::3' }, { ip: 'fd00:10::4' }]);
    expect(await names(pods[0]!, 'fd00:96::a', 80)).toHaveLength(1);
    await apply([{ ip: 'fd00:10::2' }]);
    expect(await pods[0]!.dial('fd00:96::a', 80)).toEqual({ name: 'pod1', from: 'fd00:10::1' });
    await apply([]);
    expect(await pods[0]!.dial('fd00:96::a', 80)).toEqual({ error: 'ECONNREFUSED' });
    await cleanupIptables('IPv6', runCommand(node.prefix));
    expect(node.sh('ip6tables-save')).not.toContain('KUBE-');
  });

  test('cleanup leaves what was there before', async () => {
    await serve({ type: 'NodePort', nodePort: 30080 }, podIPs(1, 2));
    await cleanupIptables('IPv4', runCommand(node.prefix));
    expect(rulesText()).toBe(untouched);
    await cleanupIptables('IPv4', runCommand(node.prefix));
  });
});
