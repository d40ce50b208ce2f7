// Rules of a Job's successPolicy: which indexes, or how many of them, are enough.
// Mirrors: validateSuccessPolicy in pkg/apis/batch/validation/validation.go.
// Used by: spec.ts. Next: indexes.ts.
import { type FieldError, invalidValue, required, tooLong, tooMany } from '../../../apimachinery/fieldErrors.ts';
import { byteLength } from '../../../apimachinery/names.ts';
import { checkNotNegative } from '../check.ts';
import { countIndexes, IndexesError } from './indexes.ts';

const maxRules = 20;
const maxIndexesLength = 64 * 1024;

/** As upstream shows it: its struct, with the names of Go fields. */
export const shownPolicy = (policy: any): unknown => ({
  Rules: (policy.rules ?? []).map((rule: any) => ({
    SucceededIndexes: rule.succeededIndexes ?? null,
    SucceededCount: rule.succeededCount ?? null,
  })),
});

function checkIndexes(errors: FieldError[], field: string, text: string, completions: number): number {
  if (byteLength(text) > maxIndexesLength) errors.push(tooLong(field, maxIndexesLength));
  try {
    return countIndexes(text, completions);
  } catch (error) {
    if (!(error instanceof IndexesError)) throw error;
    errors.push(invalidValue(field, text, `error parsing succeededIndexes: ${error.message}`));
    return 0;
  }
}

function checkRule(errors: FieldError[], field: string, rule: any, completions: number): void {
  const { succeededIndexes: indexes, succeededCount: count } = rule;
  if (count === undefined && indexes === undefined)
    errors.push(required(field, 'at least one of succeededCount or succeededIndexes must be specified'));
  const total =
    indexes === undefined ? undefined : checkIndexes(errors, `${field}.succeededIndexes`, indexes, completions);
  if (count === undefined) return;
  const at = `${field}.succeededCount`;
  checkNotNegative(errors, at, count);
  const atMost = (limit: number, what: string) => {
    if (count > limit) errors.push(invalidValue(at, count, `must be less than or equal to ${limit} (${what})`));
  };
  atMost(completions, 'the number of specified completions');
  if (total !== undefined) atMost(total, 'the number of indexes in the specified succeededIndexes field');
}

export function checkSuccessPolicy(errors: FieldError[], field: string, spec: any): void {
  const rules: any[] = spec.successPolicy.rules ?? [];
  const at = `${field}.rules`;
  if (!rules.length)
    errors.push(required(at, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > maxRules) errors.push(tooMany(at, rules.length, maxRules));
  rules.forEach((rule, i) => {
    checkRule(errors, `${at}[${i}]`, rule, spec.completions ?? 0);
  });
}
