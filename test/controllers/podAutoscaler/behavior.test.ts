import { describe, expect, it } from 'vitest';
import type { HPAScalingRules } from '../../../apimachinery/types.ts';
import { parseFlags } from '../../../component-base/flags.ts';
import { limitDown, limitUp, longestPeriod, normalizeByBehavior } from '../../../controllers/podAutoscaler/behavior.ts';
import { autoscalerFlags, autoscalerOptions } from '../../../controllers/podAutoscaler/flags.ts';
import { changeSince, type Memory, newMemory, remember } from '../../../controllers/podAutoscaler/memory.ts';
import { clamp, normalize } from '../../../controllers/podAutoscaler/normalize.ts';

const now = 1_700_000_000_000;
const minute = 60_000;
const empty = (): Memory => ({ recommendations: [], ups: [], downs: [] });

/** `[size, minutes ago]`. */
const recommended = (...list: [number, number][]): Memory => ({
  ...empty(),
  recommendations: list.map(([replicas, ago]) => ({ replicas, at: now - ago * minute })),
});

/** Spread evenly over the last `seconds`, each in the middle of its part. */
const spread = (changes: number[], seconds: number) =>
  changes.map((change, i) => ({
    change,
    at: now - Math.trunc(seconds - (seconds / changes.length) * (i + 0.5)) * 1000,
  }));

const pods = (value: number, periodSeconds: number) => ({ type: 'Pods', value, periodSeconds });
const percent = (value: number, periodSeconds: number) => ({ type: 'Percent', value, periodSeconds });
const rules = (policies: object[], window = 0, selectPolicy = 'Max'): HPAScalingRules =>
  ({ policies, stabilizationWindowSeconds: window, selectPolicy }) as HPAScalingRules;
const defaultUp = rules([pods(4, 15), percent(100, 15)]);
const defaultDown = rules([percent(100, 15)], 300);

describe('without behavior', () => {
  it.each([
    [5, 7, 3, 8, 7, 'DesiredWithinRange'],
    [3, 1, 2, 8, 2, 'TooFewReplicas'],
    [1, 0, 0, 10, 0, 'DesiredWithinRange'],
    [20, 1000, 1, 10, 10, 'TooManyReplicas'],
    [3, 1000, 1, 2000, 6, 'ScaleUpLimit'],
    [1, 1000, 1, 2000, 4, 'ScaleUpLimit'],
  ])('%i, asked for %i, between %i and %i: %i, %s', (current, desired, min, max, replicas, reason) => {
    expect(clamp({ current, desired, min, max })).toMatchObject({ replicas, verdict: { reason } });
  });

  it.each<[string, [number, number][], number, string]>([
    ['nothing remembered', [], 3, 'ReadyForNewScale'],
    [
      'the highest of five minutes counts',
      [
        [4, 2],
        [5, 1],
      ],
      5,
      'ScaleDownStabilized',
    ],
    [
      'lower ones do not',
      [
        [1, 2],
        [2, 1],
      ],
      3,
      'ReadyForNewScale',
    ],
    [
      'nor older ones',
      [
        [10, 10],
        [9, 9],
      ],
      3,
      'ReadyForNewScale',
    ],
    [
      'of all, those of five minutes',
      [
        [10, 10],
        [4, 1],
        [5, 2],
        [9, 9],
      ],
      5,
      'ScaleDownStabilized',
    ],
  ])('%s', (_, list, replicas, reason) => {
    const memory = recommended(...list);
    const limits = { current: 10, desired: 3, min: 1, max: 10 };
    const result = normalize(limits, memory, 5 * minute, now);
    expect(result).toMatchObject({ replicas, able: { reason } });
    const recent = list.filter(([, ago]) => ago <= 5).length;
    expect(memory.recommendations).toHaveLength(recent + 1);
    expect(memory.recommendations.at(-1)).toEqual({ replicas: 3, at: now });
  });

  it('says when it is limited', () => {
    const limits = { current: 3, desired: 100, min: 1, max: 50 };
    expect(normalize(limits, newMemory(3, now - 1000), 5 * minute, now)).toEqual({
      replicas: 6,
      able: { reason: 'ReadyForNewScale', message: 'recommended size matches current size' },
      limited: {
        status: 'True',
        reason: 'ScaleUpLimit',
        message: 'the desired replica count is increasing faster than the maximum scale rate',
      },
    });
  });
});

interface Case {
  min?: number;
  max?: number;
  up?: HPAScalingRules;
  down?: HPAScalingRules;
  ups?: object[];
  downs?: object[];
  now: number;
  asked: number;
  gives: number;
  reason: string;
}

describe('the rate that behavior allows', () => {
  const downs = spread([1, 5, 9], 120);
  const ups = spread([1, 5, 9], 120);
  it.each<[string, Case]>([
    ['within the range', { min: 3, max: 8, now: 5, asked: 7, gives: 7, reason: 'DesiredWithinRange' }],
    ['too few', { min: 2, max: 8, now: 3, asked: 1, gives: 2, reason: 'TooFewReplicas' }],
    ['to zero', { min: 0, max: 10, now: 1, asked: 0, gives: 0, reason: 'DesiredWithinRange' }],
    ['above the most', { max: 10, now: 9, asked: 1000, gives: 10, reason: 'TooManyReplicas' }],
    ['too many', { min: 100, max: 150, now: 100, asked: 1000, gives: 150, reason: 'TooManyReplicas' }],
    [
      'a percent of little is one',
      { up: rules([percent(1, 60)]), now: 3, asked: 1000, gives: 4, reason: 'ScaleUpLimit' },
    ],
    ['20 pods down', { down: rules([pods(20, 60)]), now: 1000, asked: 3, gives: 980, reason: 'ScaleDownLimit' }],
    ['default up', { now: 10, asked: 50, gives: 20, reason: 'ScaleUpLimit' }],
    [
      'pods above percent',
      { up: rules([pods(100, 60), percent(100, 60)]), now: 10, asked: 500, gives: 110, reason: 'ScaleUpLimit' },
    ],
    [
      'percent above pods',
      { up: rules([pods(2, 60), percent(100, 60)]), now: 10, asked: 500, gives: 20, reason: 'ScaleUpLimit' },
    ],
    ['enough pods', { up: rules([pods(100, 60)]), now: 10, asked: 50, gives: 50, reason: 'DesiredWithinRange' }],
    ['pods up', { up: rules([pods(30, 60)]), now: 10, asked: 50, gives: 40, reason: 'ScaleUpLimit' }],
    ['percent up', { up: rules([percent(200, 60)]), now: 10, asked: 50, gives: 30, reason: 'ScaleUpLimit' }],
    [
      'pods down',
      { down: rules([pods(20, 60), percent(1, 60)]), now: 100, asked: 2, gives: 80, reason: 'ScaleDownLimit' },
    ],
    [
      'few pods down',
      { down: rules([pods(2, 60), percent(1, 60)]), now: 100, asked: 2, gives: 98, reason: 'ScaleDownLimit' },
    ],
    ['below the least', { down: rules([pods(100, 60)]), now: 10, asked: 0, gives: 1, reason: 'TooFewReplicas' }],
    ['all down', { min: 5, down: rules([percent(100, 60)]), now: 10, asked: 2, gives: 5, reason: 'TooFewReplicas' }],
    ['five down', { down: rules([pods(5, 60)]), now: 10, asked: 2, gives: 5, reason: 'ScaleDownLimit' }],
    ['half down', { down: rules([percent(50, 60)]), now: 10, asked: 5, gives: 5, reason: 'DesiredWithinRange' }],
    [
      'most, after ups',
      { max: 200, ups, up: rules([pods(300, 60)]), now: 100, asked: 500, gives: 200, reason: 'TooManyReplicas' },
    ],
    ['used up', { ups, up: rules([pods(5, 120)]), now: 100, asked: 500, gives: 100, reason: 'ScaleUpLimit' }],
    ['pods, after ups', { ups, up: rules([pods(150, 120)]), now: 100, asked: 500, gives: 235, reason: 'ScaleUpLimit' }],
    [
      'percent, after ups',
      { ups, up: rules([percent(200, 120)]), now: 100, asked: 500, gives: 255, reason: 'ScaleUpLimit' },
    ],
    [
      'ups, after downs',
      { downs, up: rules([pods(5, 120)]), now: 100, asked: 500, gives: 120, reason: 'ScaleUpLimit' },
    ],
    ['default down, after downs', { downs, now: 10, asked: 5, gives: 5, reason: 'DesiredWithinRange' }],
    [
      'many down, after downs',
      { downs, down: rules([pods(130, 120)]), min: 5, now: 100, asked: 0, gives: 5, reason: 'TooFewReplicas' },
    ],
    [
      'few down, after downs',
      { downs, down: rules([pods(5, 120)]), now: 100, asked: 2, gives: 100, reason: 'ScaleDownLimit' },
    ],
    [
      'half down, after downs',
      {
        downs: spread([2, 4, 6], 120),
        down: rules([percent(50, 120)]),
        now: 100,
        asked: 0,
        gives: 56,
        reason: 'ScaleDownLimit',
      },
    ],
    [
      'held by downs',
      {
        downs: spread([10, 10, 10], 120),
        down: rules([percent(10, 120)]),
        now: 100,
        asked: 0,
        gives: 100,
        reason: 'ScaleDownLimit',
      },
    ],
    [
      'more than all down',
      {
        downs: spread([10, 10, 10], 120),
        down: rules([percent(1000, 120)]),
        now: 10,
        asked: 5,
        gives: 5,
        reason: 'DesiredWithinRange',
      },
    ],
    ['off', { up: rules([pods(5, 60)], 0, 'Disabled'), now: 10, asked: 20, gives: 10, reason: 'ScaleUpLimit' }],
    ['off down', { down: rules([pods(5, 60)], 0, 'Disabled'), now: 10, asked: 2, gives: 10, reason: 'ScaleDownLimit' }],
  ])('%s', (_, c) => {
    const memory = { ...empty(), ups: c.ups ?? [], downs: c.downs ?? [] } as Memory;
    const behavior = {
      scaleUp: { ...(c.up ?? defaultUp), stabilizationWindowSeconds: 0 },
      scaleDown: { ...(c.down ?? defaultDown), stabilizationWindowSeconds: 0 },
    };
    const limits = { current: c.now, desired: c.asked, min: c.min ?? 1, max: c.max ?? 1000 };
    const { replicas, limited } = normalizeByBehavior(limits, behavior, memory, 0, now);
    expect([replicas, limited.reason]).toEqual([c.gives, c.reason]);
    expect(limited.status).toBe(c.gives === c.asked ? 'False' : 'True');
  });

  it('the most careful policy, where that is asked for', () => {
    const both = [pods(2, 60), percent(50, 60)];
    expect(limitUp(1, rules(both, 300, 'Min'), empty(), now)).toBe(2);
    expect(limitDown(5, rules(both, 300, 'Min'), empty(), now)).toBe(3);
  });
});

describe('the windows of behavior', () => {
  it.each<[string, [number, number][], number, number, number, number, number, string]>([
    ['nothing remembered', [], 100, 5, 0, 0, 5, 'ReadyForNewScale'],
    [
      'down to the highest',
      [
        [4, 2],
        [5, 1],
      ],
      100,
      3,
      0,
      180,
      5,
      'ScaleDownStabilized',
    ],
    [
      'up to the lowest',
      [
        [4, 2],
        [5, 1],
      ],
      1,
      7,
      300,
      0,
      4,
      'ScaleUpStabilized',
    ],
    [
      'down is not held by up',
      [
        [1, 2],
        [2, 1],
      ],
      100,
      3,
      300,
      0,
      3,
      'ReadyForNewScale',
    ],
    [
      'up is not held by down',
      [
        [4, 2],
        [5, 1],
      ],
      1,
      3,
      0,
      300,
      3,
      'ReadyForNewScale',
    ],
    [
      'old ones are forgotten, down',
      [
        [10, 10],
        [9, 9],
      ],
      100,
      3,
      0,
      0,
      3,
      'ReadyForNewScale',
    ],
    [
      'old ones are forgotten, up',
      [
        [10, 10],
        [9, 9],
      ],
      1,
      100,
      0,
      0,
      100,
      'ReadyForNewScale',
    ],
    [
      'some are old, down',
      [
        [10, 10],
        [4, 1],
        [5, 2],
        [9, 9],
      ],
      100,
      3,
      0,
      180,
      5,
      'ScaleDownStabilized',
    ],
    [
      'some are old, up',
      [
        [10, 100],
        [6, 1],
        [5, 2],
        [9, 3],
      ],
      1,
      100,
      300,
      0,
      5,
      'ScaleUpStabilized',
    ],
  ])('%s', (_, list, current, desired, up, down, replicas, reason) => {
    const behavior = { scaleUp: rules([percent(100_000, 15)], up), scaleDown: rules([percent(100, 15)], down) };
    const limits = { current, desired, min: 1, max: 1000 };
    const result = normalizeByBehavior(limits, behavior, recommended(...list), 5 * minute, now);
    expect([result.replicas, result.able.reason]).toEqual([replicas, reason]);
  });

  it('down is the flag where the behavior says nothing', () => {
    const { stabilizationWindowSeconds: _, ...scaleDown } = defaultDown;
    const limits = { current: 5, desired: 3, min: 1, max: 9 };
    const at = (window: number) =>
      normalizeByBehavior(limits, { scaleUp: defaultUp, scaleDown }, recommended([5, 2]), window, now).replicas;
    expect([at(5 * minute), at(1 * minute)]).toEqual([5, 3]);
  });
});

describe('what is remembered', () => {
  it.each<[string, [number, number][], number, number, number[]]>([
    ['the first', [], 60, 0, [5]],
    ['in place of what is too old', [[7, 61]], 60, 0, [5]],
    ['beside what is not', [[7, 58]], 60, 7, [7, 5]],
    [
      'beside some',
      [
        [7, 61],
        [6, 59],
      ],
      60,
      6,
      [6, 5],
    ],
    [
      'as long as the longest period',
      [
        [7, 58],
        [6, 100],
      ],
      120,
      7,
      [7, 6, 5],
    ],
  ])('%s', (_, list, longest, before, after) => {
    for (const [key, to, sign] of [
      ['ups', 15, 1],
      ['downs', 5, -1],
    ] as const) {
      const memory = empty();
      memory[key] = list.map(([change, ago]) => ({ change, at: now - ago * 1000 }));
      expect(changeSince(memory, minute, now) * sign + 0).toBe(before);
      remember(memory, 10, to, now, longest * 1000);
      expect(memory[key].map((e) => e.change)).toEqual(after);
    }
  });

  it('the longest period counts', () => {
    expect(longestPeriod(rules([pods(1, 10), percent(1, 30)]))).toBe(30_000);
  });
});

it('the flags become options; a tolerance that is no number is refused', () => {
  const options = (...argv: string[]) => autoscalerOptions(parseFlags(autoscalerFlags, argv).config, true);
  expect(options()).toEqual({
    workers: 5,
    syncPeriod: 15_000,
    downscaleStabilization: 300_000,
    tolerance: 0.1,
    cpuInitializationPeriod: 300_000,
    initialReadinessDelay: 30_000,
    ownTolerances: true,
  });
  expect(options('--horizontal-pod-autoscaler-tolerance=0.25').tolerance).toBe(0.25);
  expect(() => options('--horizontal-pod-autoscaler-tolerance=much')).toThrow(
    'must be a number such as 0.1, not "much"',
  );
});
