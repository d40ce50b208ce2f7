// Random loads: an autoscaler stays between its least and its most, no faster than its policies and windows allow, and comes to rest
// where the load wants it.
import { expect, it } from 'vitest';
import type { HPAScalingRules } from '../../../apimachinery/types.ts';
import { longestPeriod, normalizeByBehavior } from '../../../controllers/podAutoscaler/behavior.ts';
import { newMemory, remember } from '../../../controllers/podAutoscaler/memory.ts';
import { normalize } from '../../../controllers/podAutoscaler/normalize.ts';
import { numbers } from '../properties/world.ts';

const period = 15_000;

function rulesOf(below: (n: number) => number, down: boolean): HPAScalingRules {
  const policy = () =>
    below(2)
      ? { type: 'Pods', value: 1 + below(5), periodSeconds: 15 * (1 + below(4)) }
      : { type: 'Percent', value: 20 + below(150), periodSeconds: 15 * (1 + below(4)) };
  const policies = Array.from({ length: 1 + below(2) }, policy);
  return {
    policies,
    selectPolicy: below(3) ? 'Max' : 'Min',
    stabilizationWindowSeconds: (down ? 60 : 30) * below(4),
  } as HPAScalingRules;
}

/** `at` a time the size was `replicas`. */
interface Moment {
  at: number;
  replicas: number;
  wanted: number;
}

/** What a policy allows after `start` replicas. */
function allowed(
  { policies = [], selectPolicy }: HPAScalingRules,
  start: (seconds: number) => number,
  up: boolean,
): number {
  const sizes = policies.map(({ type, value, periodSeconds }) => {
    const from = start(periodSeconds);
    const sign = up ? 1 : -1;
    if (type === 'Pods') return from + sign * value;
    return up ? Math.ceil(from * (1 + value / 100)) : Math.trunc(from * (1 - value / 100));
  });
  return (selectPolicy === 'Min') === up ? Math.min(...sizes) : Math.max(...sizes);
}

it.each(Array.from({ length: 60 }, (_, seed) => seed))('with behavior, seed %i', (seed) => {
  const random = numbers(seed);
  const below = (n: number) => Math.floor(random() * n);
  const behavior = { scaleUp: rulesOf(below, false), scaleDown: rulesOf(below, true) };
  const [min, max] = [1 + below(3), 10 + below(40)];
  let now = 1_700_000_000_000;
  let replicas = min + below(max - min);
  const memory = newMemory(replicas, now);
  const history: Moment[] = [{ at: now, replicas, wanted: replicas }];
  const at = (ago: number) => history.findLast((m) => m.at <= now - ago)?.replicas ?? history[0]!.replicas;
  const step = (wanted: number) => {
    now += period;
    const limits = { current: replicas, desired: wanted, min, max };
    const next = normalizeByBehavior(limits, behavior, memory, 300_000, now);
    const window = (rules: HPAScalingRules) => now - (rules.stabilizationWindowSeconds ?? 0) * 1000;
    const since = (rules: HPAScalingRules) => [
      wanted,
      ...history.filter((m) => m.at > window(rules)).map((m) => m.wanted),
    ];
    expect(next.replicas).toBeGreaterThanOrEqual(min);
    expect(next.replicas).toBeLessThanOrEqual(max);
    if (next.replicas > replicas) {
      const limit = allowed(behavior.scaleUp, (seconds) => at(seconds * 1000), true);
      expect(next.replicas, 'up, by the policies').toBeLessThanOrEqual(limit);
      expect(next.replicas, 'up, by the window').toBeLessThanOrEqual(
        Math.max(min, ...[Math.min(...since(behavior.scaleUp))]),
      );
    }
    if (next.replicas < replicas) {
      const limit = allowed(behavior.scaleDown, (seconds) => at(seconds * 1000), false);
      expect(next.replicas, 'down, by the policies').toBeGreaterThanOrEqual(Math.min(limit, replicas));
      expect(next.replicas, 'down, by the window').toBeGreaterThanOrEqual(
        Math.min(max, Math.max(...since(behavior.scaleDown))),
      );
    }
    if (next.replicas !== replicas) {
      const rules = next.replicas > replicas ? behavior.scaleUp : behavior.scaleDown;
      remember(memory, replicas, next.replicas, now, longestPeriod(rules));
    }
    replicas = next.replicas;
    history.push({ at: now, replicas, wanted });
  };
  let load = replicas;
  for (let i = 0; i < 200; i++) {
    if (below(4) === 0) load = below(60);
    step(load);
  }
  for (let i = 0; i < 400; i++) step(load);
  // A percentage of little, rounded, may never take the last ones away.
  const stuck = behavior.scaleDown.policies!.some((p) => p.type === 'Percent');
  const wanted = Math.min(max, Math.max(min, load));
  if (!(stuck && replicas > wanted)) expect(replicas).toBe(wanted);
});

it.each(Array.from({ length: 20 }, (_, seed) => seed))('without, seed %i', (seed) => {
  const random = numbers(seed + 1000);
  const below = (n: number) => Math.floor(random() * n);
  const [min, max] = [1 + below(3), 10 + below(40)];
  let now = 1_700_000_000_000;
  let replicas = min;
  const memory = newMemory(replicas, now);
  const wants: number[] = [];
  let load = replicas;
  for (let i = 0; i < 300; i++) {
    if (below(6) === 0 && i < 250) load = below(60);
    now += period;
    wants.push(load);
    const next = normalize({ current: replicas, desired: load, min, max }, memory, 300_000, now).replicas;
    expect(next).toBeLessThanOrEqual(Math.min(max, Math.max(2 * replicas, 4)));
    expect(next).toBeGreaterThanOrEqual(min);
    if (next < replicas) expect(next).toBe(Math.min(max, Math.max(min, ...wants.slice(-21))));
    replicas = next;
  }
  expect(replicas).toBe(Math.min(max, Math.max(min, load)));
});
