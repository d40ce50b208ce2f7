// Rules of a Job's podFailurePolicy: what a failed pod means, by its exit codes or its conditions.
// Mirrors: validatePodFailurePolicy in pkg/apis/batch/validation/validation.go.
// Used by: spec.ts.
import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  omitted,
  required,
  tooMany,
} from '../../../apimachinery/fieldErrors.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';

const maxRules = 20;
const maxCodes = 255;
const maxPatterns = 20;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

/** As Go prints a list of strings: `["a" "b"]`. */
const listed = (values: readonly string[]) => `valid values: [${values.map((v) => `"${v}"`).join(' ')}]`;

function checkListed(errors: FieldError[], field: string, value: string | undefined, valid: readonly string[]): void {
  if (!value) errors.push(required(field, listed(valid)));
  else if (!valid.includes(value)) errors.push(notSupported(field, value, valid));
}

function checkCodes(errors: FieldError[], field: string, codes: any, names: ReadonlySet<string>): void {
  const { operator, containerName, values = [] } = codes;
  checkListed(errors, `${field}.operator`, operator, operators);
  if (containerName !== undefined && !names.has(containerName))
    errors.push(
      invalidValue(
        `${field}.containerName`,
        containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    );
  const at = `${field}.values`;
  if (!values.length) errors.push(invalidValue(at, codes.values ?? null, 'at least one value is required'));
  else if (values.length > maxCodes) errors.push(tooMany(at, values.length, maxCodes));
  const seen = new Set<number>();
  values.forEach((code: number, i: number) => {
    if (operator === 'In' && code === 0)
      errors.push(invalidValue(`${at}[${i}]`, code, 'must not be 0 for the In operator'));
    if (seen.has(code)) errors.push(duplicate(`${at}[${i}]`, code));
    seen.add(code);
  });
  if (values.some((code: number, i: number) => values[i - 1] > code))
    errors.push(invalidValue(at, values, 'must be ordered'));
}

function checkPatterns(errors: FieldError[], field: string, patterns: any[]): void {
  if (patterns.length > maxPatterns) errors.push(tooMany(field, patterns.length, maxPatterns));
  patterns.forEach((pattern, i) => {
    const type = pattern.type ?? '';
    pushTexts(errors, `${field}[${i}].type`, type, isQualifiedName(type));
    checkListed(errors, `${field}[${i}].status`, pattern.status, statuses);
  });
}

function checkAction(errors: FieldError[], field: string, action: string | undefined, perIndex: boolean): void {
  if (action !== 'FailIndex') checkListed(errors, field, action, actions);
  else if (!perIndex) errors.push(invalidValue(field, action, 'requires the backoffLimitPerIndex to be set'));
}

export function checkFailurePolicy(errors: FieldError[], field: string, spec: any): void {
  const rules: any[] = spec.podFailurePolicy.rules ?? [];
  if (rules.length > maxRules) errors.push(tooMany(`${field}.rules`, rules.length, maxRules));
  const { containers = [], initContainers = [] } = spec.template.spec;
  const names = new Set<string>([...containers, ...initContainers].map((c) => c.name));
  rules.forEach((rule, i) => {
    const at = `${field}.rules[${i}]`;
    const { onExitCodes: codes, onPodConditions: patterns = [] } = rule;
    checkAction(errors, `${at}.action`, rule.action, spec.backoffLimitPerIndex !== undefined);
    if (codes) checkCodes(errors, `${at}.onExitCodes`, codes, names);
    checkPatterns(errors, `${at}.onPodConditions`, patterns);
    if (codes && patterns.length)
      errors.push(invalidValue(at, omitted, 'specifying both OnExitCodes and OnPodConditions is not supported'));
    if (!codes && !patterns.length)
      errors.push(invalidValue(at, omitted, 'specifying one of OnExitCodes and OnPodConditions is required'));
  });
}
