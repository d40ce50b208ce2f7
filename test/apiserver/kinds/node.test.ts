import { expect, test } from 'vitest';
import { node } from '../../../apiserver/kinds/node.ts';
import { cells, created, made, texts, updated } from './said.ts';

const a = (spec: any, status: any = {}, metadata: any = {}) => made(node, { spec, status }, metadata);
const taint = { key: 'a', effect: 'NoSchedule' };

test('one range is the first of many, and what a node has is what it gives', () => {
  expect(a({ podCIDR: '10.244.0.0/24' }).spec.podCIDRs).toEqual(['10.244.0.0/24']);
  expect(a({ podCIDRs: ['10.244.0.0/24', 'fd00::/64'] }).spec.podCIDR).toBe('10.244.0.0/24');
  expect(a({}, { capacity: { cpu: '2' } }).status.allocatable).toEqual({ cpu: '2' });
});

test.each<[string, any, any, string[]]>([
  ['least', {}, {}, []],
  ['taints', { taints: [taint, { ...taint, effect: 'NoExecute' }] }, {}, []],
  [
    'taint twice',
    { taints: [taint, { ...taint, value: 'x' }] },
    {},
    [
      'metadata.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule","value":"x"}: taints must be unique by key and effect pair',
    ],
  ],
  ['no effect', { taints: [{ key: 'a' }] }, {}, ['metadata.taints[0].effect: Required value']],
  [
    'effect',
    { taints: [{ key: 'a', effect: 'x' }] },
    {},
    [
      'metadata.taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  [
    'range',
    { podCIDRs: ['10.244.0.0'] },
    {},
    ['spec.podCIDRs[0]: Invalid value: "10.244.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ],
  [
    'two of a family',
    { podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] },
    {},
    [
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  ],
  [
    'negative capacity',
    {},
    { capacity: { cpu: '-1' }, allocatable: {} },
    ['status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0'],
  ],
])('%s', (_what, spec, status, expected) => {
  expect(created(node, a(spec, status))).toEqual(expected);
});

test.each<[string, any, any, string[]]>([
  ['first range', {}, { podCIDR: '10.244.0.0/24' }, []],
  [
    'another range',
    { podCIDR: '10.244.0.0/24' },
    { podCIDR: '10.244.1.0/24' },
    ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
  ],
  ['cordon', {}, { unschedulable: true }, []],
  [
    'another cloud name',
    { providerID: 'a' },
    { providerID: 'b' },
    ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'],
  ],
])('update: %s', (_what, before, now, expected) => {
  expect(updated(node, a(now), a(before))).toEqual(expected);
});

const status = node.subresources![0]!;
test('status keeps spec, takes extended resources, and names no address twice', () => {
  const old = a({ unschedulable: true });
  const address = { type: 'InternalIP', address: '10.0.0.1' };
  const capacity = { cpu: '1', 'example.com/fake': '5' };
  const written = a({}, { capacity, addresses: [address, { ...address }] });
  status.keep!(written, old);
  expect(written.spec).toEqual(old.spec);
  expect(texts(status.validateUpdate!(written, old))).toEqual([
    'status.addresses[1]: Duplicate value: {"type":"InternalIP","address":"10.0.0.1"}',
  ]);
});

test('what kubectl get prints', () => {
  const object = a(
    { unschedulable: true },
    {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.35.0', osImage: 'Debian' },
    },
    { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } },
  );
  expect(cells(node, object)).toMatchObject({
    Status: 'Ready,SchedulingDisabled',
    Roles: 'control-plane,worker',
    Version: 'v1.35.0',
    'Internal-IP': '10.0.0.1',
    'External-IP': '<none>',
    'OS-Image': 'Debian',
    'Kernel-Version': '<unknown>',
  });
  expect(cells(node, a({}))).toMatchObject({ Status: 'Unknown', Roles: '<none>' });
  expect(node.selectableFields!['spec.unschedulable']!(object)).toBe('true');
});

const annotated = (key: string, value: unknown) =>
  a(
    {},
    {},
    {
      annotations: {
        [`scheduler.alpha.kubernetes.io/${key}`]: typeof value === 'string' ? value : JSON.stringify(value),
      },
    },
  );
const avoiding = (...preferAvoidPods: any[]) => ({ preferAvoidPods });
const at = 'metadata.annotations';
test.each<[string, unknown, string[]]>([
  ['taints', '', []],
  ['taints', [taint], []],
  ['taints', [{ ...taint, effect: '' }], [`${at}.scheduler.alpha.kubernetes.io/taints[0].effect: Required value`]],
  [
    'taints',
    '{',
    ['metadata.annotations: Invalid value: "scheduler.alpha.kubernetes.io/taints": unexpected end of JSON input'],
  ],
  ['preferAvoidPods', avoiding({ podSignature: { podController: { controller: true } } }), []],
  [
    'preferAvoidPods',
    avoiding({ podSignature: {} }),
    [`${at}.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature: Required value`],
  ],
  [
    'preferAvoidPods',
    avoiding({ podSignature: { podController: { controller: false } } }),
    [
      `${at}.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature.PodController.Controller: Invalid value: false: must point to a controller`,
    ],
  ],
  [
    'preferAvoidPods',
    'x',
    [
      `metadata.annotations.AvoidPods: Invalid value: "scheduler.alpha.kubernetes.io/preferAvoidPods": invalid character 'x' looking for beginning of value`,
    ],
  ],
])('annotation %s: %j', (key, value, expected) => {
  expect(created(node, annotated(key, value))).toEqual(expected);
  expect(texts(status.validateUpdate!(annotated(key, value), a({})))).toEqual(expected);
});

test('configuration from afar is kept where it is in use, and cannot be put to use', () => {
  const configSource = { configMap: { namespace: 'a', name: 'b', kubeletConfigKey: 'c' } };
  const config = { assigned: configSource };
  const fresh = a({ configSource }, { config });
  node.prepareCreate!(fresh, {} as never);
  expect([fresh.spec.configSource, fresh.status.config]).toEqual([undefined, undefined]);
  const changed = a({ configSource });
  node.prepareUpdate!(changed, a({}), {} as never);
  expect(changed.spec.configSource).toBeUndefined();
  const kept = a({ configSource });
  node.prepareUpdate!(kept, a({ configSource }), {} as never);
  expect(kept.spec.configSource).toEqual(configSource);
  expect(node.warnings!(kept, undefined)).toEqual(['spec.configSource: the feature is removed']);
  expect(node.warnings!(a({ externalID: 'x' }), undefined)).toEqual([
    'spec.externalID: this field is deprecated, and is unused by Kubernetes',
  ]);
  const reported = a({}, { config });
  status.keep!(reported, a({}));
  expect(reported.status.config).toBeUndefined();
});

test('swap is looked at with the whole node alone, as upstream does', () => {
  const swapping = (capacity: number) => a({}, { nodeInfo: { swap: { capacity } } });
  expect(created(node, swapping(1))).toEqual([]);
  expect(created(node, swapping(0))).toEqual([
    'metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero',
  ]);
  expect(status.validateUpdate!(swapping(0), a({}))).toEqual([]);
});

test('a node says what Go writes of it although nobody said it', () => {
  const { status } = a({}, { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { osImage: 'Debian' } });
  expect(status.conditions).toEqual([
    { type: 'Ready', status: 'True', lastHeartbeatTime: null, lastTransitionTime: null },
  ]);
  expect(status.daemonEndpoints).toEqual({ kubeletEndpoint: { Port: 0 } });
  expect(status.nodeInfo).toMatchObject({ osImage: 'Debian', kubeletVersion: '', bootID: '' });
  expect(
    a({}, { daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } }).status.daemonEndpoints.kubeletEndpoint.Port,
  ).toBe(10250);
});
