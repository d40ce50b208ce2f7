// How many daemon pods may be away, or be there twice, while a rolling update goes on.
// Pure. Mirrors: UnavailableCount, SurgeCount in pkg/controller/daemon/util, updatedDesiredNodeCounts in update.go.
// Used by: placement.ts, rolling.ts.
import { type IntOrString, scaledIntOrPercent } from '../../apimachinery/intOrString.ts';
import type { DaemonSet } from '../../apimachinery/types.ts';

const rolling = (ds: DaemonSet) =>
  ds.spec?.updateStrategy?.type === 'RollingUpdate' ? ds.spec.updateStrategy.rollingUpdate : undefined;

/** Percentages are of `desired`, and rounded up. */
const resolved = (value: unknown, desired: number) =>
  value === undefined ? 0 : scaledIntOrPercent(value as IntOrString, desired, true);

export const allowsSurge = (ds: DaemonSet): boolean => resolved(rolling(ds)?.maxSurge, 1) > 0;

export function limits(ds: DaemonSet, desired: number): { surge: number; unavailable: number } {
  const surge = resolved(rolling(ds)?.maxSurge, desired);
  const unavailable = resolved(rolling(ds)?.maxUnavailable, desired);
  // With neither, nothing could ever move.
  return { surge, unavailable: desired > 0 && !surge && !unavailable ? 1 : unavailable };
}
