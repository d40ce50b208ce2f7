// The proxy's whole decision by tables: Services and EndpointSlices in, rules out, as upstream's proxier writes them.
import { expect, test } from 'vitest';
import type { EndpointSlice, Service } from '../../apimachinery/types.ts';
import { endpointChain, isHashedChain, serviceChain } from '../../proxy/chainNames.ts';
import { staleFlows } from '../../proxy/conntrack.ts';
import { healthByPort } from '../../proxy/healthCheck.ts';
import { isCidr } from '../../proxy/ports.ts';
import { ruleText } from '../../proxy/restoreText.ts';
import type { RuleSet, TableName } from '../../proxy/ruleSet.ts';
import { buildRules, type RuleOptions, readState, rulesOfNode } from '../../proxy/rules.ts';
import { type EndpointInput, service, slice } from './objects.ts';

const options: RuleOptions = {
  node: { name: 'node-1', zone: 'a' },
  nodeIPs: ['192.168.0.1'],
  clusterCidr: '10.244.0.0/16',
  masqueradeAll: false,
  masqueradeBit: 14,
  localhostNodePorts: true,
  nodePortAddresses: [],
};

const state = (services: Service[], slices: EndpointSlice[], family: 'IPv4' | 'IPv6' = 'IPv4') =>
  readState(services, slices, family);
const rulesFor = (spec: object, endpoints: EndpointInput[], o: Partial<RuleOptions> = {}, status: object = {}) =>
  buildRules(state([service('web', spec, status)], [slice('web', endpoints)]), { ...options, ...o });
const chain = (set: RuleSet, table: TableName, name: string) =>
  (set[table].get(name) ?? []).map((rule) => ruleText(name, rule).replace(`-A ${name} `, ''));
/** All rules about the Service, with its hashed chains under readable names. */
function about(set: RuleSet): string[] {
  const name = (text: string) =>
    text
      .replaceAll(serviceChain('KUBE-SVC-', 'default/web:http', 'tcp'), 'SVC')
      .replaceAll(serviceChain('KUBE-SVL-', 'default/web:http', 'tcp'), 'SVL')
      .replaceAll(serviceChain('KUBE-EXT-', 'default/web:http', 'tcp'), 'EXT')
      .replaceAll(serviceChain('KUBE-FW-', 'default/web:http', 'tcp'), 'FW')
      .replace(/KUBE-SEP-[A-Z2-7]{16}/g, 'SEP');
  return (['filter', 'nat'] as const).flatMap((table) =>
    [...set[table]]
      .filter(([c]) => !['KUBE-FORWARD', 'KUBE-FIREWALL', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ'].includes(c))
      .flatMap(([c, rules]) => rules.map((rule) => `${table} ${name(ruleText(c, rule))}`))
      .filter((text) => !text.includes('NOTE: this must be the last rule') && !text.includes(' -A SEP ')),
  );
}
const local = { ip: '10.244.0.2', node: 'node-1' };
const remote = { ip: '10.244.1.2', node: 'node-2' };
const to = (ip: string, port = 80) => `-m tcp -p tcp -d ${ip} --dport ${port}`;

test('chain names are upstream’s hashes', () => {
  // As kube-proxy names the chains of the service that every cluster has.
  expect(serviceChain('KUBE-SVC-', 'default/kubernetes:https', 'tcp')).toBe('KUBE-SVC-NPX46M4PTMTKRN6Y');
  expect(serviceChain('KUBE-SVC-', 'kube-system/kube-dns:dns', 'udp')).toBe('KUBE-SVC-TCOU7JCQXEZGVUNU');
  expect(serviceChain('KUBE-SVC-', 'kube-system/kube-dns:dns-tcp', 'tcp')).toBe('KUBE-SVC-ERIFXISQEP7F7OF4');
  expect(isHashedChain(endpointChain('a/b', 'tcp', '10.0.0.1:80'))).toBe(true);
  for (const other of ['KUBE-SERVICES', 'KUBE-SVC-x', 'CNI-1', 'KUBE-IPTABLES-HINT']) {
    expect(isHashedChain(other)).toBe(false);
  }
});

test('a ClusterIP leads to each ready endpoint with equal chance', () => {
  const set = rulesFor({}, [
    { ip: '10.244.0.2' },
    { ip: '10.244.0.3' },
    { ip: '10.244.0.4' },
    { ip: '10.244.0.9', ready: false },
  ]);
  expect(about(set)).toEqual([
    `nat -A KUBE-SERVICES -m comment --comment "default/web:http cluster IP" ${to('10.96.0.10')} -j SVC`,
    `nat -A SVC -m comment --comment "default/web:http cluster IP" ${to('10.96.0.10')} ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ`,
    'nat -A SVC -m comment --comment "default/web:http -> 10.244.0.2:8080" -m statistic --mode random --probability 0.3333333333 -j SEP',
    'nat -A SVC -m comment --comment "default/web:http -> 10.244.0.3:8080" -m statistic --mode random --probability 0.5000000000 -j SEP',
    'nat -A SVC -m comment --comment "default/web:http -> 10.244.0.4:8080" -j SEP',
  ]);
  expect(chain(set, 'nat', endpointChain('default/web:http', 'tcp', '10.244.0.2:8080'))).toEqual([
    '-m comment --comment default/web:http -s 10.244.0.2 -j KUBE-MARK-MASQ',
    '-m comment --comment default/web:http -m tcp -p tcp -j DNAT --to-destination 10.244.0.2:8080',
  ]);
  expect(set.nat.has(endpointChain('default/web:http', 'tcp', '10.244.0.9:8080'))).toBe(false);
});

test('fixed chains', () => {
  const set = buildRules(state([], []), options);
  expect(chain(set, 'nat', 'KUBE-POSTROUTING')).toEqual([
    '-m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-j MARK --xor-mark 0x4000',
    '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
  ]);
  expect(chain(set, 'nat', 'KUBE-MARK-MASQ')).toEqual(['-j MARK --or-mark 0x4000']);
  expect(chain(set, 'nat', 'KUBE-SERVICES')).toEqual([
    '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
  ]);
  expect(chain(set, 'filter', 'KUBE-FORWARD')).toHaveLength(3);
  expect(
    chain(buildRules(state([], []), { ...options, localhostNodePorts: false }), 'nat', 'KUBE-SERVICES')[0],
  ).toContain('--dst-type LOCAL ! -d 127.0.0.0/8');
  const narrow = buildRules(state([], []), { ...options, nodePortAddresses: ['192.168.0.0/24', 'fd00::/64'] });
  const destinations = (set: RuleSet) => chain(set, 'nat', 'KUBE-SERVICES').map((r) => r.match(/-d \S+/)?.[0]);
  expect(destinations(narrow)).toEqual(['-d 192.168.0.0/24']);
  const first = buildRules(state([], []), { ...options, nodePortAddresses: ['primary'] });
  expect(destinations(first)).toEqual(['-d 192.168.0.1/32']);
});

test('no endpoints: refused in filter, nothing in nat', () => {
  expect(about(rulesFor({ type: 'NodePort', nodePort: 30080, externalIPs: ['1.2.3.4'] }, []))).toEqual([
    `filter -A KUBE-SERVICES -m comment --comment "default/web:http has no endpoints" ${to('10.96.0.10')} -j REJECT`,
    `filter -A KUBE-EXTERNAL-SERVICES -m comment --comment "default/web:http has no endpoints" ${to('1.2.3.4')} -j REJECT`,
    'filter -A KUBE-EXTERNAL-SERVICES -m comment --comment "default/web:http has no endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j REJECT',
  ]);
});

test('NodePort and external addresses go through KUBE-EXT, masqueraded', () => {
  const rules = about(rulesFor({ type: 'NodePort', nodePort: 30080, externalIPs: ['1.2.3.4'] }, [remote]));
  expect(rules).toContain(
    `nat -A KUBE-SERVICES -m comment --comment "default/web:http external IP" ${to('1.2.3.4')} -j EXT`,
  );
  expect(rules).toContain(
    'nat -A KUBE-NODEPORTS -m comment --comment default/web:http -m tcp -p tcp --dport 30080 -j EXT',
  );
  expect(rules.filter((r) => r.startsWith('nat -A EXT'))).toEqual([
    'nat -A EXT -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ',
    'nat -A EXT -j SVC',
  ]);
});

test('externalTrafficPolicy Local keeps the source and uses local endpoints; pods and the node use all', () => {
  const spec = { type: 'NodePort', nodePort: 30080, externalTrafficPolicy: 'Local' };
  const rules = about(rulesFor(spec, [local, remote]));
  expect(rules.filter((r) => /-A (EXT|SVL)/.test(r))).toEqual([
    'nat -A EXT -m comment --comment "pod traffic for default/web:http external destinations" -s 10.244.0.0/16 -j SVC',
    'nat -A EXT -m comment --comment "masquerade LOCAL traffic for default/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
    'nat -A EXT -m comment --comment "route LOCAL traffic for default/web:http external destinations" -m addrtype --src-type LOCAL -j SVC',
    'nat -A EXT -j SVL',
    'nat -A SVL -m comment --comment "default/web:http -> 10.244.0.2:8080" -j SEP',
  ]);
  const without = about(rulesFor(spec, [remote]));
  expect(without).toContain(
    'filter -A KUBE-EXTERNAL-SERVICES -m comment --comment "default/web:http has no local endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j DROP',
  );
  expect(without).not.toContain('nat -A EXT -j SVL');
  expect(without).toContain('nat -A SVC -m comment --comment "default/web:http -> 10.244.1.2:8080" -j SEP');
});

test('internalTrafficPolicy Local', () => {
  const spec = { internalTrafficPolicy: 'Local' };
  expect(about(rulesFor(spec, [local, remote]))).toEqual([
    `nat -A KUBE-SERVICES -m comment --comment "default/web:http cluster IP" ${to('10.96.0.10')} -j SVL`,
    `nat -A SVL -m comment --comment "default/web:http cluster IP" ${to('10.96.0.10')} ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ`,
    'nat -A SVL -m comment --comment "default/web:http -> 10.244.0.2:8080" -j SEP',
  ]);
  expect(about(rulesFor(spec, [remote]))).toEqual([
    `filter -A KUBE-SERVICES -m comment --comment "default/web:http has no local endpoints" ${to('10.96.0.10')} -j DROP`,
  ]);
});

test('load balancer addresses, with and without source ranges', () => {
  const status = {
    loadBalancer: { ingress: [{ ip: '5.6.7.8' }, { ip: '5.6.7.9', ipMode: 'Proxy' }, { hostname: 'x' }] },
  };
  const open = about(rulesFor({ type: 'LoadBalancer' }, [local], {}, status));
  expect(open).toContain(
    `nat -A KUBE-SERVICES -m comment --comment "default/web:http loadbalancer IP" ${to('5.6.7.8')} -j EXT`,
  );
  expect(open.join()).not.toContain('5.6.7.9');
  const guarded = rulesFor({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.168.0.0/24'] }, [local], {}, status);
  expect(about(guarded).filter((r) => /FW|FIREWALL/.test(r))).toEqual([
    `filter -A KUBE-PROXY-FIREWALL -m comment --comment "default/web:http traffic not accepted by FW" ${to('5.6.7.8')} -j DROP`,
    `nat -A KUBE-SERVICES -m comment --comment "default/web:http loadbalancer IP" ${to('5.6.7.8')} -j FW`,
    'nat -A FW -m comment --comment "default/web:http loadbalancer IP" -s 192.168.0.0/24 -j EXT',
    'nat -A FW -m comment --comment "default/web:http loadbalancer IP" -s 5.6.7.8 -j EXT',
    'nat -A FW -m comment --comment "other traffic to default/web:http will be dropped by KUBE-PROXY-FIREWALL"',
  ]);
});

test('session affinity remembers the client at each endpoint', () => {
  const set = rulesFor({ sessionAffinity: 'ClientIP' }, [local, remote]);
  const sep = endpointChain('default/web:http', 'tcp', '10.244.0.2:8080');
  const svc = chain(set, 'nat', serviceChain('KUBE-SVC-', 'default/web:http', 'tcp'));
  expect(svc[1]).toBe(
    `-m comment --comment "default/web:http -> 10.244.0.2:8080" -m recent --name ${sep} --rcheck --seconds 10800 --reap -j ${sep}`,
  );
  expect(svc).toHaveLength(5);
  expect(chain(set, 'nat', sep)[1]).toBe(
    `-m comment --comment default/web:http -m recent --name ${sep} --set -m tcp -p tcp -j DNAT --to-destination 10.244.0.2:8080`,
  );
});

const used = (set: RuleSet) =>
  about(set)
    .flatMap((r) => r.match(/-> (\S+):8080/)?.[1] ?? [])
    .sort();

test.each<[string, EndpointInput[], string[]]>([
  [
    'terminating ones serve when nothing is ready',
    [
      { ...local, ready: false, serving: true, terminating: true },
      { ...remote, ready: false, serving: false },
    ],
    ['10.244.0.2'],
  ],
  ['but not beside ready ones', [{ ...local, ready: false, serving: true, terminating: true }, remote], ['10.244.1.2']],
  [
    'zone hints narrow',
    [
      { ...local, zones: ['a'] },
      { ...remote, zones: ['b'] },
    ],
    ['10.244.0.2'],
  ],
  ['unless one has none', [{ ...local, zones: ['a'] }, remote], ['10.244.0.2', '10.244.1.2']],
  [
    'or none is for here',
    [
      { ...local, zones: ['b'] },
      { ...remote, zones: ['c'] },
    ],
    ['10.244.0.2', '10.244.1.2'],
  ],
  [
    'node hints before zone hints',
    [
      { ...local, zones: ['b'], nodes: ['node-1'] },
      { ...remote, zones: ['a'], nodes: ['node-2'] },
    ],
    ['10.244.0.2'],
  ],
])('%s', (_, endpoints, wanted) => {
  expect(used(rulesFor({}, endpoints))).toEqual(wanted);
});

test.each([
  ['10.0.0.0/8', true],
  ['fd00::/48', true],
  ['10.0.0.0', false],
  ['10.0.0.0/33', false],
  ['x/8', false],
  ['', false],
])('"%s" is a range: %s', (text, wanted) => {
  expect(isCidr(text)).toBe(wanted);
});

test('what has no virtual IP, or belongs to another proxy, gets no rules', () => {
  const other = service('web', {});
  other.metadata.labels = { 'service.kubernetes.io/service-proxy-name': 'mine' };
  const all = [
    service('a', { clusterIP: 'None', clusterIPs: ['None'] }),
    service('b', { type: 'ExternalName' }),
    other,
  ];
  expect(state(all, [slice('web', [local])]).ports).toEqual([]);
});

test('IPv6 beside IPv4', () => {
  const dual = service('web', { clusterIPs: ['10.96.0.10', 'fd00:96::a'] });
  const s = state([dual], [slice('web', [local]), slice('web', [{ ip: 'fd00:1::2' }], 'IPv6')], 'IPv6');
  const rules = about(buildRules(s, { ...options, clusterCidr: '10.244.0.0/16,fd00::/48' }));
  expect(rules).toEqual([
    `nat -A KUBE-SERVICES -m comment --comment "default/web:http cluster IP" ${to('fd00:96::a')} -j SVC`,
    `nat -A SVC -m comment --comment "default/web:http cluster IP" ${to('fd00:96::a')} ! -s fd00::/48 -j KUBE-MARK-MASQ`,
    'nat -A SVC -m comment --comment "default/web:http -> [fd00:1::2]:8080" -j SEP',
  ]);
});

test('more than a thousand endpoints go without comments', () => {
  const many = Array.from({ length: 1001 }, (_, i) => ({ ip: `10.244.${i >> 8}.${i & 255}` }));
  const svc = chain(rulesFor({}, many), 'nat', serviceChain('KUBE-SVC-', 'default/web:http', 'tcp'));
  expect(svc.slice(1).some((r) => r.includes('comment'))).toBe(false);
  expect(svc).toHaveLength(1002);
});

test('nodes share rules that are the same for all, and no others', () => {
  const common = { ...options };
  const of = (s: ReturnType<typeof state>, name: string) =>
    rulesOfNode(s, common, { node: { name, zone: '' }, nodeIPs: [] });
  const plain = state([service('web', {})], [slice('web', [local, remote])]);
  expect(of(plain, 'node-1')).toBe(of(plain, 'node-2'));
  for (const [spec, endpoint] of [
    [{ internalTrafficPolicy: 'Local' }, {}],
    [{}, { nodes: ['node-1'] }],
    [{ loadBalancerSourceRanges: ['10.0.0.0/8'] }, {}],
  ]) {
    const s = state([service('web', spec!)], [slice('web', [{ ...local, ...endpoint }])]);
    expect(of(s, 'node-1')).not.toBe(of(s, 'node-2'));
  }
});

test('the order of the input does not matter', () => {
  const services = [service('b', { clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'] }), service('web', {})];
  const slices = [slice('web', [local]), slice('web', [remote]), slice('b', [remote])];
  const text = (set: RuleSet) => JSON.stringify([[...set.filter], [...set.nat]]);
  expect(text(buildRules(state(services, slices), options))).toBe(
    text(buildRules(state(services.toReversed(), slices.toReversed()), options)),
  );
});

test('health check ports count this node’s ready endpoints', () => {
  const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 };
  const set = rulesFor(spec, [local]);
  expect(chain(set, 'filter', 'KUBE-NODEPORTS')).toEqual([
    '-m comment --comment "default/web:http health check node port" -m tcp -p tcp --dport 31000 -j ACCEPT',
  ]);
  const s = state(
    [service('web', { ...spec, nodePort: 30080 })],
    [slice('web', [local, remote, { ...local, ip: '10.244.0.8', ready: false }])],
  );
  expect([...healthByPort([s], options.node)]).toEqual([
    [31000, { namespace: 'default', name: 'web', localEndpoints: 1 }],
  ]);
});

test('UDP flows to removed endpoints, and into the void, are stale', () => {
  const udp = { ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }] };
  const at = (ips: string[]) => {
    const s = slice(
      'web',
      ips.map((ip) => ({ ip })),
    );
    s.ports = [{ name: 'dns', port: 53, protocol: 'UDP' }];
    return state([service('web', udp)], [s]);
  };
  expect(staleFlows(at(['10.244.0.2', '10.244.0.3']), at(['10.244.0.3']))).toEqual([
    ['--orig-dst', '10.96.0.10', '--dst-nat', '10.244.0.2'],
  ]);
  expect(staleFlows(at([]), at(['10.244.0.3']))).toEqual([['--orig-dst', '10.96.0.10']]);
  expect(staleFlows(at(['10.244.0.3']), at(['10.244.0.3']))).toEqual([]);
});
