// The same for an autoscaler with spec.behavior: a window for each direction, in which the most careful recommendation counts,
// and policies that say how many pods may come or go in how much time. Pure, but for the memory it adds to.
// Mirrors: normalizeDesiredReplicasWithBehaviors in pkg/controller/podautoscaler/horizontal.go. Used by: sync.ts. Beside it: normalize.ts.
import type { HPAScalingRules } from '../../apimachinery/types.ts';
import { changeSince, type Memory, recommend } from './memory.ts';
import {
  downStabilized,
  inRange,
  type Limits,
  limitedBy,
  type Normalized,
  ready,
  tooFew,
  tooMany,
  upLimit,
  type Verdict,
} from './normalize.ts';

/** Both filled in by the API server's defaults; the window of scaleDown by the flag. */
export interface Behavior {
  scaleUp: HPAScalingRules;
  scaleDown: HPAScalingRules;
}

const upStabilized: Verdict = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const downLimit: Verdict = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};

/** `window`: that of scaling down where the behavior has none, in milliseconds. */
export function normalizeByBehavior(
  o: Limits,
  behavior: Behavior,
  memory: Memory,
  window: number,
  now: number,
): Normalized {
  const up = (behavior.scaleUp.stabilizationWindowSeconds ?? 0) * 1000;
  const down = (behavior.scaleDown.stabilizationWindowSeconds ?? window / 1000) * 1000;
  const stabilized = stabilize(o, memory, up, down, now);
  recommend(memory, o.desired, now, Math.max(up, down));
  const { replicas, verdict } = atRate({ ...o, desired: stabilized }, behavior, memory, now);
  const held = o.desired >= o.current ? upStabilized : downStabilized;
  return {
    replicas,
    able: stabilized === o.desired ? ready : held,
    limited: limitedBy(verdict, replicas !== stabilized),
  };
}

/** Up no further than the lowest, down no further than the highest recommendation of its window. */
function stabilize({ current, desired }: Limits, memory: Memory, up: number, down: number, now: number): number {
  const within = (window: number) => memory.recommendations.filter((r) => r.at > now - window).map((r) => r.replicas);
  const lowest = Math.min(desired, ...within(up));
  const highest = Math.max(desired, ...within(down));
  return Math.min(Math.max(current, lowest), highest);
}

function atRate(o: Limits, { scaleUp, scaleDown }: Behavior, memory: Memory, now: number) {
  if (o.desired > o.current) {
    const limit = Math.max(limitUp(o.current, scaleUp, memory, now), o.current);
    const most = Math.min(o.max, limit);
    if (o.desired > most) return { replicas: most, verdict: o.max > limit ? upLimit : tooMany };
  }
  if (o.desired < o.current) {
    const limit = Math.min(limitDown(o.current, scaleDown, memory, now), o.current);
    const least = Math.max(o.min, limit);
    if (o.desired < least) return { replicas: least, verdict: o.min < limit ? downLimit : tooFew };
  }
  return { replicas: o.desired, verdict: inRange };
}

type Policy = NonNullable<HPAScalingRules['policies']>[number];

/** How many there may be, by the policy that allows the most, or with Min the least. */
export function limitUp(current: number, rules: HPAScalingRules, memory: Memory, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const allowed = (rules.policies ?? []).map(({ type, value, periodSeconds }: Policy) => {
    const start = current - changeSince(memory, periodSeconds * 1000, now);
    // Rounded up: a percentage of little must not come to nothing.
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.min(...allowed) : Math.max(...allowed);
}

/** How many must stay. */
export function limitDown(current: number, rules: HPAScalingRules, memory: Memory, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const allowed = (rules.policies ?? []).map(({ type, value, periodSeconds }: Policy) => {
    const start = current - changeSince(memory, periodSeconds * 1000, now);
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.max(...allowed) : Math.min(...allowed);
}

/** In milliseconds: how long a change of size in this direction matters. */
export const longestPeriod = (rules: HPAScalingRules): number =>
  Math.max(0, ...(rules.policies ?? []).map((p) => p.periodSeconds * 1000));
