// Lists of conditions: finding one by type, and setting one so that its time moves only with its status.
// Reads: conditions; writes new lists. Mirrors: apimachinery/pkg/api/meta/conditions.go.
// Used by: podUtil.ts, controllers, kubelet.

/** What all condition types share; the times are RFC 3339 text. */
export interface AnyCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export const findCondition = <C extends { type: string }>(
  list: readonly C[] | undefined,
  type: string,
): C | undefined => list?.find((c) => c.type === type);

export const hasConditionStatus = (
  list: readonly { type: string; status: string }[] | undefined,
  type: string,
  status: string,
): boolean => findCondition(list, type)?.status === status;

export const isConditionTrue = (list: readonly { type: string; status: string }[] | undefined, type: string): boolean =>
  hasConditionStatus(list, type, 'True');

/**
 * The list with `condition` in it, replacing the one of its type in place; the very same list when nothing differs.
 * `time` becomes its lastTransitionTime when it is new or its status changed, and it brings none of its own.
 */
export function withCondition<C extends AnyCondition>(
  list: readonly C[] | undefined,
  condition: C,
  time: string,
): readonly C[] {
  const old = findCondition(list, condition.type);
  const moved = old?.status !== condition.status;
  const lastTransitionTime = (moved ? condition.lastTransitionTime : old?.lastTransitionTime) ?? time;
  const next: C = { ...old, ...condition, lastTransitionTime };
  if (!old) return [...(list ?? []), next];
  const keys = Object.keys(next) as (keyof C)[];
  if (keys.every((key) => next[key] === old[key])) return list!;
  return list!.map((c) => (c === old ? next : c));
}

export const withoutCondition = <C extends { type: string }>(list: readonly C[] | undefined, type: string): C[] =>
  (list ?? []).filter((c) => c.type !== type);
