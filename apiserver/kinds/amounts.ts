// Amounts that are a number or a percentage of the whole: how many pods may be missing, or too many, while something changes.
// Mirrors: ValidatePositiveIntOrPercent and IsNotMoreThan100Percent in pkg/apis/apps/validation/validation.go.
// Used by: deployment.ts, statefulSet.ts, daemonSet.ts, podDisruptionBudget.ts.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import type { IntOrString } from '../../apimachinery/intOrString.ts';
import { isValidPercent } from '../../apimachinery/names.ts';
import { checkNotNegative, pushTexts } from './check.ts';

const percentOf = (amount: IntOrString): number | undefined =>
  typeof amount === 'string' && isValidPercent(amount).length === 0 ? Number(amount.slice(0, -1)) : undefined;

export function checkIntOrPercent(errors: FieldError[], field: string, amount: IntOrString): void {
  if (typeof amount === 'string') pushTexts(errors, field, amount, isValidPercent(amount));
  else checkNotNegative(errors, field, amount);
}

export function checkAtMostAll(errors: FieldError[], field: string, amount: IntOrString): void {
  if ((percentOf(amount) ?? 0) > 100) errors.push(invalidValue(field, amount, 'must not be greater than 100%'));
}

/** Nothing at all: 0, `0%`, and text that is no number. */
export const isNothing = (amount: IntOrString): boolean =>
  (percentOf(amount) ?? (typeof amount === 'string' ? Number.parseInt(amount, 10) || 0 : amount)) === 0;
