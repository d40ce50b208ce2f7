// Does a toleration let a pod bear a taint?
// Reads: taints and tolerations. Mirrors: ToleratesTaint in k8s.io/api core/v1, component-helpers/scheduling/corev1/helpers.go.
// Used by: scheduler, kubelet, controllers that evict. Comparing operators (Gt, Lt) are off by default in v1.35 and match nothing.
import type { Taint, Toleration } from './types.ts';

/** An empty key with Exists tolerates every taint, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  const operator = toleration.operator || 'Equal';
  if (operator === 'Equal') return (toleration.value ?? '') === (taint.value ?? '');
  return operator === 'Exists';
}

export const anyTolerates = (tolerations: readonly Toleration[] | undefined, taint: Taint): boolean =>
  tolerations?.some((t) => tolerates(t, taint)) ?? false;

/** The first taint that counts and that nothing tolerates. */
export const findUntolerated = (
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  counts: (taint: Taint) => boolean = () => true,
): Taint | undefined => taints?.find((taint) => counts(taint) && !anyTolerates(tolerations, taint));

/** Taints that keep new pods away; PreferNoSchedule only weighs. */
export const keepsPodsAway = (taint: Taint): boolean => taint.effect === 'NoSchedule' || taint.effect === 'NoExecute';
