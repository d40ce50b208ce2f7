// The conditions and the rest of an autoscaler's status, and whether it must be written. Pure.
// Mirrors: setCondition, setStatus, updateStatusIfNeeded in pkg/controller/podautoscaler/horizontal.go. Used by: sync.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { withCondition } from '../../apimachinery/conditions.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus, MetricStatus } from '../../apimachinery/types.ts';

export type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';
type Conditions = NonNullable<HorizontalPodAutoscalerStatus['conditions']>;

export interface Conditioned {
  type: ConditionType;
  status: 'True' | 'False';
  reason: string;
  message: string;
}

/** The status while it is being found out. */
export interface Draft {
  conditions: Conditions;
  set(condition: Conditioned): void;
}

export function draftOf(hpa: HorizontalPodAutoscaler, now: number): Draft {
  const draft: Draft = {
    conditions: hpa.status?.conditions ?? [],
    set(condition) {
      draft.conditions = withCondition(draft.conditions, condition, toTime(now)) as Conditions;
    },
  };
  return draft;
}

export interface Sizes {
  current: number;
  desired: number;
  /** One for each metric of the spec, or none when they were not looked at. */
  metrics?: readonly MetricStatus[];
  /** It was scaled just now. */
  scaledAt?: number;
}

/** undefined: nothing to write. Without `sizes` those that were known stay. */
export function planStatus(
  hpa: HorizontalPodAutoscaler,
  { conditions }: Draft,
  sizes?: Sizes,
): HorizontalPodAutoscalerStatus | undefined {
  const old = (hpa.status ?? {}) as HorizontalPodAutoscalerStatus;
  const { generation } = hpa.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const known = { ...old, ...observed, conditions };
  const lastScaleTime = sizes?.scaledAt === undefined ? old.lastScaleTime : toTime(sizes.scaledAt);
  const next = sizes
    ? {
        ...observed,
        ...(lastScaleTime ? { lastScaleTime } : {}),
        currentReplicas: sizes.current,
        desiredReplicas: sizes.desired,
        currentMetrics: sizes.metrics ? [...sizes.metrics] : null,
        conditions,
      }
    : known;
  return deepEqual(comparable(next), comparable(old)) ? undefined : (next as HorizontalPodAutoscalerStatus);
}

/** An empty list, null and nothing at all are the same to the API. */
const comparable = (status: object): object => {
  const { currentMetrics, currentReplicas = 0, ...rest } = status as HorizontalPodAutoscalerStatus;
  return { ...rest, currentReplicas, currentMetrics: currentMetrics?.length ? currentMetrics : [] };
};
