// Selectors of workload kinds: their rules, and their text in the wide columns.
// Mirrors: ValidateDeploymentSpec's look at the selector (apps/validation), metav1.FormatLabelSelector.
// Used by: replicaSet.ts and deployment.ts.
import { type FieldError, immutable, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { type Selector, SelectorError, selectorOf, validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { semanticEqual } from './equal.ts';

/** The selector ready to match; undefined when it is none. An absent one matches nothing, and is refused. */
export function checkSelector(errors: FieldError[], field: string, selector: any): Selector | undefined {
  if (!selector) errors.push(required(field));
  else {
    errors.push(...validateLabelSelector(selector, field));
    if (!Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length)
      errors.push(invalidValue(field, selector, 'empty selector is invalid for deployment'));
  }
  try {
    return selectorOf(selector);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    errors.push(invalidValue(field, selector, 'invalid label selector'));
    return undefined;
  }
}

export function selectorFixed(now: any, old: any): FieldError[] {
  return semanticEqual(now, old) ? [] : [immutable('spec.selector', now ?? null)];
}

/** `app=web,tier in (a,b)`; `<none>` when it selects everything. */
export function selectorText(selector: any): string {
  try {
    return selectorOf(selector).toString() || '<none>';
  } catch {
    return '<error>';
  }
}
