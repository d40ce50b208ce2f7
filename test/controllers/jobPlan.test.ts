import { describe, expect, it } from 'vitest';
import type { Job, Pod } from '../../apimachinery/types.ts';
import { finish } from '../../controllers/job/accounting.ts';
import { nextBackoff, remaining } from '../../controllers/job/backoff.ts';
import { judgeFailure } from '../../controllers/job/failurePolicy.ts';
import { formatIndexes, hasIndex, parseIndexes, withIndexes } from '../../controllers/job/indexes.ts';
import { podOf } from '../../controllers/job/newPod.ts';
import { observe } from '../../controllers/job/observe.ts';
import { outcomeOf } from '../../controllers/job/outcome.ts';
import { finishedAt } from '../../controllers/job/podFacts.ts';
import { planReplicas } from '../../controllers/job/replicas.ts';
import { metPolicy } from '../../controllers/job/successPolicy.ts';
import { at, now } from './objects.ts';

const makeJob = (spec: object = {}, status: object = {}): Job =>
  ({
    metadata: { name: 'j', namespace: 'd', uid: 'j' },
    spec: {
      parallelism: 2,
      completions: 4,
      backoffLimit: 6,
      template: { spec: { containers: [{ name: 'c' }] } },
      ...spec,
    },
    status: { startTime: at(-100), ...status },
  }) as never;
interface PodIs {
  index?: number;
  phase?: string;
  code?: number;
  condition?: string;
  failures?: number;
  ended?: number;
  deleting?: boolean;
}
let made = 0;
const pod = (o: PodIs = {}): Pod =>
  ({
    metadata: {
      name: 'p',
      namespace: 'd',
      uid: `p${made++}`,
      creationTimestamp: at(-200),
      finalizers: ['batch.kubernetes.io/job-tracking'],
      annotations: {
        ...(o.index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': `${o.index}` }),
        ...(o.failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': `${o.failures}` }),
      },
      ...(o.deleting ? { deletionTimestamp: at(0), deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: {},
    status: {
      phase: o.phase ?? 'Running',
      conditions: o.condition ? [{ type: o.condition, status: 'True' }] : [],
      ...(o.code === undefined && o.ended === undefined
        ? {}
        : {
            containerStatuses: [
              { name: 'c', state: { terminated: { exitCode: o.code ?? 1, finishedAt: at(o.ended ?? -10) } } },
            ],
          }),
    },
  }) as never;
const indexed = (spec: object = {}) => ({ completionMode: 'Indexed', ...spec });
const look = (job: Job, pods: Pod[], failures = 0) =>
  observe(job, pods, {
    released: new Set(),
    ...(failures ? { backoff: { failures, lastFailure: now - 5000 } } : {}),
  });

describe('indexes', () => {
  it.each([
    ['', '', []],
    ['1', '1', [1]],
    ['1,2', '1,2', [1, 2]],
    ['1-3', '1-3', [1, 2, 3]],
    ['0,2-9', '0,2,3', [0, 2, 3]],
    ['x,1,7', '1', [1]],
  ])('%s', (text, again, members) => {
    const indexes = parseIndexes(text, 4);
    expect(formatIndexes(indexes)).toBe(again);
    expect([0, 1, 2, 3].filter((i) => hasIndex(indexes, i))).toEqual(members);
  });
  it('join where they meet', () => {
    expect(formatIndexes(withIndexes(parseIndexes('0-2,6,8-9', 20), [5, 3, 7, 12, 3]))).toBe('0-3,5-9,12');
  });
});

describe('the failure policy', () => {
  const exit = (action: string, operator: string, values: number[], containerName?: string) => ({
    action,
    onExitCodes: { operator, values, ...(containerName ? { containerName } : {}) },
  });
  it.each<[string, object[], PodIs, object]>([
    ['no rule fits', [exit('FailJob', 'In', [2])], { code: 1 }, { counts: true }],
    ['in', [exit('Ignore', 'In', [1])], { code: 1 }, { counts: false, action: 'Ignore' }],
    ['not in', [exit('Count', 'NotIn', [2])], { code: 1 }, { counts: true, action: 'Count' }],
    ['not in, but ended well', [exit('Ignore', 'NotIn', [2])], { code: 0 }, { counts: true }],
    ['another container', [exit('Ignore', 'In', [1], 'x')], { code: 1 }, { counts: true }],
    [
      'the first rule that fits',
      [exit('FailIndex', 'In', [1]), exit('FailJob', 'In', [1])],
      { code: 1 },
      { counts: true, action: 'FailIndex' },
    ],
    [
      'a condition',
      [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      { condition: 'DisruptionTarget' },
      {
        counts: true,
        action: 'FailJob',
        message: 'Pod d/p has condition DisruptionTarget matching FailJob rule at index 0',
      },
    ],
  ])('%s', (_name, rules, is, verdict) => {
    expect(judgeFailure(makeJob({ podFailurePolicy: { rules } }), pod({ phase: 'Failed', ...is }))).toEqual(verdict);
  });
});

describe('the success policy', () => {
  it.each([
    [[{ succeededIndexes: '0,2' }], '0-1', undefined],
    [[{ succeededIndexes: '0,2' }], '0-2', 'Matched rules at index 0'],
    [[{ succeededIndexes: '0-3', succeededCount: 2 }], '0,3', 'Matched rules at index 0'],
    [[{ succeededIndexes: '3' }, { succeededCount: 1 }], '0', 'Matched rules at index 1'],
    [[{ succeededCount: 3 }], '0,1', undefined],
  ])('%j with %s', (rules, done, message) => {
    expect(metPolicy(makeJob({ successPolicy: { rules } }), parseIndexes(done, 4))).toBe(message);
  });
});

describe('back-off', () => {
  it.each([
    [0, 0],
    [1, 10_000],
    [2, 20_000],
    [6, 320_000],
    [7, 600_000],
    [2000, 600_000],
  ])('after %d failures: %d ms', (failures, ms) => {
    expect(remaining({ failures, lastFailure: now }, now)).toBe(ms);
  });
  it('begins again after a success', () => {
    const failed = [pod({ phase: 'Failed', ended: -30 }), pod({ phase: 'Failed', ended: -10 })];
    const before = { failures: 3, lastFailure: now - 60_000 };
    expect(nextBackoff(before, [], failed)).toEqual({ failures: 5, lastFailure: now - 10_000 });
    expect(nextBackoff(before, [pod({ phase: 'Succeeded', ended: -20 })], failed)).toEqual({
      failures: 1,
      lastFailure: now - 10_000,
    });
    expect(nextBackoff(before, [pod({ phase: 'Succeeded', ended: -5 })], failed)).toEqual({ failures: 0 });
  });
  it('counts from when a pod was deleted, when nothing says when it ended', () => {
    expect(finishedAt(pod({ deleting: true }))).toBe(now - 30_000);
    expect(finishedAt(pod())).toBe(now - 200_000);
  });
});

describe('replicas', () => {
  const running = (n: number) => Array.from({ length: n }, () => pod());
  it.each<[string, object, Pod[], object, { create: number; remove: number; wait?: number }]>([
    ['as many as run at a time', {}, [], {}, { create: 2, remove: 0 }],
    ['no more than are left', {}, [], { succeeded: 3 }, { create: 1, remove: 0 }],
    ['too many', {}, running(3), {}, { create: 0, remove: 1 }],
    ['suspended', { suspend: true }, running(2), {}, { create: 0, remove: 2 }],
    ['a queue found empty', { completions: undefined }, running(1), { succeeded: 1 }, { create: 0, remove: 0 }],
    ['one that goes is replaced', {}, [pod(), pod({ deleting: true })], {}, { create: 0, remove: 0, wait: 0 }],
    [
      'one that goes is waited for',
      { podReplacementPolicy: 'Failed' },
      [pod(), pod({ deleting: true })],
      {},
      { create: 0, remove: 0 },
    ],
  ])('%s', (_name, spec, pods, status, wanted) => {
    const plan = planReplicas(look(makeJob(spec, status), pods), now + 3_600_000);
    if (wanted.wait === 0) expect(plan.create.length).toBe(1);
    else expect([plan.create.length, plan.remove.length]).toEqual([wanted.create, wanted.remove]);
  });
  it('waits after a failure', () => {
    expect(planReplicas(look(makeJob(), [], 1), now)).toEqual({ create: [], remove: [], wait: 5000 });
  });
  it('makes the lowest missing indexes, one pod each', () => {
    const pods = [pod({ index: 1 }), pod({ index: 0, phase: 'Succeeded' })];
    expect(planReplicas(look(makeJob(indexed({ parallelism: 3 })), pods), now).create).toEqual([2, 3]);
    const twice = [pod({ index: 1 }), pod({ index: 1 }), pod({ index: 9 })];
    expect(planReplicas(look(makeJob(indexed({ parallelism: 3 })), twice), now).remove.length).toBe(2);
  });
  it('an index waits for itself alone, and its count goes on', () => {
    const job = makeJob(indexed({ backoffLimitPerIndex: 3 }));
    const failed = pod({ index: 0, phase: 'Failed', failures: 1, ended: -5 });
    const view = look(job, [failed]);
    expect(planReplicas(view, now)).toEqual({ create: [1], remove: [], wait: 15_000 });
    expect(podOf(job, 0, failed).metadata.annotations).toEqual({
      'batch.kubernetes.io/job-completion-index': '0',
      'batch.kubernetes.io/job-index-failure-count': '2',
    });
  });
  it('a long name keeps its index', () => {
    const job = makeJob(indexed());
    job.metadata.name = 'n'.repeat(60);
    expect(podOf(job, 12).metadata.generateName).toBe(`${'n'.repeat(54)}-12-`);
  });
});

describe('the outcome', () => {
  it.each<[string, object, Pod[], object, string | undefined]>([
    ['goes on', {}, [pod()], {}, undefined],
    ['too many failures', { backoffLimit: 1 }, [pod({ phase: 'Failed' })], { failed: 1 }, 'BackoffLimitExceeded'],
    [
      'ignored failures',
      {
        backoffLimit: 0,
        podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
      },
      [pod({ phase: 'Failed', condition: 'DisruptionTarget' })],
      {},
      undefined,
    ],
    ['past its deadline', { activeDeadlineSeconds: 100 }, [], {}, 'DeadlineExceeded'],
    ['suspended, it has none', { activeDeadlineSeconds: 100, suspend: true }, [], {}, undefined],
    [
      'what was said stays',
      {},
      [],
      { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'Other', message: 'm' }] },
      'Other',
    ],
    [
      'a met policy outlives later failures',
      indexed({ backoffLimit: 0 }),
      [pod({ index: 1, phase: 'Failed' })],
      { conditions: [{ type: 'SuccessCriteriaMet', status: 'True', reason: 'SuccessPolicy', message: 'm' }] },
      'SuccessPolicy',
    ],
  ])('%s', (_name, spec, pods, status, reason) => {
    expect(outcomeOf(look(makeJob(spec, status), pods), now)?.reason).toBe(reason);
  });
  it('restarts in place count', () => {
    const restarted = (n: number) => {
      const p = pod();
      p.status!.containerStatuses = [{ name: 'c', restartCount: n }] as never;
      return p;
    };
    const template = { spec: { restartPolicy: 'OnFailure', containers: [] } };
    const reason = (limit: number, n: number) =>
      outcomeOf(look(makeJob({ template, backoffLimit: limit }), [restarted(n)]), now)?.reason;
    expect([reason(2, 1), reason(2, 2), reason(0, 0), reason(0, 1)]).toEqual([
      undefined,
      'BackoffLimitExceeded',
      undefined,
      'BackoffLimitExceeded',
    ]);
  });
});

it('an end is never before the beginning, though another clock told that', () => {
  const reached = { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message: '' } as const;
  const ended = (start: string) => finish({ startTime: start } as never, reached, now)?.completionTime;
  expect([ended(at(-100)), ended(at(600))]).toEqual([at(0), at(600)]);
});
