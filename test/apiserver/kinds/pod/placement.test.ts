import { expect, test } from 'vitest';
import { type Row, refused } from './pods.ts';

const set = (fields: any) => (spec: any) => Object.assign(spec, fields);
const tolerate = (...tolerations: any[]) => set({ tolerations });
const nodes = (...matchExpressions: any[]) =>
  set({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
      },
    },
  });
const term = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]';
const near = (podAffinityTerm: any, weight = 1) =>
  set({
    affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm }] } },
  });
const nearAt = 'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]';
const spread = (fields: any) =>
  set({
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {}, ...fields },
    ],
  });

test.each<Row>([
  ['everything', tolerate({ operator: 'Exists' }), []],
  [
    'seconds without NoExecute',
    tolerate({ key: 'a', operator: 'Exists', tolerationSeconds: 1 }),
    ['spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set'],
  ],
  [
    'value with Exists',
    tolerate({ key: 'a', operator: 'Exists', value: 'b' }),
    ['spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\''],
  ],
  [
    'comparison waits for its gate',
    tolerate({ key: 'a', operator: 'Gt', value: '1' }),
    ['spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"'],
  ],
  [
    'effect',
    tolerate({ key: 'a', operator: 'Exists', effect: 'x' }),
    [
      'spec.tolerations[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
  ],
  ['node in', nodes({ key: 'a', operator: 'In', values: ['b'] }), []],
  [
    'node in nothing',
    nodes({ key: 'a', operator: 'In' }),
    [`${term}.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`],
  ],
  [
    'node operator',
    nodes({ key: 'a', operator: 'Like' }),
    [`${term}.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator`],
  ],
  [
    'no terms',
    set({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } }),
    [`${term.slice(0, -3)}: Required value: must have at least one node selector term`],
  ],
  ['near', near({ topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } } }), []],
  [
    'near nowhere',
    near({}, 101),
    [
      `${nearAt}.weight: Invalid value: 101: must be in the range 1-100`,
      `${nearAt}.podAffinityTerm.topologyKey: Required value: can not be empty`,
      `${nearAt}.podAffinityTerm.topologyKey: Invalid value: "": name part must be non-empty`,
      `${nearAt}.podAffinityTerm.topologyKey: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ],
  [
    'keys without selector',
    near({ topologyKey: 'zone', matchLabelKeys: ['a'] }),
    [`${nearAt}.podAffinityTerm.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`],
  ],
  ['spread', spread({ minDomains: 2 }), []],
  [
    'no skew',
    spread({ maxSkew: 0 }),
    ['spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero'],
  ],
  [
    'spread domains',
    spread({ whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }),
    [
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
    ],
  ],
  ['gates', set({ schedulingGates: [{ name: 'a.b/c' }] }), []],
  [
    'gate twice',
    set({ schedulingGates: [{ name: 'a' }, { name: 'a' }] }),
    ['spec.schedulingGates[1]: Duplicate value: "a"'],
  ],
  [
    'gated and bound',
    set({ schedulingGates: [{ name: 'a' }], nodeName: 'n' }),
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    'deadline',
    set({ activeDeadlineSeconds: 0 }),
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    'restart policy',
    set({ restartPolicy: 'x' }),
    ['spec.restartPolicy: Unsupported value: "x": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    'DNS by hand',
    set({ dnsPolicy: 'None' }),
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  ['DNS', set({ dnsPolicy: 'None', dnsConfig: { nameservers: ['10.0.0.010'], searches: ['a_b.c.', '.'] } }), []],
  [
    'nameserver',
    set({ dnsConfig: { nameservers: ['x'] } }),
    [
      'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    'hostname override',
    set({ hostnameOverride: 'a.b', hostNetwork: true }),
    ['spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true'],
  ],
  [
    'preemption',
    set({ preemptionPolicy: 'x' }),
    ['spec.preemptionPolicy: Unsupported value: "x": supported values: "PreemptLowerPriority", "Never"'],
  ],
  [
    'claim without source',
    set({ resourceClaims: [{ name: 'a' }] }),
    [
      'spec.resourceClaims[0]: Invalid value: {"name":"a"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
    ],
  ],
])('%s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});

const ask = (resources: any) => (spec: any) => Object.assign(spec.containers[0], { resources });
const at = 'spec.containers[0].resources';
test.each<Row>([
  ['plain', ask({ requests: { cpu: '100m' }, limits: { cpu: '1', memory: '1Gi' } }), []],
  [
    'more than the limit',
    ask({ requests: { cpu: '2' }, limits: { cpu: '1' } }),
    [`${at}.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
  ],
  [
    'negative',
    ask({ limits: { cpu: '-1' } }),
    [
      `${at}.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
      `${at}.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
    ],
  ],
  [
    'unknown',
    ask({ requests: { pears: '1' } }),
    [
      `${at}.requests[pears]: Invalid value: "pears": must be a standard resource type or fully qualified`,
      `${at}.requests[pears]: Invalid value: "pears": must be a standard resource for containers`,
    ],
  ],
  ['extended', ask({ limits: { 'example.com/gpu': '2' } }), []],
  [
    'extended without limit',
    ask({ requests: { 'example.com/gpu': '2' } }),
    [`${at}.limits: Required value: Limit must be set for non overcommitable resources`],
  ],
  [
    'half a device',
    ask({ limits: { 'example.com/gpu': '500m' } }),
    [
      `${at}.limits[example.com/gpu]: Invalid value: "500m": must be an integer`,
      `${at}.requests[example.com/gpu]: Invalid value: "500m": must be an integer`,
    ],
  ],
  [
    'huge pages alone',
    ask({ limits: { 'hugepages-2Mi': '4Mi' } }),
    [`${at}: Forbidden: HugePages require cpu or memory`],
  ],
  [
    'huge pages by half',
    ask({ limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } }),
    [
      `${at}.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      `${at}.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
    ],
  ],
  [
    'claim of no pod claim',
    ask({ claims: [{ name: 'a' }] }),
    [`${at}.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty`],
  ],
  [
    'more than the pod',
    (spec) => {
      ask({ requests: { cpu: '2' } })(spec);
      spec.resources = { requests: { cpu: '1' } };
    },
    [
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
    ],
  ],
])('resources: %s', (_what, change, expected) => {
  expect(refused(change)).toEqual(expected);
});
