import { expect, test } from 'vitest';
import { deployment } from '../../../apiserver/kinds/deployment.ts';
import { withGates } from '../../../apiserver/kinds/gatedFields.ts';
import type { Context, Kind } from '../../../apiserver/kinds/kind.ts';
import { replicaSet } from '../../../apiserver/kinds/replicaSet.ts';
import { defaultFeatureGates } from '../../../component-base/featureGates.ts';
import { cells, created, made, texts, updated } from './said.ts';

type Change = (spec: any, object: any) => void;
const context = {} as Context;

function one(kind: Kind, change: Change = () => {}): any {
  const whole: any = {
    metadata: {},
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
    },
  };
  change(whole.spec, whole);
  const { metadata, ...fields } = whole;
  return made(kind, fields, metadata);
}
const set =
  (fields: any): Change =>
  (spec) =>
    Object.assign(spec, fields);
const ofTemplate =
  (metadata: any): Change =>
  (spec) =>
    Object.assign(spec.template.metadata, metadata);
const rolling = (rollingUpdate: any) => set({ strategy: { rollingUpdate } });

test('a Deployment gets its strategy, history and deadline, its template the defaults of pods', () => {
  const { spec } = one(deployment);
  expect(spec).toMatchObject({
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  expect(spec.template.spec).toMatchObject({ restartPolicy: 'Always', terminationGracePeriodSeconds: 30 });
  expect(spec.template.spec.enableServiceLinks).toBeUndefined();
  expect(one(deployment, set({ strategy: { type: 'Recreate' } })).spec.strategy).toEqual({ type: 'Recreate' });
});

const shared: [string, Change, string[]][] = [
  ['fine', () => {}, []],
  ['none wanted', set({ replicas: 0 }), []],
  ['fewer than none', set({ replicas: -1 }), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
  [
    'no selector',
    (spec) => {
      delete spec.selector;
    },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'empty selector',
    set({ selector: {} }),
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    'selector of others',
    set({ selector: { matchLabels: { app: 'db' } } }),
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  [
    'restart policy',
    (spec) => Object.assign(spec.template.spec, { restartPolicy: 'Never' }),
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    'deadline of pods',
    (spec) => Object.assign(spec.template.spec, { activeDeadlineSeconds: 5 }),
    ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported'],
  ],
  [
    'no containers',
    (spec) => Object.assign(spec.template.spec, { containers: [] }),
    ['spec.template.spec.containers: Required value'],
  ],
  ['ready after a while', set({ minReadySeconds: 5 }), []],
  [
    'ready before it began',
    set({ minReadySeconds: -1 }),
    ['spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'a selector that cannot be read',
    set({ selector: { matchExpressions: [{ key: 'app', operator: 'Is', values: ['web'] }] } }),
    [
      'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is","values":["web"]}]}: invalid label selector',
    ],
  ],
  [
    'labels of a template',
    ofTemplate({ labels: { app: 'web', 'a b': 'c' } }),
    [expect.stringMatching(/^spec.template.labels: Invalid value: "a b": name part must consist of/)],
  ],
  [
    'annotations of a template',
    ofTemplate({ annotations: { 'a b': 'c' } }),
    [expect.stringMatching(/^spec.template.annotations: Invalid value: "a b": name part must consist of/)],
  ],
  ['fine annotations of a template', ofTemplate({ annotations: { 'example.com/a': 'any text' } }), []],
  [
    'tolerations as an annotation',
    ofTemplate({ annotations: { 'scheduler.alpha.kubernetes.io/tolerations': '[{"key":"a","operator":"Is"}]' } }),
    [expect.stringContaining('spec.template.annotations')],
  ],
  [
    'a profile beside another one',
    (spec) => {
      spec.template.metadata.annotations = { 'container.seccomp.security.alpha.kubernetes.io/c': 'runtime/default' };
      spec.template.spec.containers[0].securityContext = { seccompProfile: { type: 'Unconfined' } };
    },
    [expect.stringContaining('seccomp type in annotation and field must match')],
  ],
  [
    'a disk that one machine mounts',
    (spec) => {
      spec.replicas = 2;
      spec.template.spec.volumes = [{ name: 'v', gcePersistentDisk: { pdName: 'd' } }];
    },
    [
      'spec.template.spec.volumes[0].gcePersistentDisk.readOnly: Invalid value: false: must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only',
    ],
  ],
  [
    'a disk that many machines read',
    (spec) => {
      spec.replicas = 2;
      spec.template.spec.volumes = [{ name: 'v', gcePersistentDisk: { pdName: 'd', readOnly: true } }];
    },
    [],
  ],
  ['padded image in a template', (spec) => Object.assign(spec.template.spec.containers[0], { image: ' ' }), []],
  [
    'ephemeral containers',
    (spec) => Object.assign(spec.template.spec, { ephemeralContainers: [{ name: 'e', image: 'b' }] }),
    ['spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template'],
  ],
];

test.each(shared)('ReplicaSet: %s', (_what, change, expected) => {
  expect(created(replicaSet, one(replicaSet, change))).toEqual(expected);
});

test.each<[string, Change, string[]]>([
  ...shared,
  ['counts', rolling({ maxUnavailable: 0, maxSurge: 1 }), []],
  [
    'neither down nor up',
    rolling({ maxUnavailable: 0, maxSurge: '0%' }),
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
  ],
  [
    'more than all',
    rolling({ maxUnavailable: '101%' }),
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
  ],
  [
    'no percentage',
    rolling({ maxSurge: 'x' }),
    [
      "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ],
  ],
  [
    'a count as text',
    rolling({ maxUnavailable: '5', maxSurge: 0 }),
    [expect.stringContaining('spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "5": a valid percent string')],
  ],
  [
    'unknown strategy',
    set({ strategy: { type: 'Canary' } }),
    [
      'spec.strategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
    ],
  ],
  [
    'rolling what is recreated',
    set({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
    ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
  ],
  ['no history', set({ revisionHistoryLimit: 0 }), []],
  [
    'less than no history',
    set({ revisionHistoryLimit: -1 }),
    ['spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'deadline in the past',
    set({ progressDeadlineSeconds: -1 }),
    ['must be greater than or equal to 0', 'must be greater than minReadySeconds'].map(
      (rule) => `spec.progressDeadlineSeconds: Invalid value: -1: ${rule}`,
    ),
  ],
  [
    'deadline before ready',
    set({ minReadySeconds: 600 }),
    ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
  ],
])('Deployment: %s', (_what, change, expected) => {
  expect(created(deployment, one(deployment, change))).toEqual(expected);
});

test('a strategy that rolls says how', () => {
  const object = one(deployment);
  delete object.spec.strategy.rollingUpdate;
  expect(created(deployment, object)).toEqual([
    'spec.strategy.rollingUpdate: Required value: this should be defaulted and never be nil',
  ]);
});

test.each([deployment, replicaSet])('the selector of a $kind stays', (kind) => {
  const now = one(kind, (spec) => {
    spec.selector = { matchLabels: { app: 'db' } };
    spec.template.metadata.labels = { app: 'db' };
  });
  expect(updated(kind, now, one(kind))).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable',
  ]);
  expect(updated(kind, one(kind, set({ replicas: 5 })), one(kind))).toEqual([]);
});

const grows = (kind: Kind, change: Change) =>
  (kind.generation as (a: any, b: any) => boolean)(one(kind, change), one(kind));
test('the generation grows with spec, and with annotations of a Deployment', () => {
  const annotate: Change = (_spec, object) => Object.assign(object.metadata, { annotations: { a: 'b' } });
  const size: Change = (spec) => Object.assign(spec.template.spec.containers[0], { resources: { limits: {} } });
  expect([deployment, replicaSet].map((k) => grows(k, annotate))).toEqual([true, false]);
  expect([deployment, replicaSet].map((k) => grows(k, set({ replicas: 3 })))).toEqual([true, true]);
  expect([deployment, replicaSet].map((k) => grows(k, size))).toEqual([false, false]);
});

const sub = (kind: Kind, name: string) => kind.subresources!.find((s) => s.name === name)!;
test('status leaves spec alone, even a null one, and labels of a Deployment', () => {
  for (const kind of [deployment, replicaSet]) {
    const written: any = {
      metadata: { name: 'x', labels: { a: 'b' } },
      spec: { selector: null },
      status: { replicas: 2 },
    };
    const old = one(kind);
    sub(kind, 'status').keep!(written, old);
    expect(written.spec).toEqual(old.spec);
    expect(written.metadata.labels).toEqual(kind === deployment ? undefined : { a: 'b' });
  }
});

test.each<[Kind, any, any, string[]]>([
  [deployment, { replicas: 2, readyReplicas: 2, availableReplicas: 1 }, {}, []],
  [
    deployment,
    { replicas: 1, readyReplicas: 2 },
    {},
    ['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'],
  ],
  [
    deployment,
    { replicas: 2, availableReplicas: 1 },
    {},
    ['status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas'],
  ],
  ...[
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ].map((name): [Kind, any, any, any[]] => [
    deployment,
    { [name]: -1 },
    {},
    expect.arrayContaining([`status.${name}: Invalid value: -1: must be greater than or equal to 0`]),
  ]),
  [
    deployment,
    { collisionCount: 1 },
    { collisionCount: 2 },
    ['status.collisionCount: Invalid value: 1: cannot be decremented'],
  ],
  [
    replicaSet,
    { observedGeneration: -1 },
    {},
    ['status.observedGeneration: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    replicaSet,
    { replicas: 1, fullyLabeledReplicas: 2 },
    {},
    ['status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas'],
  ],
])('%#: a status may be refused', (kind, status, before, expected) => {
  const errors = sub(kind, 'status').validateUpdate!({ ...one(kind), status }, { ...one(kind), status: before });
  expect(texts(errors)).toEqual(expected);
});

test('scale shows and sets the number', () => {
  const scale = sub(deployment, 'scale');
  const object = one(deployment, (spec, whole) => {
    spec.replicas = 3;
    whole.metadata = { uid: 'u', resourceVersion: '7', labels: { hidden: 'x' } };
    whole.status = { replicas: 2 };
  });
  expect(scale.view!(object)).toEqual({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'x', namespace: 'default', uid: 'u', resourceVersion: '7' },
    spec: { replicas: 3 },
    status: { replicas: 2, selector: 'app=web' },
  });
  scale.writeView!({ metadata: {}, spec: { replicas: 5 }, status: { replicas: 0 } }, object);
  expect(object.spec.replicas).toBe(5);
  scale.writeView!({ metadata: {}, spec: {} }, object);
  expect(object.spec.replicas).toBe(0);
  expect(texts(scale.validateView!({ spec: { replicas: -1 } }))).toEqual([
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ]);
});

test('what kubectl get prints', () => {
  const status = { replicas: 3, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 };
  const object = { ...one(deployment, set({ replicas: 3 })), status };
  expect(cells(deployment, object)).toMatchObject({
    Ready: '1/3',
    'Up-to-date': 2,
    Available: 1,
    Containers: 'c',
    Images: 'nginx:1',
    Selector: 'app=web',
  });
  const owned = { ...one(replicaSet), status };
  expect(cells(replicaSet, owned)).toMatchObject({ Desired: 1, Current: 3, Ready: 1, Selector: 'app=web' });
});

test('a new one starts without status, and warns of what its pods will suffer from', () => {
  const object = one(replicaSet, (spec, whole) => {
    whole.metadata.name = 'a.b';
    spec.template.spec.nodeSelector = { 'beta.kubernetes.io/arch': 'arm64' };
    spec.template.spec.workloadRef = { name: 'w' };
  });
  withGates(replicaSet, defaultFeatureGates).prepareCreate!(object, context);
  expect(object.status).toEqual({ replicas: 0 });
  expect(object.spec.template.spec.workloadRef).toBeUndefined();
  expect(replicaSet.warnings!(object, undefined)).toEqual([
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    'spec.template.spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead',
  ]);
  expect(replicaSet.warnings!(object, object)).toEqual([]);
});
