// From the size that the metrics ask for to the one that is set, for an autoscaler without behavior: down to the highest
// recent recommendation only, up by doubling at most, and between the least and the most. Pure, but for the memory it adds to.
// Mirrors: normalizeDesiredReplicas in pkg/controller/podautoscaler/horizontal.go. Used by: sync.ts. Beside it: behavior.ts.
import { type Memory, recommend } from './memory.ts';

export interface Limits {
  current: number;
  desired: number;
  min: number;
  max: number;
}

export interface Verdict {
  reason: string;
  message: string;
}

export interface Normalized {
  replicas: number;
  able: Verdict;
  limited: Verdict & { status: 'True' | 'False' };
}

export const ready: Verdict = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
export const downStabilized: Verdict = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
export const inRange: Verdict = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
export const upLimit: Verdict = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
export const tooMany: Verdict = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
export const tooFew: Verdict = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};

/** ScalingLimited is True when what came out is not what was stabilized. */
export const limitedBy = (verdict: Verdict, isLimited: boolean): Normalized['limited'] => ({
  ...verdict,
  status: isLimited ? 'True' : 'False',
});

/** `window`: --horizontal-pod-autoscaler-downscale-stabilization. */
export function normalize(o: Limits, memory: Memory, window: number, now: number): Normalized {
  const recent = memory.recommendations.filter((r) => r.at >= now - window).map((r) => r.replicas);
  const stabilized = Math.max(o.desired, ...recent);
  recommend(memory, o.desired, now, window);
  const { replicas, verdict } = clamp({ ...o, desired: stabilized });
  return {
    replicas,
    able: stabilized === o.desired ? ready : downStabilized,
    limited: limitedBy(verdict, replicas !== stabilized),
  };
}

/** At most twice as many as there are, and four may always be. */
const fastest = (current: number): number => Math.max(2 * current, 4);

export function clamp({ current, desired, min, max }: Limits): { replicas: number; verdict: Verdict } {
  const limit = fastest(current);
  if (desired < min) return { replicas: min, verdict: tooFew };
  if (desired > Math.min(max, limit))
    return { replicas: Math.min(max, limit), verdict: max > limit ? upLimit : tooMany };
  return { replicas: desired, verdict: inRange };
}
