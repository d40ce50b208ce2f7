import { expect, test } from 'vitest';
import { daemonSet } from '../../../apiserver/kinds/daemonSet.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { cells, created, made, texts, updated } from './said.ts';
import { type Change, inTemplate, same, set, template } from './sample.ts';

const annotation = 'deprecated.daemonset.template.generation';
function one(change: Change = same): any {
  const whole: any = { metadata: {}, spec: { selector: { matchLabels: { app: 'web' } }, template: template() } };
  change(whole.spec, whole);
  const { metadata, ...fields } = whole;
  return made(daemonSet, fields, metadata);
}
const rolling = (rollingUpdate: any) => set({ updateStrategy: { rollingUpdate } });
const field = 'spec.updateStrategy.rollingUpdate';

test.each<[string, Change, string[]]>([
  ['fine', same, []],
  ['surge alone', rolling({ maxUnavailable: 0, maxSurge: '10%' }), []],
  [
    'both',
    rolling({ maxUnavailable: 1, maxSurge: 1 }),
    [`${field}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`],
  ],
  [
    'neither',
    rolling({ maxUnavailable: '0%' }),
    [`${field}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`],
  ],
  [
    'below',
    rolling({ maxUnavailable: -1 }),
    [`${field}.maxUnavailable: Invalid value: -1: must be greater than or equal to 0`],
  ],
  [
    'more than all',
    rolling({ maxUnavailable: '200%' }),
    [`${field}.maxUnavailable: Invalid value: "200%": must not be greater than 100%`],
  ],
  [
    'surge below',
    rolling({ maxUnavailable: 0, maxSurge: -1 }),
    [`${field}.maxSurge: Invalid value: -1: must be greater than or equal to 0`],
  ],
  [
    'surge of more than all',
    rolling({ maxUnavailable: 0, maxSurge: '101%' }),
    [`${field}.maxSurge: Invalid value: "101%": must not be greater than 100%`],
  ],
  ['on delete', set({ updateStrategy: { type: 'OnDelete' } }), []],
  [
    'strategy',
    set({ updateStrategy: { type: 'X' } }),
    [
      'spec.updateStrategy: Unsupported value: {"Type":"X","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
    ],
  ],
  [
    'no selector',
    (spec) => {
      delete spec.selector;
    },
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  [
    'empty selector',
    set({ selector: {} }),
    ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset'],
  ],
  [
    'broken selector',
    set({ selector: { matchExpressions: [{ key: 'app', operator: 'Is', values: ['web'] }] } }),
    ['spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
  ],
  ['no containers', inTemplate({ containers: [] }), ['spec.template.spec.containers: Required value']],
  [
    'restart policy',
    inTemplate({ restartPolicy: 'OnFailure' }),
    ['spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"'],
  ],
  [
    'deadline',
    inTemplate({ activeDeadlineSeconds: 5 }),
    ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported'],
  ],
  [
    'seconds',
    set({ minReadySeconds: -1 }),
    ['spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0'],
  ],
  ['history', set({ revisionHistoryLimit: 0 }), []],
  [
    'no history',
    set({ revisionHistoryLimit: -1 }),
    ['spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0'],
  ],
])('create: %s', (_what, change, expected) => {
  expect(created(daemonSet, one(change))).toEqual(expected);
});

test('a value in its selector that was never right may stay', () => {
  const odd = one(set({ selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['-'] }] } }));
  expect(updated(daemonSet, odd, odd)).toEqual([]);
  expect(created(daemonSet, odd)).toEqual([
    expect.stringMatching(
      /^spec.selector.matchExpressions\[0\].values\[0\]: Invalid value: "-": a valid label must be/,
    ),
  ]);
});

test('its selector stays', () => {
  const other = one((spec) => {
    spec.selector = { matchLabels: { app: 'db' } };
    spec.template.metadata.labels = { app: 'db' };
  });
  expect(updated(daemonSet, other, one())).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable',
  ]);
  expect(updated(daemonSet, one(set({ minReadySeconds: 3 })), one())).toEqual([]);
});

test('templates are counted in an annotation, whatever the client says', () => {
  const live = one();
  daemonSet.prepareCreate!(live, {} as Context);
  expect(live.metadata.annotations).toEqual({ [annotation]: '1' });
  expect(live.status).toEqual({
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  });
  const touched = one(set({ minReadySeconds: 3 }));
  daemonSet.prepareUpdate!(touched, live, {} as Context);
  expect(touched.metadata.annotations[annotation]).toBe('1');
  const replaced = one((spec, object) => {
    spec.template.spec.containers[0].image = 'nginx:2';
    object.metadata.annotations = { [annotation]: '70' };
  });
  daemonSet.prepareUpdate!(replaced, live, {} as Context);
  expect(replaced.metadata.annotations[annotation]).toBe('2');
  const broken = one((_spec, object) => {
    object.metadata.annotations = { [annotation]: 'x' };
  });
  expect(() => daemonSet.prepareCreate!(broken, {} as Context)).toThrow(
    'strconv.ParseInt: parsing "x": invalid syntax',
  );
});

test.each<[any, any, string[]]>([
  [{ numberReady: 3 }, {}, []],
  [{ numberAvailable: -1 }, {}, ['status.numberAvailable: Invalid value: -1: must be greater than or equal to 0']],
  [{}, { collisionCount: 2 }, ['status.collisionCount: Invalid value: 0: cannot be decremented']],
])('%#: status', (now, before, expected) => {
  const status = daemonSet.subresources![0]!;
  expect(texts(status.validateUpdate!({ ...one(), status: now }, { ...one(), status: before }))).toEqual(expected);
});

test('what kubectl get prints', () => {
  const status = { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1, updatedNumberScheduled: 2 };
  const object = { ...one(inTemplate({ nodeSelector: { b: 'c', a: 'b' } })), status };
  expect(cells(daemonSet, object)).toMatchObject({
    Desired: 3,
    Current: 2,
    Ready: 1,
    'Up-to-date': 2,
    Available: 0,
    'Node Selector': 'a=b,b=c',
    Selector: 'app=web',
  });
});
