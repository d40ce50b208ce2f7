// The CEL rules of a schema must compile and be cheap enough: each by itself, and all of a definition together.
// Reads: a structural schema. Writes: FieldErrors. Mirrors: the CEL part of ValidateCustomResourceDefinitionOpenAPISchema and
// cel_validation.go (CELSchemaContext) in apiextensions-apiserver/pkg/apis/apiextensions/validation.
// Called by schemaRules.ts on its way through a schema.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { celLimits } from '../../../cel/cel.ts';
import { compiledRules } from '../rules/compiledRules.ts';
import { normalFieldPath } from '../rules/fieldPath.ts';
import type { JSONSchema, ValidationRule } from '../schema/jsonSchema.ts';
import { smallestSize } from './smallestSize.ts';

/** The estimates of all rules of one schema, and which of them weigh most. */
export interface TotalCost {
  total: bigint;
  most: { path: string; cost: bigint }[];
}

/** How often the schema's values can be in one object; undefined: as often as they fit into a request. */
export type Cardinality = bigint | undefined;

export const childCardinality = (parent: Cardinality, limit: number | undefined): Cardinality =>
  parent === undefined || limit === undefined ? undefined : multiply(parent, BigInt(Math.max(0, Math.trunc(limit))));

const maxUint = 2n ** 64n - 1n;
const multiply = (a: bigint, b: bigint): bigint => (a * b > maxUint ? maxUint : a * b);

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const lineBreak = /[\n\r]/;

/** What is wrong with a rule whatever its expression means. */
export function ruleShapeErrors(rule: ValidationRule, schema: JSONSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const message = rule.message?.trim() ?? '';
  if (!rule.rule?.trim()) errors.push(required(`${path}.rule`, 'rule is not specified'));
  else if (rule.message && !message)
    errors.push(invalidValue(`${path}.message`, rule.message, 'must be non-empty if specified'));
  else if (lineBreak.test(message))
    errors.push(invalidValue(`${path}.message`, rule.message, 'must not contain line breaks'));
  else if (lineBreak.test(rule.rule.trim()) && !message)
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'));
  if (rule.messageExpression && !rule.messageExpression.trim())
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'));
  if (rule.reason !== undefined && !reasons.includes(rule.reason))
    errors.push(notSupported(`${path}.reason`, rule.reason, reasons));
  return [...errors, ...fieldPathErrors(rule, schema, `${path}.fieldPath`)];
}

function fieldPathErrors({ fieldPath }: ValidationRule, schema: JSONSchema, path: string): FieldError[] {
  if (!fieldPath) return [];
  const errors: FieldError[] = [];
  if (!fieldPath.trim()) errors.push(invalidValue(path, fieldPath, 'must be non-empty if specified'));
  if (lineBreak.test(fieldPath)) errors.push(invalidValue(path, fieldPath, 'must not contain line breaks'));
  if (normalFieldPath(fieldPath, schema) === undefined)
    errors.push(invalidValue(path, fieldPath, 'must be a valid path'));
  return errors;
}

export interface RuleOptions {
  root: boolean;
  cardinality: Cardinality;
  /** The part of the schema that old and new cannot be told apart in; undefined: oldSelf may be used. */
  uncorrelatable: string | undefined;
  /** An unchanged schema is let pass, however dear: limits may have been other ones once. */
  costly: boolean;
  total: TotalCost;
}

/** Compiles the rules of one schema; `path` ends in `x-kubernetes-validations`. */
export function ruleCompileErrors(schema: JSONSchema, path: string, o: RuleOptions): FieldError[] {
  const errors: FieldError[] = [];
  const times = o.cardinality ?? BigInt(Math.floor((3 * 1024 * 1024) / (smallestSize(schema) + 1)));
  const observe = (at: string, what: string, cost: bigint) => {
    if (!o.costly && cost > celLimits.estimatedPerExpression)
      errors.push(forbiddenField(at, costText(what, cost, celLimits.estimatedPerExpression)));
    addCost(o.total, at, cost);
  };
  compiledRules(schema, o.root).forEach((compiled, i) => {
    const { rule } = compiled;
    const at = `${path}[${i}].rule`;
    observe(at, 'estimated rule cost', multiply(compiled.maxCost, times));
    if (compiled.error) errors.push(invalidValue(at, rule, compiled.error));
    const messageAt = `${path}[${i}].messageExpression`;
    if (compiled.messageError) errors.push(invalidValue(messageAt, rule, compiled.messageError));
    else if (compiled.message) observe(messageAt, 'estimated messageExpression cost', compiled.messageMaxCost);
    if (compiled.usesOldSelf) {
      const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${o.uncorrelatable}`;
      if (o.uncorrelatable !== undefined) errors.push(invalidValue(at, rule.rule, text));
    } else if (compiled.program && rule.optionalOldSelf !== undefined)
      errors.push(
        invalidValue(
          `${path}[${i}].optionalOldSelf`,
          rule.optionalOldSelf,
          'may not be set if oldSelf is not used in rule',
        ),
      );
  });
  return errors;
}

/** The four dearest are remembered. */
function addCost(total: TotalCost, path: string, cost: bigint): void {
  total.total = total.total + cost > maxUint ? maxUint : total.total + cost;
  if (cost < 1n) return;
  total.most.push({ path, cost });
  total.most.sort((a, b) => (a.cost > b.cost ? -1 : a.cost < b.cost ? 1 : 0));
  total.most.length = Math.min(4, total.most.length);
}

/** When all rules of a schema together are too dear; `path` is the schema's. */
export function totalCostErrors({ total, most }: TotalCost, path: string): FieldError[] {
  if (total <= celLimits.estimatedPerDefinition) return [];
  const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
  return [
    ...most.map((rule) =>
      forbiddenField(
        rule.path,
        'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
      ),
    ),
    forbiddenField(path, costText(what, total, celLimits.estimatedPerDefinition)),
  ];
}

function costText(what: string, cost: bigint, limit: bigint): string {
  const factor = Number(cost) / Number(limit);
  const times = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${times} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
