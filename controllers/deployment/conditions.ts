// Conditions of a Deployment: set so that an equal one keeps its times. Pure.
// Mirrors: NewDeploymentCondition, SetDeploymentCondition in pkg/controller/deployment/util/deployment_util.go.
import { toTime } from '../../apimachinery/clock.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../apimachinery/types.ts';

export type Conditions = NonNullable<DeploymentStatus['conditions']>;

export const condition = (
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: number,
): DeploymentCondition => ({
  type,
  status,
  lastUpdateTime: toTime(now),
  lastTransitionTime: toTime(now),
  reason,
  message,
});

export const findCondition = (list: Conditions | undefined, type: string): DeploymentCondition | undefined =>
  list?.find((c) => c.type === type);

/** `next` in place of the one of its type. Equal status and reason: nothing changes. Equal status: it did not transition. */
export function withCondition(list: Conditions | undefined, next: DeploymentCondition): Conditions {
  const current = findCondition(list, next.type);
  if (current && current.status === next.status && current.reason === next.reason) return list!;
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : next.lastTransitionTime;
  return [...withoutCondition(list, next.type), { ...next, lastTransitionTime }];
}

export const withoutCondition = (list: Conditions | undefined, type: string): Conditions =>
  (list ?? []).filter((c) => c.type !== type);

/** A deadline that is absent or as large as can be means none. */
export const hasDeadline = (d: Deployment): boolean => {
  const seconds = d.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== null && seconds !== 2 ** 31 - 1;
};
