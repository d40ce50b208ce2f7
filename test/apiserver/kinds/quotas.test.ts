import { expect, test } from 'vitest';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { limitRange } from '../../../apiserver/kinds/limitRange.ts';
import { resourceQuota } from '../../../apiserver/kinds/resourceQuota.ts';
import { cells, created, made, texts, updated } from './said.ts';

const limits = (...items: any[]): any => made(limitRange, { spec: { limits: items } });
const box = (fields: any) => limits({ type: 'Container', ...fields });
const at = 'spec.limits[0]';

test('a container gets the maximum as its limit, and that as its request', () => {
  expect(box({ max: { cpu: '2' }, min: { cpu: '1', memory: '1Gi' } }).spec.limits[0]).toMatchObject({
    default: { cpu: '2' },
    defaultRequest: { cpu: '2', memory: '1Gi' },
  });
  expect(limits({ type: 'Pod', max: { cpu: '2' } }).spec.limits[0].default).toBeUndefined();
});

test.each<[string, any, any[]]>([
  ['nothing', limits(), []],
  ['fine', box({ max: { cpu: '2' }, min: { cpu: '100m' }, maxLimitRequestRatio: { cpu: '10' } }), []],
  [
    'type',
    limits({ type: 'Node' }),
    [`${at}.type: Invalid value: "Node": must be a standard limit type or fully qualified`],
  ],
  [
    'no type',
    limits({}),
    [`${at}.type: Invalid value: "": name part must be non-empty`, expect.stringContaining(`${at}.type`)],
  ],
  ['a type twice', limits({ type: 'Pod' }, { type: 'Pod' }), ['spec.limits[1].type: Duplicate value: "Pod"']],
  [
    'unknown resource',
    limits({ type: 'Pod', max: { luck: '1' } }),
    [
      `${at}.max[luck]: Invalid value: "luck": must be a standard resource type or fully qualified`,
      `${at}.max[luck]: Invalid value: "luck": must be a standard resource for containers`,
    ],
  ],
  [
    'defaults of pods',
    limits({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
    [
      `${at}.default: Forbidden: may not be specified when \`type\` is 'Pod'`,
      `${at}.defaultRequest: Forbidden: may not be specified when \`type\` is 'Pod'`,
    ],
  ],
  ['claims', limits({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }), []],
  [
    'claims of nothing',
    limits({ type: 'PersistentVolumeClaim' }),
    [`${at}.limits: Required value: either minimum or maximum storage value is required, but neither was provided`],
  ],
  [
    'min over max',
    limits({ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }),
    [`${at}.min[cpu]: Invalid value: "2": min value 2 is greater than max value 1`],
  ],
  [
    'request below min',
    box({ min: { cpu: '2' }, default: { cpu: '3' }, defaultRequest: { cpu: '1' } }),
    [`${at}.defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1`],
  ],
  [
    'request over max and limit',
    box({ max: { cpu: '2' }, defaultRequest: { cpu: '3' } }),
    [
      `${at}.defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than max value 2`,
      `${at}.defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than default limit value 2`,
    ],
  ],
  [
    'limit below min',
    box({ min: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
    [
      `${at}.defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1`,
      `${at}.default[cpu]: Invalid value: "2": min value 2 is greater than default value 1`,
    ],
  ],
  [
    'limit over max',
    box({ max: { cpu: '1' }, default: { cpu: '2' }, defaultRequest: { cpu: '1' } }),
    [`${at}.default[cpu]: Invalid value: "1": default value 2 is greater than max value 1`],
  ],
  [
    'ratio',
    limits({ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }),
    [`${at}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1`],
  ],
  [
    'ratio too wide',
    limits({ type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } }),
    [`${at}.maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000`],
  ],
  [
    'no overcommitment',
    box({ default: { 'example.com/gpu': '2' }, defaultRequest: { 'example.com/gpu': '1' } }),
    [
      `${at}.defaultRequest[example.com/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/gpu`,
    ],
  ],
])('LimitRange: %s', (_what, object, expected) => {
  expect(created(limitRange, object)).toEqual(expected);
});

test('a LimitRange without a name gets one', () => {
  const object = limits();
  object.metadata.name = '';
  limitRange.prepareCreate!(object, {} as Context);
  expect(object.metadata.name).toMatch(/^[0-9a-f-]{36}$/);
  expect(limitRange.createOnUpdate).toBe(true);
});

const quota = (spec: any, status?: any): any => made(resourceQuota, { spec, ...(status && { status }) });
const scoped = (expressions: any[], hard: any = { pods: '1' }) => ({
  hard,
  scopeSelector: { matchExpressions: expressions },
});
const field = 'spec.scopeSelector.matchExpressions';
test.each<[string, any, any[]]>([
  ['nothing', {}, []],
  [
    'fine',
    {
      hard: {
        pods: '10',
        'limits.memory': '1Gi',
        'count/deployments.apps': '2',
        'requests.hugepages-2Mi': '2Mi',
        'requests.example.com/gpu': '1',
      },
    },
    [],
  ],
  [
    'unknown',
    { hard: { luck: '1' } },
    [
      'spec.hard[luck]: Invalid value: "luck": must be a standard resource type or fully qualified',
      'spec.hard[luck]: Invalid value: "luck": must be a standard resource for quota',
    ],
  ],
  [
    'bare storage',
    { hard: { storage: '1' } },
    ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
  ],
  ['below', { hard: { cpu: '-1' } }, ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0']],
  ['half a pod', { hard: { pods: '500m' } }, ['spec.hard[pods]: Invalid value: "500m": must be an integer']],
  ['scopes', { hard: { pods: '1' }, scopes: ['BestEffort'] }, []],
  [
    'unknown scope',
    { hard: { pods: '1' }, scopes: ['Lucky'] },
    ['spec.scopes: Invalid value: ["Lucky"]: unsupported scope'],
  ],
  [
    'scope of others',
    { hard: { cpu: '1' }, scopes: ['BestEffort'] },
    ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
  ],
  [
    'opposite scopes',
    { hard: { pods: '1' }, scopes: ['Terminating', 'NotTerminating'] },
    ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes'],
  ],
  ['selector', scoped([{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }]), []],
  [
    'selector of claims',
    scoped([{ scopeName: 'VolumeAttributesClass', operator: 'Exists' }], { 'requests.storage': '1Gi' }),
    [],
  ],
  [
    'selector of unknowns',
    scoped([{ scopeName: 'Lucky', operator: 'Exists' }]),
    [`${field}.scopeName: Invalid value: "Lucky": unsupported scope`],
  ],
  [
    'selector of others',
    scoped([{ scopeName: 'PriorityClass', operator: 'Exists' }], { services: '1' }),
    [
      `${field}: Invalid value: {"MatchExpressions":[{"ScopeName":"PriorityClass","Operator":"Exists","Values":null}]}: unsupported scope applied to resource`,
    ],
  ],
  [
    'plain scope',
    scoped([{ scopeName: 'Terminating', operator: 'DoesNotExist' }]),
    [
      expect.stringContaining(
        `${field}.operator: Invalid value: "DoesNotExist": must be 'Exists' when scope is any of`,
      ),
    ],
  ],
  [
    'no values',
    scoped([{ scopeName: 'PriorityClass', operator: 'NotIn' }]),
    [
      `${field}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
    ],
  ],
  [
    'values',
    scoped([{ scopeName: 'PriorityClass', operator: 'Exists', values: ['a'] }]),
    [
      `${field}.values: Invalid value: ["a"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
    ],
  ],
  [
    'operator',
    scoped([{ scopeName: 'PriorityClass', operator: 'Is' }]),
    [`${field}.operator: Invalid value: "Is": not a valid selector operator`],
  ],
  [
    'opposite selectors',
    scoped([
      { scopeName: 'BestEffort', operator: 'Exists' },
      { scopeName: 'NotBestEffort', operator: 'Exists' },
    ]),
    [`${field}: Invalid value: null: conflicting scopes`],
  ],
])('ResourceQuota: %s', (_what, spec, expected) => {
  expect(created(resourceQuota, quota(spec))).toEqual(expected);
});

test('a ResourceQuota keeps its scopes', () => {
  const hard = { pods: '1' };
  expect(
    updated(
      resourceQuota,
      quota({ hard, scopes: ['Terminating', 'NotBestEffort'] }),
      quota({ hard: { pods: '2' }, scopes: ['NotBestEffort', 'Terminating'] }),
    ),
  ).toEqual([]);
  expect(updated(resourceQuota, quota({ hard, scopes: ['Terminating'] }), quota({ hard }))).toEqual([
    'spec.scopes: Invalid value: ["Terminating"]: field is immutable',
  ]);
});

test('ResourceQuota: status and columns', () => {
  const status = { hard: { pods: '10', 'limits.cpu': '4', cpu: '2000m' }, used: { pods: '3', 'limits.cpu': '1' } };
  expect(cells(resourceQuota, quota({}, status))).toMatchObject({
    Request: 'cpu: 0/2, pods: 3/10',
    Limit: 'limits.cpu: 1/4',
  });
  const check = resourceQuota.subresources![0]!.validateUpdate!;
  expect(texts(check(quota({}, status), quota({})))).toEqual([]);
  expect(texts(check(quota({}, { used: { pods: '-1' } }), quota({})))).toEqual([
    'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
  ]);
});
