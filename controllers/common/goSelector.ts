// A label selector as Go prints it: some messages of upstream's carry one. Pure.
// Mirrors: the generated String of meta/v1 LabelSelector. Used by: disruption/, podAutoscaler/.
import type { LabelSelector } from '../../apimachinery/types.ts';

export function goSelector(selector: LabelSelector | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const pairs = labels.map(([key, value]) => `${key}: ${value},`).join('');
  const rules = (selector.matchExpressions ?? []).map(
    (e) => `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},Values:[${(e.values ?? []).join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${pairs}},MatchExpressions:[]LabelSelectorRequirement{${rules.join('')}},}`;
}
