import { expect, test } from 'vitest';
import { countIndexes, overlapOf } from '../../../apiserver/kinds/job/indexes.ts';
import { job } from '../../../apiserver/kinds/job.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { cells, created, made, texts, updated } from './said.ts';
import { type Change, inTemplate, same, set } from './sample.ts';

/** As it is stored: the selector is made already. */
function one(change: Change = same): any {
  const template = { metadata: {}, spec: { containers: [{ name: 'c', image: 'busybox:1' }], restartPolicy: 'Never' } };
  const whole: any = { metadata: { uid: 'u1' }, spec: { template } };
  change(whole.spec, whole);
  const { metadata, ...fields } = whole;
  const object = made(job, fields, metadata);
  job.prepareCreate!(object, {} as Context);
  return { ...object, status: whole.status ?? {} };
}
const indexed = (fields: any = {}) => set({ completionMode: 'Indexed', completions: 5, ...fields });
const also =
  (...changes: Change[]): Change =>
  (spec, whole) => {
    for (const change of changes) change(spec, whole);
  };
const failing = (rule: any) => set({ podFailurePolicy: { rules: [{ action: 'FailJob', ...rule }] } });
const codes = (fields: any) => failing({ onExitCodes: { operator: 'In', values: [1], ...fields } });
const succeeding = (...rules: any[]) => indexed({ successPolicy: { rules } });

test('defaults', () => {
  expect(one().spec).toMatchObject({
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    manualSelector: false,
  });
  expect(one(set({ parallelism: 3 })).spec.completions).toBeUndefined();
  expect(one(indexed({ backoffLimitPerIndex: 1 })).spec.backoffLimit).toBe(2147483647);
  const policy = one(failing({ onPodConditions: [{ type: 'DisruptionTarget' }] })).spec;
  expect(policy.podReplacementPolicy).toBe('Failed');
  expect(policy.podFailurePolicy.rules[0].onPodConditions).toEqual([{ type: 'DisruptionTarget', status: 'True' }]);
});

test('its selector is its uid; template labels become its own', () => {
  const labels = {
    'batch.kubernetes.io/controller-uid': 'u1',
    'batch.kubernetes.io/job-name': 'x',
    'controller-uid': 'u1',
    'job-name': 'x',
  };
  const object = one();
  expect(object.spec.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } });
  expect(object.spec.template.metadata.labels).toEqual(labels);
  expect(object.metadata.labels).toEqual(labels);
  const own = one((_spec, whole) => {
    whole.metadata.labels = { a: 'b' };
  });
  expect(own.metadata.labels).toEqual({ a: 'b' });
  const nameless = one((_spec, whole) => {
    whole.metadata.name = undefined;
  });
  expect(nameless.spec.template.metadata.labels).toMatchObject({ 'job-name': '', 'batch.kubernetes.io/job-name': '' });
});

const field = 'spec.podFailurePolicy.rules[0]';
const many = Array.from({ length: 256 }, (_, i) => i + 1);
test.each<[string, Change, string[]]>([
  ['fine', same, []],
  ...['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'].flatMap(
    (name): [string, Change, string[]][] => [
      [`${name} 0`, set({ [name]: 0 }), []],
      [`${name} -1`, set({ [name]: -1 }), [`spec.${name}: Invalid value: -1: must be greater than or equal to 0`]],
    ],
  ),
  ['managed by another', set({ managedBy: 'example.com/queue' }), []],
  [
    'managed by a word',
    set({ managedBy: 'queue' }),
    ['spec.managedBy: Invalid value: "queue": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  [
    'managed by a long name',
    set({ managedBy: `example.com/${'q'.repeat(60)}` }),
    ['spec.managedBy: Too long: may not be more than 63 bytes'],
  ],
  [
    'mode',
    set({ completionMode: 'Some' }),
    ['spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"'],
  ],
  ['indexed', indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 5 }), []],
  [
    'indexed without completions',
    indexed({ completions: undefined, parallelism: 1 }),
    ['spec.completions: Required value: when completion mode is Indexed'],
  ],
  [
    'indexed, too many at once',
    indexed({ parallelism: 100_001 }),
    ['spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed'],
  ],
  [
    'more failures than completions',
    indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 6 }),
    ['spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions'],
  ],
  [
    'failures counted per nothing',
    indexed({ maxFailedIndexes: 1 }),
    ['spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified'],
  ],
  [
    'very many',
    indexed({ completions: 100_001, backoffLimitPerIndex: 1, maxFailedIndexes: 10_001, parallelism: 10_001 }),
    ['parallelism', 'maxFailedIndexes'].map(
      (name) =>
        `spec.${name}: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index`,
    ),
  ],
  [
    'very many, failures unlimited',
    indexed({ completions: 100_001, backoffLimitPerIndex: 1 }),
    ['spec.maxFailedIndexes: Required value: must be specified when completions is above 100000'],
  ],
  [
    'per index without indexes',
    set({ backoffLimitPerIndex: 1, maxFailedIndexes: 1 }),
    ['backoffLimitPerIndex', 'maxFailedIndexes'].map(
      (name) => `spec.${name}: Invalid value: 1: requires indexed completion mode`,
    ),
  ],
  [
    'a host name too long',
    also(indexed({ completions: 100 }), (_spec, whole) => {
      whole.metadata.name = 'n'.repeat(61);
    }),
    [
      `metadata.name: Invalid value: "${'n'.repeat(61)}": will not able to create pod with invalid DNS label: ${'n'.repeat(61)}-99`,
    ],
  ],
  ['exit codes', codes({ containerName: 'c' }), []],
  ['conditions', failing({ onPodConditions: [{ type: 'Ready' }] }), []],
  ['no action', codes({}), []],
  [
    'without action',
    failing({ action: undefined, onPodConditions: [{ type: 'Ready' }] }),
    [`${field}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`],
  ],
  [
    'unknown action',
    failing({ action: 'Cry', onPodConditions: [{ type: 'Ready' }] }),
    [`${field}.action: Unsupported value: "Cry": supported values: "Count", "FailIndex", "FailJob", "Ignore"`],
  ],
  [
    'an index fails without a limit',
    failing({ action: 'FailIndex', onPodConditions: [{ type: 'Ready' }] }),
    [`${field}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`],
  ],
  ['neither', failing({}), [`${field}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`]],
  [
    'both',
    codes({}) && failing({ onExitCodes: { operator: 'In', values: [1] }, onPodConditions: [{ type: 'Ready' }] }),
    [`${field}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`],
  ],
  [
    'operator',
    codes({ operator: 'Is' }),
    [`${field}.onExitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"`],
  ],
  [
    'no operator',
    codes({ operator: '' }),
    [`${field}.onExitCodes.operator: Required value: valid values: ["In" "NotIn"]`],
  ],
  [
    'container',
    codes({ containerName: 'd' }),
    [
      `${field}.onExitCodes.containerName: Invalid value: "d": must be one of the container or initContainer names in the pod template`,
    ],
  ],
  [
    'no codes',
    codes({ values: [] }),
    [`${field}.onExitCodes.values: Invalid value: []: at least one value is required`],
  ],
  ['many codes', codes({ values: many }), [`${field}.onExitCodes.values: Too many: 256: must have at most 255 items`]],
  [
    'code 0',
    codes({ values: [0] }),
    [`${field}.onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator`],
  ],
  ['not code 0', codes({ operator: 'NotIn', values: [0] }), []],
  ['twice', codes({ values: [1, 1] }), [`${field}.onExitCodes.values[1]: Duplicate value: 1`]],
  ['unordered', codes({ values: [2, 1] }), [`${field}.onExitCodes.values: Invalid value: [2,1]: must be ordered`]],
  [
    'condition status',
    failing({ onPodConditions: [{ type: 'Ready', status: 'Maybe' }] }),
    [`${field}.onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"`],
  ],
  ['many conditions', failing({ onPodConditions: Array(20).fill({ type: 'Ready' }) }), []],
  [
    'too many conditions',
    failing({ onPodConditions: Array(21).fill({ type: 'Ready' }) }),
    [`${field}.onPodConditions: Too many: 21: must have at most 20 items`],
  ],
  [
    'condition without type',
    failing({ onPodConditions: [{ status: 'True' }] }),
    [
      `${field}.onPodConditions[0].type: Invalid value: "": name part must be non-empty`,
      expect.stringMatching(/onPodConditions\[0\].type: Invalid value: "": name part must consist of/),
    ],
  ],
  [
    'many rules',
    set({ podFailurePolicy: { rules: Array(21).fill({ action: 'Count', onPodConditions: [{ type: 'Ready' }] }) } }),
    ['spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items'],
  ],
  [
    'failure policy with restarts',
    also(codes({}), inTemplate({ restartPolicy: 'OnFailure' })),
    [
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    ],
  ],
  ['enough', succeeding({ succeededCount: 2, succeededIndexes: '0-2' }), []],
  [
    'success without indexes',
    set({ successPolicy: { rules: [{ succeededCount: 1 }] } }),
    [
      'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
    ],
  ],
  [
    'no success rules',
    succeeding(),
    [
      'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
    ],
  ],
  [
    'an empty success rule',
    succeeding({}),
    [
      'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
    ],
  ],
  ['twenty success rules', succeeding(...Array(20).fill({ succeededCount: 1 })), []],
  [
    'too many success rules',
    succeeding(...Array(21).fill({ succeededCount: 1 })),
    ['spec.successPolicy.rules: Too many: 21: must have at most 20 items'],
  ],
  [
    'fewer successes than none',
    succeeding({ succeededCount: -1 }),
    ['spec.successPolicy.rules[0].succeededCount: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'success in a long text',
    also(
      succeeding({ succeededIndexes: Array.from({ length: 15_000 }, (_, i) => i).join(',') }),
      set({ completions: 15_000 }),
    ),
    ['spec.successPolicy.rules[0].succeededIndexes: Too long: may not be more than 65536 bytes'],
  ],
  [
    'success beyond the end',
    succeeding({ succeededIndexes: '0-5' }),
    [
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-5": error parsing succeededIndexes: too large index: "5"',
    ],
  ],
  [
    'more successes than pods',
    succeeding({ succeededCount: 6 }),
    [
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)',
    ],
  ],
  [
    'more successes than indexes',
    succeeding({ succeededCount: 3, succeededIndexes: '1,3' }),
    [
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
    ],
  ],
  ['replaced when failed', set({ podReplacementPolicy: 'Failed' }), []],
  [
    'replaced when bored',
    set({ podReplacementPolicy: 'Bored' }),
    ['spec.podReplacementPolicy: Unsupported value: "Bored": supported values: "Failed", "TerminatingOrFailed"'],
  ],
  [
    'replaced early, with a failure policy',
    also(codes({}), set({ podReplacementPolicy: 'TerminatingOrFailed' })),
    ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
  ],
  ['restarted in place', inTemplate({ restartPolicy: 'OnFailure' }), []],
  [
    'restarted for good',
    inTemplate({ restartPolicy: 'Always' }),
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    'restarted sometimes',
    inTemplate({ restartPolicy: 'Sometimes' }),
    ['"Always", "OnFailure", "Never"', '"OnFailure", "Never"'].map(
      (values) => `spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: ${values}`,
    ),
  ],
  ['no containers', inTemplate({ containers: [] }), ['spec.template.spec.containers: Required value']],
  [
    'no uid',
    (_spec, whole) => {
      whole.metadata.uid = '';
    },
    ['metadata.uid: Required value'],
  ],
  [
    'a label of another Job',
    (spec) => {
      spec.template.metadata.labels = { 'job-name': 'y' };
    },
    [
      'spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u1","batch.kubernetes.io/job-name":"x","controller-uid":"u1","job-name":"y"}: must be \'x\'',
    ],
  ],
  [
    'selector of another',
    set({ selector: { matchLabels: { app: 'db' } } }),
    [
      'spec.selector: Invalid value: {"matchLabels":{"app":"db","batch.kubernetes.io/controller-uid":"u1"}}: `selector` not auto-generated',
      'spec.template.metadata.labels: Invalid value: {"batch.kubernetes.io/controller-uid":"u1","batch.kubernetes.io/job-name":"x","controller-uid":"u1","job-name":"x"}: `selector` does not match template `labels`',
    ],
  ],
  ['by hand, without selector', set({ manualSelector: true }), ['spec.selector: Required value', '']],
  [
    'by hand, unreadable',
    also(set({ manualSelector: true, selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } })),
    ['spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
  ],
  [
    'by hand',
    also(set({ manualSelector: true, selector: { matchLabels: { a: 'b' } } }), (spec) => {
      spec.template.metadata.labels = { a: 'b' };
    }),
    [],
  ],
])('create: %s', (_what, change, expected) => {
  const errors = created(job, sortedLabels(one(change)));
  expect(errors.length).toBe(expected.length);
  expected.forEach((text, i) => {
    if (text) expect(errors[i]).toEqual(text);
  });
});
function sortedLabels(object: any): any {
  const sort = (map: any) => Object.fromEntries(Object.entries(map ?? {}).toSorted());
  object.spec.template.metadata.labels = sort(object.spec.template.metadata.labels);
  if (object.spec.selector) object.spec.selector.matchLabels = sort(object.spec.selector.matchLabels);
  return object;
}

test('a value in its selector that was never right may stay', () => {
  const matchExpressions = [{ key: 'a', operator: 'In', values: ['-'] }];
  const odd = one(set({ manualSelector: true, selector: { matchExpressions } }));
  expect(updated(job, odd, odd)).toEqual([]);
  expect(created(job, odd)).toEqual([
    expect.stringMatching(
      /^spec.selector.matchExpressions\[0\].values\[0\]: Invalid value: "-": a valid label must be/,
    ),
  ]);
});

const suspended: Change = (spec, whole) => {
  spec.suspend = true;
  whole.status = {};
};
const place = inTemplate({
  nodeSelector: { zone: 'a' },
  tolerations: [{ operator: 'Exists' }],
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
});
test.each<[string, Change, Change, string | undefined]>([
  ['parallelism', same, set({ parallelism: 4, completions: 1 }), undefined],
  ['suspension', same, set({ suspend: true }), undefined],
  ['deadline', same, set({ activeDeadlineSeconds: 4 }), undefined],
  ['completions', same, set({ completions: 4 }), 'spec.completions: Invalid value: 4: field is immutable'],
  ['an elastic Job', indexed({ parallelism: 5 }), indexed({ completions: 7, parallelism: 7 }), undefined],
  [
    'a stiff Job',
    indexed({ parallelism: 5 }),
    indexed({ completions: 7, parallelism: 5 }),
    'spec.completions: Invalid value: 7: can only be modified in tandem with spec.parallelism',
  ],
  ['mode', set({ completions: 5 }), indexed(), 'spec.completionMode: Invalid value: "Indexed": field is immutable'],
  ['manager', same, set({ managedBy: 'a.io/b' }), 'spec.managedBy: Invalid value: "a.io/b": field is immutable'],
  [
    'limit per index',
    indexed({ backoffLimitPerIndex: 1 }),
    indexed({ backoffLimitPerIndex: 2 }),
    'spec.backoffLimitPerIndex: Invalid value: 2: field is immutable',
  ],
  ['where its pods go, suspended', suspended, also(suspended, place), undefined],
  ['what they are, suspended', suspended, also(suspended, inTemplate({ hostNetwork: true })), 'spec.template'],
  ['where its pods go, running', same, place, 'spec.template'],
  [
    'where its pods go, once they ran',
    (spec, whole) => {
      suspended(spec, whole);
      whole.status = { startTime: '2026-01-01T00:00:00Z' };
    },
    also(suspended, place),
    'spec.template',
  ],
])('update: %s', (_what, before, after, expected) => {
  const errors = updated(job, one(after), one(before));
  expect(errors.length).toBe(expected ? 1 : 0);
  if (expected) expect(errors[0]).toContain(expected);
});

test('a Job of before v1.27 has short labels alone', () => {
  const bare = (object: any) => {
    delete object.spec.template.metadata.labels['batch.kubernetes.io/job-name'];
    object.spec.selector = { matchLabels: { 'controller-uid': 'u1' } };
    return object;
  };
  expect(updated(job, bare(one()), bare(one()))).toEqual([]);
  expect(updated(job, bare(one()), one())[0]).toBe(
    "spec.template.metadata.labels[batch.kubernetes.io/job-name]: Required value: must be 'x'",
  );
});

const [t1, t2, t3] = ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z'];
const is = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
const done = { conditions: is('SuccessCriteriaMet', 'Complete'), startTime: t1, completionTime: t2, succeeded: 1 };
const lost = { conditions: is('FailureTarget', 'Failed'), startTime: t1, failed: 7 };
const conditions = (text: string) => `status.conditions: Invalid value: ${text}`;
test.each<[string, any, any, string[], Change?]>([
  ['it starts', {}, { startTime: t1, active: 1, ready: 1 }, []],
  ['it is done', { startTime: t1, active: 1 }, done, []],
  ['it is lost', { startTime: t1 }, lost, []],
  ['below zero', {}, { active: -1 }, ['status.active: Invalid value: -1: must be greater than or equal to 0']],
  [
    'more ready than active',
    {},
    { active: 1, ready: 2 },
    ['status.ready: Invalid value: 2: cannot set more ready pods than active'],
  ],
  [
    'a pod counted twice',
    {},
    { uncountedTerminatedPods: { succeeded: ['a'], failed: ['', 'a'] } },
    [
      'status.uncountedTerminatedPods.failed[0]: Invalid value: "": must not be empty',
      'status.uncountedTerminatedPods.failed[1]: Duplicate value: "a"',
    ],
  ],
  [
    'both outcomes',
    {},
    { ...done, conditions: is('SuccessCriteriaMet', 'Complete', 'Failed', 'FailureTarget') },
    [
      conditions('cannot set Complete=True and Failed=true conditions'),
      conditions('cannot set Complete=True and FailureTarget=true conditions'),
      conditions('cannot set SuccessCriteriaMet=True and Failed=true conditions'),
      conditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'),
    ],
  ],
  [
    'failed without target',
    {},
    { ...lost, conditions: is('Failed') },
    [conditions('cannot set Failed=True condition without the FailureTarget=true condition')],
  ],
  [
    'complete without criteria',
    {},
    { ...done, conditions: is('Complete') },
    [conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition')],
  ],
  [
    'complete without time',
    {},
    { ...done, completionTime: undefined },
    ['status.completionTime: Required value: completionTime is required for Complete jobs'],
  ],
  [
    'time without completion',
    {},
    { startTime: t1, completionTime: t2 },
    [
      `status.completionTime: Invalid value: "${t2}": cannot set completionTime when there is no Complete=True condition`,
    ],
  ],
  [
    'over before it began',
    {},
    { ...done, startTime: t3 },
    [`status.completionTime: Invalid value: "${t2}": must be equal to or after \`startTime\``],
  ],
  [
    'never began',
    {},
    { ...done, startTime: undefined },
    ['status.startTime: Required value: startTime is required for finished job'],
  ],
  ['never began, wanted nothing', {}, { ...done, startTime: undefined }, [], set({ suspend: true, completions: 0 })],
  [
    'active when done',
    {},
    { ...done, active: 1 },
    ['status.active: Invalid value: 1: active>0 is invalid for finished job'],
  ],
  [
    'terminating when done',
    {},
    { ...done, terminating: 1 },
    ['status.terminating: Invalid value: 1: terminating>0 is invalid for finished job'],
  ],
  [
    'uncounted when done',
    {},
    { ...done, uncountedTerminatedPods: { failed: ['a'] } },
    [
      'status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["a"]}: must be empty for finished job',
    ],
  ],
  ['indexes', {}, { completedIndexes: '0,2-3' }, [], indexed()],
  [
    'indexes of none',
    {},
    { completedIndexes: '0' },
    [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    ],
  ],
  [
    'indexes beyond',
    {},
    { completedIndexes: '7' },
    ['status.completedIndexes: Invalid value: "7": error parsing completedIndexes: too large index: "7"'],
    indexed(),
  ],
  ['failed indexes', {}, { failedIndexes: '1' }, [], indexed({ backoffLimitPerIndex: 1 })],
  [
    'failed indexes, no limit',
    {},
    { failedIndexes: '1' },
    ['status.failedIndexes: Invalid value: "1": cannot set non-null failedIndexes when backoffLimitPerIndex is null'],
    indexed(),
  ],
  [
    'failed indexes beyond',
    {},
    { failedIndexes: 'x' },
    [
      'status.failedIndexes: Invalid value: "x": error parsing failedIndexes: cannot convert string to integer for index: "x"',
    ],
    indexed({ backoffLimitPerIndex: 1 }),
  ],
  [
    'both at once',
    {},
    { failedIndexes: '1-2', completedIndexes: '0,2' },
    ['status.failedIndexes: Invalid value: "1-2": failedIndexes and completedIndexes overlap at index: 2'],
    indexed({ backoffLimitPerIndex: 1 }),
  ],
  [
    'policy unmet',
    done,
    { ...done, conditions: is('Complete') },
    [
      conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'),
      conditions('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'),
      conditions('cannot disable the SuccessCriteriaMet=True condition'),
    ],
    succeeding({ succeededCount: 1 }),
  ],
  [
    'failed no more',
    lost,
    { startTime: t1, failed: 7 },
    ['Failed', 'FailureTarget'].map((type) => conditions(`cannot disable the terminal ${type}=True condition`)),
  ],
  [
    'fewer failures',
    { failed: 2 },
    { failed: 1 },
    ['status.failed: Invalid value: 1: cannot decrease the failed counter'],
  ],
  [
    'fewer successes',
    { succeeded: 2 },
    {},
    ['status.succeeded: Invalid value: 0: cannot decrease the succeeded counter'],
  ],
  ['fewer successes of an elastic Job', { succeeded: 2 }, {}, [], indexed({ parallelism: 5 })],
  [
    'done at another time',
    done,
    { ...done, completionTime: t3 },
    [`status.completionTime: Invalid value: "${t3}": field is immutable`],
  ],
  [
    'it never started',
    { startTime: t1 },
    {},
    ['status.startTime: Required value: startTime cannot be removed for unsuspended job'],
  ],
  ['it is suspended', { startTime: t1 }, {}, [], set({ suspend: true })],
  [
    'it resumes',
    { startTime: t1, conditions: is('Suspended') },
    { startTime: t2, conditions: [{ type: 'Suspended', status: 'False' }] },
    [],
  ],
  [
    'criteria late',
    { ...done, conditions: is('Complete') },
    done,
    [conditions('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions')],
  ],
  [
    'old Jobs are reported on',
    { ...done, conditions: is('Complete') },
    { ...done, conditions: is('Complete'), ready: 0 },
    [],
  ],
])('status: %s', (_what, before, after, expected, change = same) => {
  const status = job.subresources![0]!;
  const errors = texts(status.validateUpdate!({ ...one(change), status: after }, { ...one(change), status: before }));
  expect(errors).toEqual(expected);
});

test.each<[string, number | string]>([
  ['', 0],
  ['0', 1],
  ['0-2,4', 4],
  [
    '1-2-3',
    'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\'',
  ],
  ['2-1', 'non-increasing order, previous: 2, current: 1'],
  ['3,3', 'non-increasing order, previous: 3, current: 3'],
  ['-1', 'cannot convert string to integer for index: ""'],
  ['9-10', 'too large index: "10"'],
])('indexes %j', (text, expected) => {
  if (typeof expected === 'number') expect(countIndexes(text, 10)).toBe(expected);
  else expect(() => countIndexes(text, 10)).toThrow(expected);
});

test('overlaps', () => {
  expect(overlapOf('0-2,5', '3-4,6', 10)).toBeUndefined();
  expect(overlapOf('0-2,5', '3-4,5', 10)).toBe(5);
  expect(overlapOf('x,1', '1', 10)).toBe(1);
});

test('warnings: names, very many pods, and a deletion that leaves pods behind', () => {
  const object = one(indexed({ completions: 100_001, parallelism: 10_001 }));
  object.metadata.name = 'a.b';
  expect(job.warnings!(object, undefined)).toEqual([
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    expect.stringContaining('spec: In Indexed Jobs with a number of completions higher than 10^5'),
  ]);
  expect(job.warnings!(object, object)).toEqual([]);
  expect(job.deletionWarnings!({})).toEqual([expect.stringContaining('child pods are preserved by default')]);
  expect(job.deletionWarnings!({ propagationPolicy: 'Background' })).toEqual([]);
  expect(job.deletionWarnings!({ orphanDependents: false })).toEqual([]);
});

test.each<[Change, any, any]>([
  [same, {}, { Status: 'Running', Completions: '0/1', Duration: '' }],
  [same, done, { Status: 'Complete', Completions: '1/1', Duration: '60s' }],
  [same, lost, { Status: 'Failed', Duration: '2m' }],
  [set({ parallelism: 3 }), { startTime: t1, succeeded: 1 }, { Completions: '1/1 of 3' }],
  [set({ parallelism: 1 }), { conditions: is('Suspended') }, { Status: 'Suspended', Completions: '0/1' }],
  [same, { conditions: is('FailureTarget') }, { Status: 'FailureTarget', Containers: 'c', Images: 'busybox:1' }],
])('%#: what kubectl get prints', (change, status, expected) => {
  expect(cells(job, { ...one(change), status }, Date.parse(t3))).toMatchObject(expected);
});

test('it is found by its successes', () => {
  expect(job.selectableFields!['status.successful']!({ ...one(), status: { succeeded: 2 } })).toBe('2');
});
