// Two lists of tolerations as one, without those that another of them covers. Pure.
// Mirrors: pkg/util/tolerations/tolerations.go. Used by: runtimeClass.ts.
import type { Toleration } from '../../apimachinery/types.ts';
import { semanticEqual } from '../kinds/equal.ts';

/** Equal ones: the first stays. Of two of which one covers the other, that one. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  all.forEach((t, i) => {
    const covered =
      merged.some((m) => covers(m, t)) ||
      all.slice(i + 1).some((later) => !semanticEqual(later, t) && covers(later, t));
    if (!covered) merged.push(t);
  });
  return merged;
}

/** Does `big` tolerate all that `small` does? An empty key that Exists means every key, an empty effect every effect. */
function covers(big: Toleration, small: Toleration): boolean {
  if (semanticEqual(big, small)) return true;
  if ((small.key ?? '') !== (big.key ?? '') && (big.key || big.operator !== 'Exists')) return false;
  if (big.effect && small.effect !== big.effect) return false;
  if (big.effect === 'NoExecute' && big.tolerationSeconds !== undefined) {
    if (small.tolerationSeconds === undefined || small.tolerationSeconds > big.tolerationSeconds) return false;
  }
  if (big.operator === 'Exists') return true;
  if (big.operator && big.operator !== 'Equal') return false;
  return small.operator === 'Equal' && (small.value ?? '') === (big.value ?? '');
}
