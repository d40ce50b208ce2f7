// Rules of what steers a pod to nodes: tolerations, node affinity, gates.
// Mirrors: ValidateTolerations, ValidateNodeSelector and validateSchedulingGates in pkg/apis/core/validation/validation.go.
// Called by: spec.ts and update.ts. Next: podAffinity.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { isDNS1123Subdomain, isQualifiedName, isValidLabelValue, type NameCheck } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';

const taintEffects: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function checkTaintEffect(errors: FieldError[], field: string, effect: string): void {
  if (!taintEffects.includes(effect)) errors.push(notSupported(field, effect, taintEffects));
}

export function checkTolerations(errors: FieldError[], field: string, tolerations: any[]): void {
  for (let i = 0; i < tolerations.length; i++) {
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = tolerations[i];
    const at = `${field}[${i}]`;
    if (key) pushTexts(errors, `${at}.key`, key, isQualifiedName(key));
    else if (operator !== 'Exists')
      errors.push(
        invalidValue(
          `${at}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(invalidValue(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    checkTolerationOperator(errors, `${at}.operator`, operator, value);
    if (effect) checkTaintEffect(errors, `${at}.effect`, effect);
  }
}

function checkTolerationOperator(errors: FieldError[], field: string, operator: string, value: string): void {
  if (operator === 'Exists') {
    if (value) errors.push(invalidValue(field, value, "value must be empty when `operator` is 'Exists'"));
  } else if (operator === '' || operator === 'Equal') {
    const texts = value ? isValidLabelValue(value) : [];
    if (texts.length) errors.push(invalidValue(field, value, texts.join(';')));
  } else {
    // Lt and Gt wait for the gate TaintTolerationComparisonOperators; upstream names them all the same.
    const known = ['Equal', 'Exists'];
    const compares = operator === 'Lt' || operator === 'Gt';
    errors.push(notSupported(field, operator, compares ? [...known, 'Lt', 'Gt'] : known));
  }
}

function checkEach(errors: FieldError[], field: string, values: string[], check: NameCheck): void {
  for (let i = 0; i < values.length; i++) pushTexts(errors, `${field}[${i}]`, values[i], check(values[i]!));
}

/** `strict`: values must be label values; in mere preferences anything goes. */
function checkNodeRequirement(errors: FieldError[], field: string, requirement: any, strict: boolean): void {
  const { key = '', operator = '', values = [] } = requirement;
  const at = `${field}.values`;
  if (operator === 'In' || operator === 'NotIn') {
    if (!values.length) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length)
      errors.push(forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
  pushTexts(errors, `${field}.key`, key, isQualifiedName(key));
  if (strict) checkEach(errors, at, values, isValidLabelValue);
}

function checkFieldRequirement(errors: FieldError[], field: string, requirement: any): void {
  const { key = '', operator = '', values = [] } = requirement;
  if (operator !== 'In' && operator !== 'NotIn')
    errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
  else if (values.length !== 1)
    errors.push(
      required(`${field}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
    );
  if (key !== 'metadata.name') errors.push(invalidValue(`${field}.key`, key, 'not a valid field selector key'));
  else checkEach(errors, `${field}.values`, values, isDNS1123Subdomain);
}

function checkNodeSelectorTerm(errors: FieldError[], field: string, term: any, strict: boolean): void {
  (term.matchExpressions ?? []).forEach((r: any, i: number) => {
    checkNodeRequirement(errors, `${field}.matchExpressions[${i}]`, r, strict);
  });
  (term.matchFields ?? []).forEach((r: any, i: number) => {
    checkFieldRequirement(errors, `${field}.matchFields[${i}]`, r);
  });
}

/** Also for the node affinity of volumes. */
export function checkNodeSelector(errors: FieldError[], field: string, selector: any): void {
  const at = `${field}.nodeSelectorTerms`;
  const terms = selector.nodeSelectorTerms ?? [];
  if (!terms.length) errors.push(required(at, 'must have at least one node selector term'));
  for (let i = 0; i < terms.length; i++) checkNodeSelectorTerm(errors, `${at}[${i}]`, terms[i], true);
}

export function checkWeight(errors: FieldError[], field: string, weight = 0): void {
  if (weight <= 0 || weight > 100) errors.push(invalidValue(field, weight, 'must be in the range 1-100'));
}

export function checkNodeAffinity(errors: FieldError[], field: string, affinity: any): void {
  const needed = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (needed) checkNodeSelector(errors, `${field}.requiredDuringSchedulingIgnoredDuringExecution`, needed);
  (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach((term: any, i: number) => {
    const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    checkWeight(errors, `${at}.weight`, term.weight);
    checkNodeSelectorTerm(errors, `${at}.preference`, term.preference ?? {}, false);
  });
}

export function checkSchedulingGates(errors: FieldError[], field: string, gates: any[]): void {
  const seen = new Set<string>();
  gates.forEach((gate, i) => {
    const name = gate.name ?? '';
    pushTexts(errors, `${field}[${i}]`, name, isQualifiedName(name));
    if (seen.has(name)) errors.push(duplicate(`${field}[${i}]`, name));
    seen.add(name);
  });
}
