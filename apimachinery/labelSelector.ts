// Label selectors: from text (`app=web,tier in (a,b),!old`) and from metav1.LabelSelector to a matcher, and back to text.
// Reads: query parameters and specs. Writes: matchers, upstream's error texts.
// Mirrors: apimachinery/pkg/labels/selector.go, meta/v1/helpers.go, meta/v1/validation. Next: labelSelectorParser.ts reads the text.
import { aggregateMessage, type FieldError, forbiddenField, invalidValue, path, required } from './fieldErrors.ts';
import { goQuote } from './goQuote.ts';
import { parseRequirements } from './labelSelectorParser.ts';
import { isQualifiedName, isValidLabelValue } from './names.ts';
import type { LabelSelector, LabelSelectorRequirement } from './types.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** All requirements must hold. `nothing` matches no object whatever its labels. */
export interface Selector {
  readonly requirements: readonly LabelRequirement[];
  readonly nothing: boolean;
  matches(labels: Labels | undefined): boolean;
  /** The selector as text, keys sorted. */
  toString(): string;
}

/** The selector is malformed; `message` is upstream's, for a 400. */
export class SelectorError extends Error {}

const int64 = /^[+-]?[0-9]+$/;
function toInt64(text: string): bigint | undefined {
  if (!int64.test(text) || text.length > 40) return undefined;
  const n = BigInt(text.replace('+', ''));
  return n >= -(2n ** 63n) && n < 2n ** 63n ? n : undefined;
}

function matchesOrder(r: LabelRequirement, value: string): boolean {
  const left = toInt64(value);
  const right = toInt64(r.values[0] ?? '');
  if (left === undefined || right === undefined) return false;
  return r.operator === 'gt' ? left > right : left < right;
}

const noLabels: Labels = {};

/** Does one requirement hold for these labels? */
export function matchesRequirement(r: LabelRequirement, labels: Labels = noLabels): boolean {
  const has = Object.hasOwn(labels, r.key);
  switch (r.operator) {
    case '=':
    case '==':
    case 'in':
      return has && r.values.includes(labels[r.key]!);
    case '!=':
    case 'notin':
      return !has || !r.values.includes(labels[r.key]!);
    case 'exists':
      return has;
    case '!':
      return !has;
    default:
      return has && matchesOrder(r, labels[r.key]!);
  }
}

const sortedText = (values: readonly string[]) => (values.length > 1 ? values.toSorted().join(',') : (values[0] ?? ''));
const printers: Record<LabelOperator, (key: string, values: readonly string[]) => string> = {
  '=': (key, values) => `${key}=${sortedText(values)}`,
  '==': (key, values) => `${key}==${sortedText(values)}`,
  '!=': (key, values) => `${key}!=${sortedText(values)}`,
  in: (key, values) => `${key} in (${sortedText(values)})`,
  notin: (key, values) => `${key} notin (${sortedText(values)})`,
  exists: (key) => key,
  '!': (key) => `!${key}`,
  gt: (key, values) => `${key}>${sortedText(values)}`,
  lt: (key, values) => `${key}<${sortedText(values)}`,
};

const byKey = (a: LabelRequirement, b: LabelRequirement) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

function selectorFrom(requirements: readonly LabelRequirement[], nothing = false): Selector {
  const sorted = requirements.toSorted(byKey);
  return {
    requirements: sorted,
    nothing,
    matches: (labels) => !nothing && sorted.every((r) => matchesRequirement(r, labels)),
    toString: () => sorted.map((r) => printers[r.operator](r.key, r.values)).join(','),
  };
}

export const everything: Selector = selectorFrom([]);
export const nothing: Selector = selectorFrom([], true);

function valuesErrors(operator: LabelOperator, values: readonly string[], at: string): FieldError[] {
  const wrong = (why: string) => [invalidValue(at, values.length ? values : null, why)];
  if (operator === 'in' || operator === 'notin') {
    return values.length ? [] : wrong("for 'in', 'notin' operators, values set can't be empty");
  }
  if (operator === 'exists' || operator === '!') {
    return values.length ? wrong('values set must be empty for exists and does not exist') : [];
  }
  if (operator !== 'gt' && operator !== 'lt') {
    return values.length === 1 ? [] : wrong('exact-match compatibility requires one single value');
  }
  const errors = values.length === 1 ? [] : wrong("for 'Gt', 'Lt' operators, exactly one value is required");
  values.forEach((v, i) => {
    if (toInt64(v) !== undefined) return;
    errors.push(invalidValue(path.index(at, i), v, "for 'Gt', 'Lt' operators, the value must be an integer"));
  });
  return errors;
}

/** A checked requirement; `at` is the path that its errors start with. Throws SelectorError. */
export function newRequirement(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
  at = '',
): LabelRequirement {
  const keyErrors = isQualifiedName(key);
  const errors = keyErrors.length ? [invalidValue(path.child(at, 'key'), key, keyErrors.join('; '))] : [];
  const valuesAt = path.child(at, 'values');
  errors.push(...valuesErrors(operator, values, valuesAt));
  values.forEach((v, i) => {
    const broken = isValidLabelValue(v);
    if (broken.length) errors.push(invalidValue(path.key(path.index(valuesAt, i), key), v, broken.join('; ')));
  });
  if (errors.length) throw new SelectorError(aggregateMessage(errors));
  return { key, operator, values };
}

/** Empty text selects everything. Throws SelectorError. */
export function parseLabelSelector(text: string): Selector {
  return text === ''
    ? everything
    : selectorFrom(parseRequirements(text, (k, o, v) => newRequirement(k, o, v), SelectorError));
}

const operatorOf: Record<string, LabelOperator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

function fromExpression(e: LabelSelectorRequirement): LabelRequirement {
  const operator = Object.hasOwn(operatorOf, e.operator) ? operatorOf[e.operator]! : undefined;
  if (!operator) throw new SelectorError(`${goQuote(e.operator ?? '')} is not a valid label selector operator`);
  return newRequirement(e.key, operator, e.values ?? []);
}

/** A spec's selector: absent selects nothing, `{}` everything. Throws SelectorError. */
export function selectorOf(selector: LabelSelector | undefined | null): Selector {
  if (!selector) return nothing;
  const equal = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => newRequirement(k, '=', [v]));
  const expressions = (selector.matchExpressions ?? []).map(fromExpression);
  return equal.length + expressions.length ? selectorFrom([...equal, ...expressions]) : everything;
}

/** Exactly these labels, taken as valid: a Service's or ReplicationController's selector. `{}` selects everything. */
export const selectorFromLabels = (labels: Labels | undefined): Selector =>
  selectorFrom(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] })));

export function validateLabels(labels: Labels | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const m of isQualifiedName(key)) errors.push(invalidValue(field, key, m));
    for (const m of isValidLabelValue(labels[key]!)) errors.push(invalidValue(field, labels[key], m));
  }
  return errors;
}

/** What was stored before a rule, or comes from newer clients, may be let through. */
export interface Tolerance {
  allowInvalidValues?: boolean;
  allowUnknownOperator?: boolean;
}

/** The rules of one requirement of a selector. */
export function validateRequirement(e: LabelSelectorRequirement, field: string, tolerance: Tolerance): FieldError[] {
  const errors: FieldError[] = [];
  const values = e.values ?? [];
  if (e.operator === 'In' || e.operator === 'NotIn') {
    const why = "must be specified when `operator` is 'In' or 'NotIn'";
    if (!values.length) errors.push(required(path.child(field, 'values'), why));
  } else if (e.operator === 'Exists' || e.operator === 'DoesNotExist') {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (values.length) errors.push(forbiddenField(path.child(field, 'values'), why));
  } else if (!tolerance.allowUnknownOperator) {
    errors.push(invalidValue(path.child(field, 'operator'), e.operator ?? '', 'not a valid selector operator'));
  }
  for (const m of isQualifiedName(e.key ?? '')) errors.push(invalidValue(path.child(field, 'key'), e.key ?? '', m));
  if (tolerance.allowInvalidValues) return errors;
  values.forEach((v, i) => {
    const at = path.index(path.child(field, 'values'), i);
    for (const m of isValidLabelValue(v)) errors.push(invalidValue(at, v, m));
  });
  return errors;
}

/** The rules of a LabelSelector in a spec; `allowInvalidValues` when the stored object already had one. */
export function validateLabelSelector(
  selector: LabelSelector | undefined | null,
  field: string,
  tolerance: Tolerance = {},
): FieldError[] {
  if (!selector) return [];
  const expressions = selector.matchExpressions ?? [];
  return [
    ...validateLabels(selector.matchLabels, path.child(field, 'matchLabels')),
    ...expressions.flatMap((e, i) =>
      validateRequirement(e, path.index(path.child(field, 'matchExpressions'), i), tolerance),
    ),
  ];
}
