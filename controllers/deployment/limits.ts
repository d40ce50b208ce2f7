// How far a rolling update may go above and below the wanted number, resolved from numbers and percentages. Pure.
// Mirrors: ResolveFenceposts, MaxSurge, MaxUnavailable in pkg/controller/deployment/util/deployment_util.go.
import type { Deployment } from '../../apimachinery/types.ts';
import { replicasOf } from './replicaSets.ts';

type IntOrString = number | string | undefined;

/** `25%` of `total`, rounded up or down; a number is itself. */
export function scaled(value: IntOrString, total: number, up: boolean): number {
  if (typeof value !== 'string') return value ?? 0;
  const percent = Number(/^(\d+)%$/.exec(value)?.[1] ?? Number.NaN);
  if (Number.isNaN(percent)) return 0;
  const exact = (percent * total) / 100;
  return up ? Math.ceil(exact) : Math.floor(exact);
}

export const isRolling = (d: Deployment): boolean => d.spec?.strategy?.type !== 'Recreate';

function fenceposts(d: Deployment): { surge: number; unavailable: number } {
  const rolling = d.spec?.strategy?.rollingUpdate;
  const surge = scaled(rolling?.maxSurge as IntOrString, replicasOf(d), true);
  const unavailable = scaled(rolling?.maxUnavailable as IntOrString, replicasOf(d), false);
  // With neither, nothing could ever move.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export const maxSurge = (d: Deployment): number => (isRolling(d) ? fenceposts(d).surge : 0);

export const maxUnavailable = (d: Deployment): number =>
  isRolling(d) && replicasOf(d) > 0 ? Math.min(fenceposts(d).unavailable, replicasOf(d)) : 0;
