import { expect, test } from 'vitest';
import { priorityClass } from '../../../apiserver/kinds/priorityClass.ts';
import { runtimeClass } from '../../../apiserver/kinds/runtimeClass.ts';
import { cells, created, made, updated } from './said.ts';

const priority = (fields: any, name = 'high') => made(priorityClass, fields, { name });
const reserved =
  "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: ";
test.each<[string, any, string | undefined, string[]]>([
  ['fine', { value: 5 }, undefined, []],
  ['the highest', { value: 1_000_000_000, preemptionPolicy: 'Never' }, undefined, []],
  [
    'too high',
    { value: 1_000_000_001 },
    undefined,
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  ],
  [
    'policy',
    { value: 1, preemptionPolicy: 'Ask' },
    undefined,
    ['preemptionPolicy: Unsupported value: "Ask": supported values: "PreemptLowerPriority", "Never"'],
  ],
  ["the system's", { value: 2_000_001_000 }, 'system-node-critical', []],
  [
    "the system's, lower",
    { value: 1 },
    'system-node-critical',
    [`${reserved}value of system-node-critical PriorityClass must be 2000001000`],
  ],
  [
    "the system's, for all",
    { value: 2_000_000_000, globalDefault: true },
    'system-cluster-critical',
    [`${reserved}globalDefault of system-cluster-critical PriorityClass must be false`],
  ],
  ['nobody’s', { value: 1 }, 'system-mine', [`${reserved}system-mine is not a known system priority class`]],
])('PriorityClass: %s', (_what, fields, name, expected) => {
  expect(created(priorityClass, priority(fields, name))).toEqual(expected);
});

test('a PriorityClass keeps its value and policy', () => {
  expect(
    updated(priorityClass, priority({ value: 5, description: 'd', globalDefault: true }), priority({ value: 5 })),
  ).toEqual([]);
  expect(updated(priorityClass, priority({ value: 6, preemptionPolicy: 'Never' }), priority({ value: 5 }))).toEqual([
    'value: Forbidden: may not be changed in an update.',
    'preemptionPolicy: Invalid value: "Never": field is immutable',
  ]);
  expect(cells(priorityClass, priority({ value: 5 }))).toMatchObject({
    Value: 5,
    'Global-Default': false,
    PreemptionPolicy: 'PreemptLowerPriority',
  });
});

const runtime = (fields: any) => made(runtimeClass, { handler: 'runc', ...fields });
const toleration = { key: 'a', operator: 'Exists' };
test.each<[string, any, string[]]>([
  ['fine', {}, []],
  ['handler', { handler: 'a.b' }, ['handler: Invalid value: "a.b": must not contain dots']],
  [
    'no handler',
    { handler: undefined },
    [expect.stringContaining('handler: Invalid value: "": a lowercase RFC 1123 label')],
  ],
  ['overhead', { overhead: { podFixed: { cpu: '10m', memory: '1Mi' } } }, []],
  [
    'overhead of what',
    { overhead: { podFixed: { luck: '1' } } },
    [
      'overhead.limits[luck]: Invalid value: "luck": must be a standard resource type or fully qualified',
      'overhead.limits[luck]: Invalid value: "luck": must be a standard resource for containers',
    ],
  ],
  [
    'overhead below',
    { overhead: { podFixed: { cpu: '-1' } } },
    ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  ['nodes', { scheduling: { nodeSelector: { a: 'b' }, tolerations: [toleration] } }, []],
  [
    'no label',
    { scheduling: { nodeSelector: { 'a b': 'c' } } },
    [expect.stringContaining('scheduling.nodeSelector: Invalid value: "a b"')],
  ],
  [
    'no toleration',
    { scheduling: { tolerations: [{ operator: 'Is', key: 'a' }] } },
    [expect.stringContaining('scheduling.tolerations[0].operator: Unsupported value: "Is"')],
  ],
  [
    'tolerated twice',
    { scheduling: { tolerations: [toleration, { ...toleration, tolerationSeconds: 3, effect: '' }] } },
    [
      expect.stringContaining('effect must be'),
      'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":3}',
    ],
  ],
])('RuntimeClass: %s', (_what, fields, expected) => {
  expect(created(runtimeClass, runtime(fields))).toEqual(expected);
});

test('a RuntimeClass keeps its handler, and may be created by PUT', () => {
  expect(updated(runtimeClass, runtime({ scheduling: {} }), runtime({}))).toEqual([]);
  expect(updated(runtimeClass, runtime({ handler: 'runsc' }), runtime({}))).toEqual([
    'handler: Invalid value: "runsc": field is immutable',
  ]);
  expect([runtimeClass.createOnUpdate, runtimeClass.unconditionalUpdate]).toEqual([true, false]);
  expect(cells(runtimeClass, runtime({}))).toMatchObject({ Handler: 'runc' });
  expect(
    runtimeClass.warnings!(runtime({ scheduling: { nodeSelector: { 'beta.kubernetes.io/os': 'x' } } }), undefined),
  ).toEqual(['scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead']);
});
