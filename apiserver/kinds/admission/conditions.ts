// Conditions that a request must meet before a webhook is called or a policy looked at.
// Mirrors: validateMatchConditions in pkg/apis/admissionregistration/validation/validation.go. Called by: webhook.ts, policy.ts.
import { duplicate, type FieldError, required, tooMany } from '../../../apimachinery/fieldErrors.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import { boolType } from '../../../cel/types.ts';
import { pushTexts } from '../check.ts';
import { checkExpression } from './expressions.ts';

const most = 64;

/** `before`: expressions that were there, and may use what a newer server let in. */
export function checkConditions(
  errors: FieldError[],
  field: string,
  conditions: readonly any[],
  params: boolean,
  before: ReadonlySet<string>,
): void {
  if (conditions.length > most) errors.push(tooMany(field, conditions.length, most));
  const names = new Set<string>();
  for (const [i, { name, expression = '' }] of conditions.entries()) {
    const at = `${field}[${i}]`;
    const text = expression.trim();
    if (!text) errors.push(required(`${at}.expression`));
    else
      checkExpression(
        errors,
        `${at}.expression`,
        { params },
        { text, results: [boolType], authorizer: true, stored: before.has(text) },
      );
    if (!name) {
      errors.push(required(`${at}.name`));
      continue;
    }
    pushTexts(errors, `${at}.name`, name, isQualifiedName(name));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  }
}
