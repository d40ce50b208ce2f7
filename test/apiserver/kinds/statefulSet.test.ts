import { expect, test } from 'vitest';
import { controllerRevision } from '../../../apiserver/kinds/controllerRevision.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { statefulSet } from '../../../apiserver/kinds/statefulSet.ts';
import { cells, created, made, texts, updated } from './said.ts';
import { type Change, inTemplate, same, set, template } from './sample.ts';

const claim = (storage = '1Gi') => ({
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});
function one(change: Change = same): any {
  const spec: any = { selector: { matchLabels: { app: 'web' } }, serviceName: 'web', template: template() };
  const whole: any = { metadata: {}, spec };
  change(spec, whole);
  const { metadata, ...fields } = whole;
  return made(statefulSet, fields, metadata);
}
const status = () => statefulSet.subresources!.find((s) => s.name === 'status')!;

test('defaults', () => {
  const { spec } = one(set({ volumeClaimTemplates: [claim()] }));
  expect(spec).toMatchObject({
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    revisionHistoryLimit: 10,
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        spec: { volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ],
  });
  expect(one(set({ updateStrategy: { type: 'OnDelete' } })).spec.updateStrategy).toEqual({ type: 'OnDelete' });
});

const mountData: Change = (spec) => {
  spec.template.spec.containers[0].volumeMounts = [{ name: 'data', mountPath: '/data' }];
};

test.each<[string, Change, string[]]>([
  ['fine', same, []],
  ['no service', set({ serviceName: '' }), []],
  ['service name', set({ serviceName: 'a.b' }), ['spec.serviceName: Invalid value: "a.b": must not contain dots']],
  ['in parallel', set({ podManagementPolicy: 'Parallel' }), []],
  [
    'policy',
    set({ podManagementPolicy: 'Random' }),
    ["spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"],
  ],
  ['on delete', set({ updateStrategy: { type: 'OnDelete' } }), []],
  [
    'on delete, rolling',
    set({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }),
    [
      'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
    ],
  ],
  [
    'strategy',
    set({ updateStrategy: { type: 'X' } }),
    [
      'spec.updateStrategy: Invalid value: {"Type":"X","RollingUpdate":null}: must be \'RollingUpdate\' or \'OnDelete\'',
    ],
  ],
  [
    'partition',
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: -1 } } }),
    ['spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0'],
  ],
  ['percentage', set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } } }), []],
  [
    'none unavailable',
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } } }),
    ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0'],
  ],
  [
    'no percentage',
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 'x%' } } }),
    [
      expect.stringMatching(/rollingUpdate.maxUnavailable: Invalid value: "x%": a valid percent string must be/),
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "x%": cannot be 0',
    ],
  ],
  [
    // Upstream looks at them twice: once with the template, and once more since templates were not looked at.
    'annotations of a template',
    (spec) => Object.assign(spec.template.metadata, { annotations: { 'a b': 'c' } }),
    Array(2).fill(expect.stringMatching(/^spec.template.annotations: Invalid value: "a b": name part must consist of/)),
  ],
  [
    'a selector that cannot be read',
    set({ selector: { matchExpressions: [{ key: 'app', operator: 'Is', values: ['web'] }] } }),
    [
      'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is","values":["web"]}]}',
    ],
  ],
  [
    'more than all',
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '101%' } } }),
    ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
  ],
  ['claims deleted', set({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } }), []],
  [
    'claims lost',
    set({ persistentVolumeClaimRetentionPolicy: { whenScaled: 'Lose' } }),
    [
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Lose": supported values: "Retain", "Delete"',
    ],
  ],
  ['claim', set({ volumeClaimTemplates: [claim()] }), []],
  [
    'claim of nothing',
    set({ volumeClaimTemplates: [claim('0')] }),
    ['spec.volumeClaimTemplates[0].spec.resources[storage]: Invalid value: "0": must be greater than zero'],
  ],
  [
    'claim mounted',
    (spec, o) => {
      mountData(spec, o);
      spec.volumeClaimTemplates = [claim()];
    },
    [],
  ],
  ['no claim to mount', mountData, ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']],
  ['replicas', set({ replicas: -1 }), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
  [
    'seconds',
    set({ minReadySeconds: -1 }),
    ['spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0'],
  ],
  ['from 5', set({ ordinals: { start: 5 } }), []],
  [
    'from below',
    set({ ordinals: { start: -5 } }),
    ['spec.ordinals.start: Invalid value: -5: must be greater than or equal to 0'],
  ],
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
    ['spec.selector: Invalid value: {}: empty selector is invalid for statefulset'],
  ],
  [
    'selector of others',
    set({ selector: { matchLabels: { app: 'db' } } }),
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  ["host names are the controller's", inTemplate({ hostname: 'A b', subdomain: 'C d' }), []],
  [
    'restart policy',
    inTemplate({ restartPolicy: 'Never' }),
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    'deadline',
    inTemplate({ activeDeadlineSeconds: 5 }),
    ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported'],
  ],
])('create: %s', (_what, change, expected) => {
  expect(created(statefulSet, one(change))).toEqual(expected);
});

const frozen =
  "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
test.each<[string, Change, Change, string[]]>([
  [
    'what may change',
    same,
    (spec) => {
      spec.replicas = 3;
      spec.ordinals = { start: 1 };
      spec.updateStrategy = { type: 'OnDelete' };
      spec.minReadySeconds = 5;
      spec.revisionHistoryLimit = 2;
      spec.persistentVolumeClaimRetentionPolicy = { whenScaled: 'Delete' };
      spec.template.spec.containers[0].image = 'nginx:2';
    },
    [],
  ],
  ['service', same, set({ serviceName: 'other' }), [frozen]],
  ['claims', set({ volumeClaimTemplates: [claim()] }), set({ volumeClaimTemplates: [claim('2Gi')] }), [frozen]],
  ['claims that were never right', ...twice(set({ volumeClaimTemplates: [claim('0')] })), []],
  ['a service name that was never right', ...twice(set({ serviceName: 'a.b' })), []],
  ['a template that was never right', ...twice(inTemplate({ containers: [] })), []],
  [
    'a template that turns wrong',
    same,
    inTemplate({ containers: [] }),
    ['spec.template.spec.containers: Required value'],
  ],
])('update: %s', (_what, before, after, expected) => {
  expect(updated(statefulSet, one(after), one(before))).toEqual(expected);
});
function twice(change: Change): [Change, Change] {
  return [change, change];
}

test.each<[any, any, string[]]>([
  [{ replicas: 2, readyReplicas: 2, currentReplicas: 1, updatedReplicas: 1, availableReplicas: 2 }, {}, []],
  [
    { observedGeneration: -1 },
    {},
    ['status.observedGeneration: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    { replicas: 1, currentReplicas: 2 },
    {},
    ['status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas'],
  ],
  [
    { replicas: 2, availableReplicas: 1 },
    {},
    ['status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas'],
  ],
  [{ replicas: 0 }, { collisionCount: 1 }, ['status.collisionCount: Invalid value: 0: cannot be decremented']],
])('%#: status', (now, before, expected) => {
  expect(texts(status().validateUpdate!({ ...one(), status: now }, { ...one(), status: before }))).toEqual(expected);
});

test('its name becomes host names; its generation grows with its spec', () => {
  expect(statefulSet.validateName!('a.b', false)).toEqual(['must not contain dots']);
  const grows = statefulSet.generation as (a: any, b: any) => boolean;
  expect([grows(one(), one()), grows(one(set({ replicas: 2 })), one())]).toEqual([false, true]);
});

test('a new one has counts, and warns of sizes and of a history without end', () => {
  const object = one(set({ volumeClaimTemplates: [claim('500m')], revisionHistoryLimit: -1 }));
  statefulSet.prepareCreate!(object, {} as Context);
  expect(object.status).toEqual({ replicas: 0, availableReplicas: 0 });
  expect(statefulSet.warnings!(object, undefined)).toEqual([
    'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "500m" is invalid, must be an integer',
    'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
  ]);
});

test('what kubectl get prints', () => {
  const object = { ...one(set({ replicas: 3 })), status: { replicas: 3, readyReplicas: 2 } };
  expect(cells(statefulSet, object)).toMatchObject({ Ready: '2/3', Containers: 'c', Images: 'nginx:1' });
});

const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u', controller: true };
test.each<[string, any, string[]]>([
  ['fine', { data: { spec: {} }, revision: 1 }, []],
  ['no data', { revision: 1 }, ['data: Required value: data is mandatory']],
  ['nothing', { data: null }, ['data: Required value: data is mandatory']],
  ['a list', { data: [] }, ['data: Required value: data must be a valid JSON object']],
  ['below zero', { data: {}, revision: -1 }, ['revision: Invalid value: -1: must be greater than or equal to 0']],
])('ControllerRevision: %s', (_what, fields, expected) => {
  expect(created(controllerRevision, made(controllerRevision, fields))).toEqual(expected);
});

test('a ControllerRevision keeps its data, not its number', () => {
  const of = (data: unknown, revision = 1) =>
    made(controllerRevision, { data, revision }, { ownerReferences: [owner] });
  expect(updated(controllerRevision, of({ a: 1 }, 2), of({ a: 1 }))).toEqual([]);
  expect(updated(controllerRevision, of({ a: 2 }), of({ a: 1 }))).toEqual([
    'data: Invalid value: {"a":2}: field is immutable',
  ]);
  expect(cells(controllerRevision, of({}, 3))).toMatchObject({ Controller: 'statefulset.apps/web', Revision: 3 });
  expect(cells(controllerRevision, made(controllerRevision, {}))).toMatchObject({ Controller: '<none>', Revision: 0 });
});
