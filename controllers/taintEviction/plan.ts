// How long a pod may stay on a Node with NoExecute taints. Pure.
// Mirrors: processPodOnNode in pkg/controller/tainteviction/taint_eviction.go. Used by: taintEviction.ts.
import type { Taint, Toleration } from '../../apimachinery/types.ts';

/** `at`: milliseconds since the epoch; the past means now. undefined: it may stay. */
export function evictionTime(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
  since: number,
): number | undefined {
  if (!taints.length) return undefined;
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const tolerating = tolerations.filter((t) => tolerates(t, taint));
    if (!tolerating.length) return since;
    for (const { tolerationSeconds } of tolerating)
      if (tolerationSeconds !== undefined && tolerationSeconds !== null)
        shortest = Math.min(shortest, Math.max(tolerationSeconds, 0));
  }
  return shortest === Number.POSITIVE_INFINITY ? undefined : since + shortest * 1000;
}

export function tolerates(t: Toleration, taint: Taint): boolean {
  if (t.effect && t.effect !== taint.effect) return false;
  if (t.key && t.key !== taint.key) return false;
  if ((t.operator ?? 'Equal') === 'Exists') return true;
  return t.operator !== 'Lt' && t.operator !== 'Gt' && Boolean(t.key) && (t.value ?? '') === (taint.value ?? '');
}
