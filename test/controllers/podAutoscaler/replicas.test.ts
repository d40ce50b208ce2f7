import { describe, expect, it } from 'vitest';
import { toTime } from '../../../apimachinery/clock.ts';
import type { Pod } from '../../../apimachinery/types.ts';
import { groupPods, type PodMetrics } from '../../../controllers/podAutoscaler/podGroups.ts';
import {
  averageReplicas,
  type Current,
  sharedReplicas,
  total,
  utilizationReplicas,
  wholeReplicas,
} from '../../../controllers/podAutoscaler/replicas.ts';

const now = 1_700_000_000_000;
const minute = 60_000;
const warmup = { cpuInitializationPeriod: 2 * minute, initialReadinessDelay: 10_000, now };
const tenth = { up: 0.1, down: 0.1 };

/** One letter a pod: ready, unready since its start, hot (just started), pending, failed, deleting. */
type Kind = 'r' | 'u' | 'h' | 'p' | 'f' | 'd';
const phases: Partial<Record<Kind, string>> = { p: 'Pending', f: 'Failed' };

function makePods(kinds: string, request: string | string[] = '1', extra: object = {}): Pod[] {
  return [...kinds].map((kind, i) => {
    const started = kind === 'h' ? now - 1000 : now - 60 * minute;
    const cpu = Array.isArray(request) ? request[i] : request;
    const resources = cpu ? { requests: { cpu } } : {};
    return {
      metadata: { name: `p-${i}`, ...(kind === 'd' ? { deletionTimestamp: toTime(now) } : {}) },
      spec: {
        containers: [
          { name: 'one', resources },
          { name: 'two', resources },
        ],
        ...extra,
      },
      status: {
        phase: phases[kind as Kind] ?? 'Running',
        startTime: toTime(started),
        conditions: [
          { type: 'Ready', status: 'rh'.includes(kind) ? 'True' : 'False', lastTransitionTime: toTime(started) },
        ],
      },
    } as unknown as Pod;
  });
}

const current = (replicas: number, pods: Pod[], tolerances = tenth): Current => ({
  replicas,
  pods,
  tolerances,
  warmup,
});

/** A sample of each pod; both containers use the same, or with `one` only one is looked at. */
const samples = (levels: readonly number[], containers = 2): PodMetrics =>
  new Map(levels.map((level, i) => [`p-${i}`, { value: BigInt(level * containers), at: now, window: minute }]));

describe('replicas for a percentage of the requests', () => {
  // replicas, pods, levels of each container, target, then: replicas, percent, average
  it.each<[string, number, string, number[], number, number, number, number]>([
    ['scales up', 3, 'rrr', [300, 500, 700], 30, 5, 50, 1000],
    ['scales up less for one that is unready', 3, 'urr', [300, 500, 700], 30, 4, 60, 1200],
    ['scales up less for one that just started', 3, 'hrr', [300, 500, 700], 30, 4, 60, 1200],
    ['stays when those that are unready would not use much', 3, 'ruu', [400, 500, 700], 30, 3, 40, 800],
    ['stays when those that just started would not', 3, 'rhh', [400, 500, 700], 30, 3, 40, 800],
    ['passes over the failed', 2, 'rrff', [500, 700], 30, 4, 60, 1200],
    ['passes over those on their way out', 2, 'rrdd', [500, 700], 30, 4, 60, 1200],
    ['scales down', 5, 'rrrrr', [100, 300, 500, 250, 250], 50, 3, 28, 560],
    ['scales down without the unready', 5, 'rrruu', [100, 300, 500, 250, 250], 50, 2, 30, 600],
    ['scales down without the pending', 5, 'rpppp', [100], 50, 1, 10, 200],
    ['scales down without those that just started', 5, 'rrrhh', [100, 300, 500, 250, 250], 50, 2, 30, 600],
    ['scales down without the failed', 5, 'rrrrrff', [100, 300, 500, 250, 250], 50, 3, 28, 560],
    [
      'passes over samples of pods that are not there',
      4,
      'rrrr',
      [4000, 9500, 3000, 7000, 3200, 2000],
      100,
      24,
      587,
      11_750,
    ],
    ['takes missing samples for full use on the way down', 4, 'rrrr', [400, 95], 100, 3, 24, 495],
    ['takes missing samples for no use on the way up', 2, 'rr', [1900], 100, 2, 190, 3800],
    ['stays where it is right, whatever is missing', 2, 'rr', [1000], 100, 2, 100, 2000],
    ['never turns round', 2, 'rr', [600], 100, 2, 60, 1200],
    ['stays with one unready and one missing', 3, 'urr', [100, 450], 50, 3, 45, 900],
    ['stays with one that just started and one missing', 3, 'hrr', [100, 450], 50, 3, 45, 900],
    ['scales up with one unready and one missing', 3, 'urr', [100, 2000], 50, 4, 200, 4000],
    ['scales down with one unready and one missing', 4, 'urrr', [100, 100, 100], 50, 3, 10, 200],
    ['does not scale up because a roll made more pods', 2, 'rrr', [100, 100], 50, 2, 10, 200],
  ])('%s', (_, replicas, kinds, levels, target, wanted, utilization, usage) => {
    const pods = makePods(kinds);
    expect(utilizationReplicas(current(replicas, pods), samples(levels), target, 'cpu')).toEqual({
      replicas: wanted,
      utilization,
      usage: BigInt(usage),
    });
  });

  it('a target above all requests counts for missing samples', () => {
    const pods = makePods('urrr', ['1', '1', '2', '2']);
    expect(utilizationReplicas(current(4, pods), samples([200, 100, 100]), 300, 'cpu').replicas).toBe(2);
  });

  const uneven = ['0.9', '1.0', '1.1'];
  it.each<[string, { up: number; down: number }, number[], number]>([
    ['within a tenth', tenth, [1010, 1030, 1020], 3],
    ['outside of none', { up: 0, down: 0 }, [909, 1010, 1111], 4],
    ['within twice up', { up: 2, down: 0.1 }, [1890, 1910, 1900], 3],
    ['outside 8 % up', { up: 0.08, down: 2 }, [1100, 1080, 1090], 4],
    ['within 36 % down', { up: 0.1, down: 0.36 }, [660, 640, 650], 3],
    ['outside 34 % down', { up: 0.1, down: 0.34 }, [660, 640, 650], 2],
  ])('tolerance: %s', (_, tolerances, levels, wanted) => {
    const proposal = utilizationReplicas(current(3, makePods('rrr', uneven), tolerances), samples(levels), 100, 'cpu');
    expect(proposal.replicas).toBe(wanted);
  });

  it.each([
    [1 / (2 * 0.9) + 0.01, 9],
    [1 / (2 * 0.9) + 0.004, 10],
  ])('ten pods at half of what they ask for, aimed at %s', (target, wanted) => {
    const requests = [100, -100, 10, -10, 2, -2, 1, -1, 0, 0].map((n) => `${300 + n}m`);
    const levels = Array.from({ length: 10 }, () => 150);
    const now = current(10, makePods('rrrrrrrrrr', requests));
    expect(utilizationReplicas(now, samples(levels), Math.trunc(target * 100), 'cpu').replicas).toBe(wanted);
  });

  it('of one container', () => {
    const proposal = utilizationReplicas(current(3, makePods('rrr')), samples([300, 500, 700], 1), 30, 'cpu', 'two');
    expect(proposal).toEqual({ replicas: 5, utilization: 50, usage: 500n });
  });

  it('of requests of the pod, where it has them, and of sidecars', () => {
    const whole = makePods('rrr', '', { resources: { requests: { cpu: '2' } } });
    expect(utilizationReplicas(current(3, whole), samples([300, 500, 700]), 30, 'cpu').utilization).toBe(50);
    const sidecar = { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '2' } } };
    const init = { name: 'i', resources: { requests: { cpu: '100' } } };
    const withSidecar = makePods('rrr', '1', { initContainers: [sidecar, init] });
    expect(utilizationReplicas(current(3, withSidecar), samples([300, 500, 700]), 30, 'cpu').utilization).toBe(25);
  });

  it.each<[string, Pod[], PodMetrics, string, string]>([
    ['no pod', [], samples([1]), '', 'no pods returned by selector while calculating replica count'],
    [
      'none ready',
      makePods('u'),
      samples([1]),
      '',
      'did not receive metrics for targeted pods (pods might be unready)',
    ],
    ['no request', makePods('r', ''), samples([1]), '', 'missing request for cpu in container one of Pod p-0'],
    ['no such container', makePods('r'), samples([1]), 'x', 'container x not found in Pod p-0'],
    [
      'no request of the pod',
      makePods('r', '', { resources: { requests: { memory: '1Gi' } } }),
      samples([1]),
      '',
      'missing pod-level request for cpu in Pod p-0',
    ],
    [
      'samples of others',
      makePods('r'),
      new Map([['x', { value: 1n, at: now, window: 0 }]]),
      '',
      'no metrics returned matched known pods',
    ],
  ])('%s', (_, pods, metrics, container, message) => {
    expect(() => utilizationReplicas(current(1, pods), metrics, 50, 'cpu', container)).toThrow(message);
  });
});

describe('replicas for the average of the pods', () => {
  it.each<[string, number, string, number[], number, typeof tenth, number, number]>([
    ['scales up', 3, 'rrr', [20_000, 10_000, 30_000], 15_000, tenth, 4, 20_000],
    ['counts what is unready', 3, 'ruu', [50_000, 10_000, 30_000], 15_000, tenth, 6, 30_000],
    ['scales down', 5, 'rrrrr', [12_000, 12_000, 12_000, 12_000, 12_000], 20_000, tenth, 3, 12_000],
    ['stays within the tolerance', 3, 'rrr', [20_000, 21_000, 21_000], 20_000, tenth, 3, 20_666],
    [
      'scales up past its own tolerance',
      3,
      'rrr',
      [20_000, 21_000, 21_000],
      20_000,
      { up: 0.01, down: 0.1 },
      4,
      20_666,
    ],
    ['stays where it is right, whatever is missing', 5, 'rrrrr', [20_000, 19_000, 21_000], 20_000, tenth, 5, 20_000],
    ['does not scale up because a roll made more pods', 2, 'rrr', [10_000, 10_000], 17_000, tenth, 2, 10_000],
  ])('%s', (_, replicas, kinds, levels, target, tolerances, wanted, usage) => {
    const now = current(replicas, makePods(kinds), tolerances);
    expect(averageReplicas(now, samples(levels, 1), BigInt(target))).toEqual({
      replicas: wanted,
      usage: BigInt(usage),
    });
  });

  it('of CPU passes over what just started', () => {
    const now = current(3, makePods('hrr'));
    expect(averageReplicas(now, samples([300, 500, 700], 1), 300n, 'cpu').replicas).toBe(4);
  });
});

describe('replicas for one value', () => {
  it.each<[string, number, string, number, number, typeof tenth, number]>([
    ['scales up', 3, 'rrr', 20_000, 15_000, tenth, 4],
    ['passes over what is unready', 3, 'uru', 50_000, 10_000, tenth, 5],
    ['scales down', 5, 'rrrrr', 12_000, 20_000, tenth, 3],
    ['scales down a little', 5, 'rrrrr', 8_600, 14_334, tenth, 3],
    ['stays within the tolerance', 3, 'rrr', 20_666, 20_000, tenth, 3],
    ['scales up past its own tolerance', 3, 'rrr', 20_666, 20_000, { up: 0.01, down: 0.1 }, 4],
    ['from zero takes the ratio', 0, '', 8_600, 4_400, tenth, 2],
    ['stays at zero without any', 0, '', 0, 4_400, tenth, 0],
    ['is held to what a size can be', 3, 'rrr', 2 ** 52, 1, tenth, 2 ** 31 - 1],
  ])('%s', (_, replicas, kinds, usage, target, tolerances, wanted) => {
    const now = current(replicas, makePods(kinds), tolerances);
    expect(wholeReplicas(now, BigInt(usage), BigInt(target))).toEqual({ replicas: wanted, usage: BigInt(usage) });
  });

  it('without a pod nothing can be said', () => {
    const message = 'unable to calculate ready pods: no pods returned by selector while calculating replica count';
    expect(() => wholeReplicas(current(3, []), 100n, 10n)).toThrow(message);
  });

  it.each<[string, number, number, number, typeof tenth, number, number]>([
    ['scales up', 3, 8_600, 2_150, tenth, 4, 2_867],
    ['scales down', 5, 6_000, 2_000, tenth, 3, 1_200],
    ['scales down, rounded', 5, 8_600, 2_867, tenth, 3, 1_720],
    ['stays within the tolerance', 4, 20_166, 5_000, tenth, 4, 5_042],
    ['stays just below', 3, 8_600, 2_900, tenth, 3, 2_867],
    ['scales up past its own tolerance', 4, 20_208, 5_000, { up: 0.01, down: 0.1 }, 5, 5_052],
    ['scales up a little', 3, 8_600, 2_800, { up: 0.01, down: 0.1 }, 4, 2_867],
  ])('shared by the pods: %s', (_, replicas, usage, target, tolerances, wanted, average) => {
    expect(sharedReplicas(replicas, tolerances, BigInt(usage), BigInt(target))).toEqual({
      replicas: wanted,
      usage: BigInt(average),
    });
  });

  it('many values are added as an int64 holds them', () => {
    expect(total([1n, 2n])).toBe(3n);
    expect(total([2n ** 62n, 2n ** 62n])).toBe(2n ** 63n - 1n);
  });
});

describe('which pods count', () => {
  const pod = (status: object, deleting = false) =>
    ({ metadata: { name: 'p', ...(deleting ? { deletionTimestamp: toTime(now) } : {}) }, status }) as unknown as Pod;
  const ready = (status: string, ago: number) => [
    { type: 'Ready', status, lastTransitionTime: toTime(now - ago * 1000) },
  ];
  const started = (ago: number) => toTime(now - ago * 1000);
  const sample = (ago = 0, window = 60) => ({ value: 1n, at: now - ago * 1000, window: window * 1000 });
  const none = { ready: 0, unready: [], missing: [], ignored: [] };

  it.each<[string, Pod, object | undefined, string, object]>([
    ['memory: any with a sample', pod({ phase: 'Succeeded' }), sample(), 'memory', { ready: 1 }],
    ['no word on readiness', pod({ startTime: started(0) }), sample(), 'cpu', { unready: ['p'] }],
    [
      'young, with a sample of all of its ready time',
      pod({ startTime: started(60), conditions: ready('True', 30) }),
      sample(0, 30),
      'cpu',
      { ready: 1 },
    ],
    [
      'young, with a sample of its start',
      pod({ startTime: started(60), conditions: ready('True', 30) }),
      sample(0, 60),
      'cpu',
      { unready: ['p'] },
    ],
    [
      'never ready',
      pod({ startTime: started(600), conditions: ready('False', 594) }),
      sample(),
      'cpu',
      { unready: ['p'] },
    ],
    [
      'older, with an old sample',
      pod({ startTime: started(180), conditions: ready('True', 180) }),
      sample(120),
      'cpu',
      { ready: 1 },
    ],
    [
      'no longer ready',
      pod({ startTime: started(600), conditions: ready('False', 540) }),
      sample(),
      'cpu',
      { ready: 1 },
    ],
    [
      'unready on the edge',
      pod({ startTime: started(600), conditions: ready('False', 590) }),
      sample(),
      'cpu',
      { ready: 1 },
    ],
    ['without a sample', pod({ startTime: started(180) }), undefined, 'cpu', { missing: ['p'] }],
    ['pending', pod({ phase: 'Pending' }), undefined, 'cpu', { unready: ['p'] }],
    ['pending, of memory', pod({ phase: 'Pending' }), undefined, 'memory', { unready: ['p'] }],
    ['failed', pod({ phase: 'Failed' }), sample(), 'cpu', { ignored: ['p'] }],
    ['going', pod({ phase: 'Running' }, true), sample(), 'cpu', { ignored: ['p'] }],
  ])('%s', (_, p, metric, resource, expected) => {
    const metrics = new Map(metric ? [['p', metric]] : []) as PodMetrics;
    expect(groupPods([p], metrics, resource, warmup)).toEqual({ ...none, ...expected });
  });
});
