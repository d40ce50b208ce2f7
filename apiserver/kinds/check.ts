// The small checks that the rules of many kinds are made of; each pushes what it finds and builds nothing when all is well.
// Mirrors: the helpers of staging/src/k8s.io/apimachinery/pkg/api/validation/generic.go and pkg/util/validation.
// Used by: the validation of every kind here. Next: pod/spec.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../apimachinery/fieldErrors.ts';
import { isValidCIDRForLegacyField, isValidIPForLegacyField } from '../../apimachinery/ipFormat.ts';
import { inclusiveRangeError } from '../../apimachinery/names.ts';

export const maxInt32 = 2147483647;

/** Pushes one Invalid for each text that a name check gave. */
export function pushTexts(errors: FieldError[], field: string, value: unknown, texts: readonly string[]): void {
  for (const text of texts) errors.push(invalidValue(field, value, text));
}

export const notNegativeText = 'must be greater than or equal to 0';
export function checkNotNegative(errors: FieldError[], field: string, value: number | undefined): void {
  if (value !== undefined && value !== null && value < 0) errors.push(invalidValue(field, value, notNegativeText));
}

/** An absent value counts as 0, as in Go. */
export function checkPositive(errors: FieldError[], field: string, value: number | undefined): void {
  if (!(value !== undefined && value > 0)) errors.push(invalidValue(field, value ?? 0, 'must be greater than zero'));
}

export function checkRange(
  errors: FieldError[],
  field: string,
  value: number | undefined,
  low: number,
  high: number,
): void {
  if (value !== undefined && value !== null && (value < low || value > high))
    errors.push(invalidValue(field, value, inclusiveRangeError(low, high)));
}

/** A value out of a fixed set; `valid` in the order that the message lists it. Absent and empty are left alone. */
export function checkOneOf(errors: FieldError[], field: string, value: unknown, valid: readonly string[]): void {
  if (value !== undefined && value !== null && value !== '' && !valid.includes(value as string))
    errors.push(notSupported(field, value, valid));
}

/** The same, where empty is refused as missing. */
export function checkRequiredOneOf(
  errors: FieldError[],
  field: string,
  value: unknown,
  valid: readonly string[],
): void {
  if (value === undefined || value === null || value === '') errors.push(required(field));
  else if (!valid.includes(value as string)) errors.push(notSupported(field, value, valid));
}

export function checkRequired(errors: FieldError[], field: string, value: unknown, detail = ''): boolean {
  if (value !== undefined && value !== null && value !== '') return true;
  errors.push(required(field, detail));
  return false;
}

/** Set, in the sense of Go's zero values: neither absent nor empty. */
export function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** An IP as old fields take it: leading zeros pass. */
export function checkIP(errors: FieldError[], field: string, value: string | undefined): void {
  for (const e of isValidIPForLegacyField(field, value ?? '')) errors.push(e);
}

export function checkCIDR(errors: FieldError[], field: string, value: string | undefined): void {
  for (const e of isValidCIDRForLegacyField(field, value ?? '')) errors.push(e);
}

export function checkNoBacksteps(errors: FieldError[], field: string, path: string | undefined): void {
  if (path?.includes('..') && path.split('/').includes('..'))
    errors.push(invalidValue(field, path, "must not contain '..'"));
}

/** A path inside some directory: relative and without `..` elements. */
export function checkDescendingPath(errors: FieldError[], field: string, path: string | undefined): void {
  if (path?.startsWith('/')) errors.push(invalidValue(field, path, 'must be a relative path'));
  checkNoBacksteps(errors, field, path);
}

/** Besides, it must not begin with `..`: those names belong to the node agent's atomic writer. */
export function checkLocalPath(errors: FieldError[], field: string, path: string | undefined): void {
  checkDescendingPath(errors, field, path);
  if (path?.startsWith('..') && !path.startsWith('../'))
    errors.push(invalidValue(field, path, "must not start with '..'"));
}

/** One Duplicate for each value that was there before, in a single pass. `fieldOf` says where it stands. */
export function checkUnique(errors: FieldError[], values: readonly unknown[], fieldOf: (i: number) => string): void {
  const seen = new Set<unknown>();
  values.forEach((value, i) => {
    if (seen.has(value)) errors.push(duplicate(fieldOf(i), value));
    seen.add(value);
  });
}

export function forbidWhenSet(errors: FieldError[], field: string, value: unknown, detail: string): void {
  if (value !== undefined && value !== null) errors.push(forbiddenField(field, detail));
}
