import { expect, test } from 'vitest';
import { service } from '../../../../apiserver/kinds/service.ts';
import { cells, created, made, texts, updated } from '../said.ts';

const http = [{ name: 'http', port: 80 }];
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const balancer = "may only be used when `type` is 'LoadBalancer'";
const source = 'service.beta.kubernetes.io/load-balancer-source-ranges';

test('defaults', () => {
  const object = made(service, { spec: { ports: [{ port: 80 }] } });
  expect(object.spec).toEqual({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
  expect(object.status).toEqual({ loadBalancer: {} });
  const again = structuredClone(object);
  service.defaults!(again);
  expect(again).toEqual(object);
  const sticky = made(service, { spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' } }).spec;
  expect(sticky).toMatchObject({
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    externalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
  });
  expect(made(service, { spec: { sessionAffinityConfig: {} } }).spec).not.toHaveProperty('sessionAffinityConfig');
});

test.each<[string, Record<string, unknown>, string[], Record<string, string>?]>([
  ['plain', { ports: http }, []],
  ['no ports', {}, ['spec.ports: Required value']],
  ['headless without ports', { clusterIP: 'None', clusterIPs: ['None'] }, []],
  [
    'type',
    { type: 'X', ports: http },
    ['spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
  ],
  [
    'headless NodePort',
    { type: 'NodePort', clusterIP: 'None', clusterIPs: ['None'], ports: http },
    [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`],
  ],
  ['ExternalName', { type: 'ExternalName', externalName: 'a.example.com.' }, []],
  [
    'ExternalName with an address and no name',
    {
      type: 'ExternalName',
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    },
    [
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
      'spec.ipFamilies: Forbidden: may not be set for ExternalName services',
      'spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services',
      'spec.externalName: Required value',
    ],
  ],
  [
    'two unnamed ports',
    { ports: [{ port: 80 }, { port: 81 }] },
    ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
  ],
  ['port name', { ports: [{ name: 'A', port: 80 }] }, [`spec.ports[0].name: Invalid value: "A": ${label}`]],
  [
    'the same port twice',
    {
      ports: [
        { name: 'a', port: 80 },
        { name: 'a', port: 80 },
      ],
    },
    [
      'spec.ports[1].name: Duplicate value: "a"',
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
  ],
  [
    'the same port of two protocols',
    {
      ports: [
        { name: 'a', port: 53 },
        { name: 'b', port: 53, protocol: 'UDP' },
      ],
    },
    [],
  ],
  [
    'port number',
    { ports: [{ port: 65536 }] },
    [
      'spec.ports[0].port: Invalid value: 65536: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    'target port name',
    { ports: [{ port: 80, targetPort: 'web--a' }] },
    ['spec.ports[0].targetPort: Invalid value: "web--a": must not contain consecutive hyphens'],
  ],
  [
    'protocol',
    { ports: [{ port: 80, protocol: 'http' }] },
    ['spec.ports[0].protocol: Unsupported value: "http": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    'nodePort of a ClusterIP',
    { ports: [{ port: 80, nodePort: 30000 }] },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    'the same nodePort twice',
    {
      type: 'NodePort',
      ports: [
        { name: 'a', port: 80, nodePort: 30000 },
        { name: 'b', port: 81, nodePort: 30000 },
      ],
    },
    ['spec.ports[1].nodePort: Duplicate value: 30000'],
  ],
  [
    'affinity',
    { ports: http, sessionAffinity: 'Cookie' },
    ['spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
  ],
  [
    'affinity timeout',
    { ports: http, sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } },
    [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
  ],
  [
    'address',
    { ports: http, clusterIP: 'x', clusterIPs: ['x'] },
    ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    'addresses that differ',
    { ports: http, clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] },
    ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`'],
  ],
  [
    'two of one family',
    { ports: http, clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] },
    ['spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family'],
  ],
  [
    'family and address',
    { ports: http, clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv6'] },
    ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
  ],
  ['families', { ports: http, ipFamilies: ['IPv4', 'IPv4'] }, ['spec.ipFamilies[1]: Duplicate value: "IPv4"']],
  [
    'policy',
    { ports: http, ipFamilyPolicy: 'X' },
    [
      'spec.ipFamilyPolicy: Unsupported value: "X": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
    ],
  ],
  [
    'external IP',
    { ports: http, externalIPs: ['127.0.0.1'] },
    ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  [
    'source ranges',
    { ports: http, loadBalancerSourceRanges: ['10.0.0.0/8'] },
    [`spec.LoadBalancerSourceRanges: Forbidden: ${balancer}`],
  ],
  [
    'source ranges by annotation',
    { type: 'LoadBalancer', ports: http },
    [
      `metadata.annotations[${source}]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
    ],
    { [source]: '10.0.0.0/8, x' },
  ],
  ['class', { ports: http, loadBalancerClass: 'example.com/lb' }, [`spec.loadBalancerClass: Forbidden: ${balancer}`]],
  [
    'node port allocation',
    { ports: http, allocateLoadBalancerNodePorts: true },
    [`spec.allocateLoadBalancerNodePorts: Forbidden: ${balancer}`],
  ],
  [
    'external policy inside',
    { ports: http, externalTrafficPolicy: 'Local' },
    ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
  ],
  [
    'external policy',
    { type: 'NodePort', ports: http, externalTrafficPolicy: 'X' },
    ['spec.externalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"'],
  ],
  [
    'internal policy',
    { ports: http, internalTrafficPolicy: 'X' },
    ['spec.internalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"'],
  ],
  [
    'distribution',
    { ports: http, trafficDistribution: 'X' },
    [
      'spec.trafficDistribution: Unsupported value: "X": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ],
  ],
  [
    'empty distribution',
    { ports: http, trafficDistribution: '' },
    [
      'spec.trafficDistribution: Unsupported value: "": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ],
  ],
  ['same node', { ports: http, trafficDistribution: 'PreferSameNode' }, []],
  [
    'health check port',
    { type: 'LoadBalancer', ports: http, healthCheckNodePort: 30001 },
    [
      "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ],
])('%s', (_name, spec, expected, annotations) => {
  expect(created(service, made(service, { spec }, annotations ? { annotations } : {}))).toEqual(expected);
});

const stored = {
  ports: http,
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1'],
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
};
test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
  ['ports', stored, { ...stored, ports: [{ port: 81 }] }, []],
  [
    'address',
    stored,
    { ...stored, clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2'] },
    ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
  ],
  [
    'to headless',
    stored,
    { ...stored, clusterIP: 'None', clusterIPs: ['None'] },
    ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
  ],
  [
    'address gone',
    stored,
    { ports: http, ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
    ['spec.clusterIPs[0]: Invalid value: []: primary clusterIP can not be unset'],
  ],
  ['to ExternalName', stored, { type: 'ExternalName', externalName: 'a.b' }, []],
  [
    'second address gone',
    {
      ...stored,
      clusterIPs: ['10.0.0.1', 'fd00::1'],
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    },
    { ...stored, ipFamilyPolicy: 'RequireDualStack' },
    [
      `spec.ipFamilyPolicy: Invalid value: "RequireDualStack": must be set to 'SingleStack' when releasing the secondary clusterIP`,
      `spec.ipFamilyPolicy: Invalid value: "RequireDualStack": must be set to 'SingleStack' when releasing the secondary ipFamily`,
    ],
  ],
  [
    'load balancer class',
    { ...stored, type: 'LoadBalancer', loadBalancerClass: 'a.b/c' },
    { ...stored, type: 'LoadBalancer', loadBalancerClass: 'a.b/d' },
    ['spec.loadBalancerClass: Invalid value: "a.b/d": may not change once set'],
  ],
  [
    'health check port',
    { ...stored, type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30001 },
    { ...stored, type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30002 },
    ['spec.healthCheckNodePort: Forbidden: field is immutable'],
  ],
])('update: %s', (_name, old, now, expected) => {
  const found = updated(service, made(service, { spec: now }), made(service, { spec: old }));
  expect(found.slice().sort()).toEqual(expected.slice().sort());
});

test.each<[string, any, string[]]>([
  ['LoadBalancer', [{ ip: '1.2.3.4', ipMode: 'VIP' }], []],
  [
    'ClusterIP',
    [{ ip: '1.2.3.4', ipMode: 'VIP' }],
    ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
  ],
  [
    'LoadBalancer',
    [{ ip: '1.2.3.4', ipMode: 'X' }],
    ['status.loadBalancer.ingress[0].ipMode: Unsupported value: "X": supported values: "Proxy", "VIP"'],
  ],
  [
    'LoadBalancer',
    [{ hostname: '1.2.3.4' }],
    ['status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
  ],
])('status of a %s: %j', (type, ingress, expected) => {
  const object = made(service, { spec: { ...stored, type }, status: { loadBalancer: { ingress } } });
  expect(texts(service.subresources![0]!.validateUpdate!(object, object))).toEqual(expected);
});

test('columns', () => {
  const shown = (spec: Record<string, unknown>, status: Record<string, unknown> = {}) =>
    Object.values(cells(service, made(service, { spec, status }, { creationTimestamp: '1970-01-01T00:00:00Z' }), 5000));
  expect(shown({ ...stored, selector: { b: '1', a: '2' } })).toEqual([
    'x',
    'ClusterIP',
    '10.0.0.1',
    '<none>',
    '80/TCP',
    '5s',
    'a=2,b=1',
  ]);
  expect(
    shown({ ...stored, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }], externalIPs: ['1.1.1.1'] }),
  ).toEqual([...['x', 'NodePort', '10.0.0.1', '1.1.1.1', '80:30080/TCP', '5s', '<none>']]);
  expect(shown({ ...stored, type: 'LoadBalancer' })[3]).toBe('<pending>');
  expect(
    shown(
      { ...stored, type: 'LoadBalancer' },
      { loadBalancer: { ingress: [{ ip: '9.9.9.9' }, { hostname: 'lb' }] } },
    )[3],
  ).toBe('9.9.9.9,lb');
  expect(shown({ type: 'ExternalName', externalName: 'a.b' })).toEqual([
    'x',
    'ExternalName',
    '<none>',
    'a.b',
    '<none>',
    '5s',
    '<none>',
  ]);
});

test('names, fields and warnings', () => {
  expect(service.validateName!('1a', false)).toHaveLength(1);
  expect(service.validateName!('a-1', false)).toEqual([]);
  expect(service.selectableFields!['spec.clusterIP']!(made(service, { spec: stored }))).toBe('10.0.0.1');
  const odd = made(service, {
    spec: { clusterIP: 'None', clusterIPs: ['None'], externalIPs: ['1.1.1.1'], externalName: 'a' },
  });
  expect(service.warnings!(odd, undefined)).toEqual([
    'spec.externalIPs is ignored for headless services',
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]);
  const close = (trafficDistribution: string) => made(service, { spec: { ...stored, trafficDistribution } });
  expect(service.warnings!(close('PreferClose'), undefined)).toEqual([
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ]);
  expect(service.warnings!(close('PreferSameZone'), undefined)).toEqual([]);
  const reported = (ip: string) => ({ status: { loadBalancer: { ingress: [{ ip }, { hostname: 'a.b' }] } } });
  const status = service.subresources!.find((s) => s.name === 'status')!;
  expect(status.warnings!(reported('1.2.3.4'), {})).toEqual([]);
  expect(status.warnings!(reported('1.2.3.04'), {})).toEqual([
    'status.loadBalancer.ingress[0]: non-standard IP address "1.2.3.04" will be considered invalid in a future Kubernetes release: use "1.2.3.4"',
  ]);
});
