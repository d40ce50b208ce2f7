// Rules of a node's taints, in its spec and in the old annotation.
// Mirrors: validateNodeTaints in pkg/apis/core/validation/validation.go.
// Called by: ../node.ts and annotations.ts.
import { duplicate, type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { isQualifiedName, isValidLabelValue } from '../../../apimachinery/names.ts';
import { checkRequired, pushTexts } from '../check.ts';
import { checkTaintEffect } from '../pod/scheduling.ts';

export function checkTaints(errors: FieldError[], field: string, taints: any[]): void {
  const seen = new Set<string>();
  taints.forEach((taint, i) => {
    const at = `${field}[${i}]`;
    const { key = '', value = '', effect = '' } = taint ?? {};
    pushTexts(errors, `${at}.key`, key, isQualifiedName(String(key)));
    const texts = isValidLabelValue(String(value));
    if (texts.length) errors.push(invalidValue(`${at}.value`, value, texts.join(';')));
    if (checkRequired(errors, `${at}.effect`, effect)) checkTaintEffect(errors, `${at}.effect`, effect);
    if (seen.has(`${effect}:${key}`))
      errors.push({ ...duplicate(at, taint), detail: 'taints must be unique by key and effect pair' });
    seen.add(`${effect}:${key}`);
  });
}
