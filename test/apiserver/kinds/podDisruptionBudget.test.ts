import { expect, test } from 'vitest';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { podDisruptionBudget } from '../../../apiserver/kinds/podDisruptionBudget.ts';
import { cells, created, made, texts, updated } from './said.ts';

const one = (spec: any = {}, status?: any): any => made(podDisruptionBudget, { spec, ...(status && { status }) });
const selector = { matchLabels: { app: 'web' } };
const broken = { matchExpressions: [{ key: 'app', operator: 'In', values: ['a b'] }] };

test.each<[string, any, string[]]>([
  ['nothing', {}, []],
  ['some', { minAvailable: 1, selector }, []],
  ['percent', { maxUnavailable: '10%', selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' }, []],
  [
    'both',
    { minAvailable: 1, maxUnavailable: 1 },
    [
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  ['below', { minAvailable: -1 }, ['spec.minAvailable: Invalid value: -1: must be greater than or equal to 0']],
  [
    'no percentage',
    { maxUnavailable: 'ten' },
    [expect.stringContaining('spec.maxUnavailable: Invalid value: "ten": a valid percent string')],
  ],
  [
    'more than all',
    { minAvailable: '101%' },
    ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%'],
  ],
  [
    'selector',
    { selector: broken },
    [expect.stringContaining('spec.selector.matchExpressions[0].values[0]: Invalid value: "a b"')],
  ],
  [
    'policy',
    { unhealthyPodEvictionPolicy: '' },
    ['spec.unhealthyPodEvictionPolicy: Unsupported value: "": supported values: "AlwaysAllow", "IfHealthyBudget"'],
  ],
])('create: %s', (_what, spec, expected) => {
  expect(created(podDisruptionBudget, one(spec))).toEqual(expected);
});

test('everything may change; a selector from before its values were checked stays', () => {
  expect(updated(podDisruptionBudget, one({ minAvailable: 2, selector }), one({ maxUnavailable: 1 }))).toEqual([]);
  expect(updated(podDisruptionBudget, one({ selector: broken }), one({ selector: broken }))).toEqual([]);
  expect(updated(podDisruptionBudget, one({ selector: broken }), one({ selector }))).toHaveLength(1);
  expect(podDisruptionBudget.unconditionalUpdate).toBe(false);
  const grows = podDisruptionBudget.generation as (a: any, b: any) => boolean;
  expect(grows(one({ minAvailable: 0 }), one({}))).toBe(true);
  expect(grows(one({ minAvailable: 0 }), one({ minAvailable: 0 }))).toBe(false);
});

const condition = {
  type: 'DisruptionAllowed',
  status: 'True',
  reason: 'SufficientPods',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const at = 'status.conditions[0]';
test.each<[string, any, string[]]>([
  ['fine', { conditions: [condition], disruptionsAllowed: 1 }, []],
  ['counts', { currentHealthy: -1 }, ['status.currentHealthy: Invalid value: -1: must be greater than or equal to 0']],
  [
    'twice',
    { conditions: [condition, condition] },
    ['status.conditions[1].type: Duplicate value: "DisruptionAllowed"'],
  ],
  [
    'type',
    { conditions: [{ ...condition, type: 'a b' }] },
    [expect.stringContaining(`${at}.type: Invalid value: "a b"`)],
  ],
  [
    'status',
    { conditions: [{ ...condition, status: 'yes' }] },
    [`${at}.status: Unsupported value: "yes": supported values: "False", "True", "Unknown"`],
  ],
  [
    'generation',
    { conditions: [{ ...condition, observedGeneration: -1 }] },
    [`${at}.observedGeneration: Invalid value: -1: must be greater than or equal to zero`],
  ],
  [
    'time',
    { conditions: [{ ...condition, lastTransitionTime: undefined }] },
    [`${at}.lastTransitionTime: Required value`],
  ],
  ['no reason', { conditions: [{ ...condition, reason: '' }] }, [`${at}.reason: Required value`]],
  [
    'reason',
    { conditions: [{ ...condition, reason: 'not now' }] },
    [expect.stringContaining(`${at}.reason: Invalid value: "not now": a condition reason must start`)],
  ],
  [
    'long reason',
    { conditions: [{ ...condition, reason: 'R'.repeat(1025) }] },
    [`${at}.reason: Too long: may not be more than 1024 bytes`],
  ],
  [
    'long message',
    { conditions: [{ ...condition, message: 'm'.repeat(32769) }] },
    [`${at}.message: Too long: may not be more than 32768 bytes`],
  ],
])('status: %s', (_what, status, expected) => {
  expect(texts(podDisruptionBudget.subresources![0]!.validateUpdate!(one({}, status), one()))).toEqual(expected);
});

test('counts are always there; columns', () => {
  const object = one({ minAvailable: '50%' });
  podDisruptionBudget.prepareCreate!(object, {} as Context);
  expect(object.status).toEqual({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 });
  expect(cells(podDisruptionBudget, object)).toMatchObject({
    'Min Available': '50%',
    'Max Unavailable': 'N/A',
    'Allowed Disruptions': 0,
  });
});
