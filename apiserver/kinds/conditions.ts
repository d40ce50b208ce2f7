// Rules of metav1.Condition, the shape that newer kinds' conditions have.
// Mirrors: ValidateConditions in staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go.
// Used by: podDisruptionBudget.ts.
import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../apimachinery/fieldErrors.ts';
import { byteLength, isQualifiedName, regexError } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';

const statuses: readonly string[] = ['False', 'True', 'Unknown'];
const maxReason = 1024;
const maxMessage = 32 * 1024;
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonText =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";

function checkReason(errors: FieldError[], field: string, reason: string): void {
  if (!reason) return void errors.push(required(field));
  if (!new RegExp(`^${reasonPattern}$`).test(reason)) {
    const examples = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'];
    errors.push(invalidValue(field, reason, regexError(reasonText, reasonPattern, ...examples)));
  }
  if (byteLength(reason) > maxReason) errors.push(tooLong(field, maxReason));
}

export function checkConditions(errors: FieldError[], field: string, conditions: readonly any[] = []): void {
  const seen = new Set<string>();
  conditions.forEach((condition, i) => {
    const at = `${field}[${i}]`;
    const { type = '', status = '', observedGeneration, lastTransitionTime, reason = '', message = '' } = condition;
    if (seen.has(type)) errors.push(duplicate(`${at}.type`, type));
    seen.add(type);
    pushTexts(errors, `${at}.type`, type, isQualifiedName(type));
    if (!statuses.includes(status)) errors.push(notSupported(`${at}.status`, status, statuses));
    if (observedGeneration < 0)
      errors.push(
        invalidValue(`${at}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'),
      );
    if (!lastTransitionTime) errors.push(required(`${at}.lastTransitionTime`));
    checkReason(errors, `${at}.reason`, reason);
    if (byteLength(message) > maxMessage) errors.push(tooLong(`${at}.message`, maxMessage));
  });
}
