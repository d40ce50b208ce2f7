// A reference to an object of any group and version: what is scaled, what a metric describes.
// Mirrors: ValidateCrossVersionObjectReference in pkg/apis/autoscaling/validation/validation.go. Called by: validation.ts, metrics.ts.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { isPathSegmentName } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';

export interface ReferenceRules {
  /** The version is not looked at: what was stored with it may stay. */
  anyVersion?: boolean;
  /** It may be of the group without a name. */
  coreGroup?: boolean;
}

/** A name that is one segment of a path, and there. */
export function checkSegment(errors: FieldError[], field: string, name: string, missing = ''): void {
  if (!name) errors.push(required(field, missing));
  else pushTexts(errors, field, name, isPathSegmentName(name, false));
}

export function apiVersionError(apiVersion = '', rules: ReferenceRules): string | undefined {
  if (rules.anyVersion) return undefined;
  const parts = apiVersion.split('/');
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = parts.length === 2 ? parts[0] : '';
  return group || rules.coreGroup ? undefined : 'apiVersion must specify API group';
}

export function checkReference(
  errors: FieldError[],
  field: string,
  reference: any = {},
  rules: ReferenceRules = {},
): void {
  const { kind = '', name = '', apiVersion = '' } = reference;
  checkSegment(errors, `${field}.kind`, kind);
  checkSegment(errors, `${field}.name`, name);
  const wrong = apiVersionError(apiVersion, rules);
  if (wrong) errors.push(invalidValue(`${field}.apiVersion`, apiVersion, wrong));
}
