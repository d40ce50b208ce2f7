// Selectors of workload kinds: their rules, and their text in the wide columns.
// Mirrors: ValidateDeploymentSpec's look at the selector (apps/validation), metav1.FormatLabelSelector.
// Used by: replicaSet.ts, deployment.ts, statefulSet.ts and others.
import { type FieldError, immutable, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { type Selector, SelectorError, selectorOf, validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { isValidLabelValue } from '../../apimachinery/names.ts';
import { semanticEqual } from './equal.ts';

/**
 * The selector ready to match; undefined when it is none. An absent one matches nothing, and is refused.
 * `owner` is whom an empty one is invalid for, `broken` what is said of one that is no selector.
 */
export function checkSelector(
  errors: FieldError[],
  field: string,
  selector: any,
  owner = 'deployment',
  broken = 'invalid label selector',
): Selector | undefined {
  if (!selector) errors.push(required(field));
  else {
    errors.push(...validateLabelSelector(selector, field));
    if (!Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length)
      errors.push(invalidValue(field, selector, `empty selector is invalid for ${owner}`));
  }
  try {
    return selectorOf(selector);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    errors.push(invalidValue(field, selector, broken));
    return undefined;
  }
}

/** Values that are no labels' were stored before they were refused, and may stay. */
export const hasInvalidValues = (selector: any): boolean =>
  (selector?.matchExpressions ?? []).some(({ values = [] }: any) =>
    values.some((value: string) => isValidLabelValue(value).length > 0),
  );

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

/** Plain labels as a selector's text: `app=web,tier=front`; `<none>` when there are none. */
export const labelsText = (labels: Record<string, string> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',') || '<none>';
