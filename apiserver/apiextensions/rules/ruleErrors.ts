// x-kubernetes-validations, evaluated over an object and, where a rule speaks of oldSelf, over the old one.
// Reads: a SchemaTree. Writes: FieldErrors; what an update left as it was may go on breaking rules that do not look at the old value.
// Mirrors: Validator.validate in apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.
// Called by ../serving/validateCustom.ts and, for defaults, ../validation/defaultRules.ts.
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { celLimits } from '../../../cel/cel.ts';
import { CelError } from '../../../cel/celError.ts';
import { none, Optional } from '../../../cel/values.ts';
import { correlatedEntry, isUnchanged, itemIndex } from '../schema/correlate.ts';
import { isObject, type ValidationRule } from '../schema/jsonSchema.ts';
import type { SchemaTree } from '../schema/schemaTree.ts';
import { type CompiledRule, compiledRules } from './compiledRules.ts';

interface Walk {
  errors: FieldError[];
  /** Cost that is left for the request. */
  budget: number;
}

/** Thrown when the budget is used up: no rule is run any more. */
const exhausted = Symbol('exhausted');

export function ruleErrors(object: unknown, old: unknown, tree: SchemaTree, path = ''): FieldError[] {
  const walk: Walk = { errors: [], budget: celLimits.perRequest };
  try {
    visit(object, old, tree, path, path === '', walk);
  } catch (error) {
    if (error !== exhausted) throw error;
  }
  return walk.errors;
}

function visit(value: unknown, old: unknown, tree: SchemaTree, path: string, root: boolean, walk: Walk): void {
  if (!tree.below.rules || value === undefined || value === null) return;
  if (tree.rules.length) runRules(value, old ?? undefined, tree, path, root, walk);
  if (Array.isArray(value)) visitItems(value, old, tree, path, walk);
  else if (isObject(value)) visitEntries(value, old, tree, path, walk);
}

function visitItems(list: unknown[], old: unknown, tree: SchemaTree, path: string, walk: Walk): void {
  if (!tree.items?.below.rules) return;
  const oldItem = itemIndex(old, tree);
  for (const [i, item] of list.entries()) visit(item, oldItem?.(item), tree.items, `${path}[${i}]`, false, walk);
}

function visitEntries(map: Record<string, unknown>, old: unknown, tree: SchemaTree, path: string, walk: Walk): void {
  for (const key in map) {
    const property = tree.properties?.get(key);
    const inner = property ?? tree.values;
    if (!inner?.below.rules) continue;
    const at = property ? (path ? `${path}.${key}` : key) : `${path}[${key}]`;
    visit(map[key], correlatedEntry(old, key, tree), inner, at, false, walk);
  }
}

const where = (path: string) => path || '<nil>';
const noMore = 'validation failed due to running out of cost budget, no further validation rules will be run';

function runRules(value: unknown, old: unknown, tree: SchemaTree, path: string, root: boolean, walk: Walk): void {
  if (walk.budget <= 0) {
    walk.errors.push(invalidValue(where(path), tree.type, noMore));
    throw exhausted;
  }
  let same: boolean | undefined;
  const unchanged = () => (same ??= old !== undefined && isUnchanged(value, old, tree));
  for (const rule of compiledRules(tree.raw, root || tree.embedded)) {
    const error = runRule(rule, value, old, tree, path, walk);
    // A value that broke the rule before may stay as it is, unless the rule is about the change.
    if (error && (rule.usesOldSelf || !unchanged())) walk.errors.push(error);
  }
}

function runRule(
  rule: CompiledRule,
  value: unknown,
  old: unknown,
  tree: SchemaTree,
  path: string,
  walk: Walk,
): FieldError | undefined {
  if (rule.error) return invalidValue(where(path), tree.type, `rule compile error: ${rule.error}`);
  if (!rule.program || (rule.usesOldSelf && !rule.rule.optionalOldSelf && old === undefined)) return undefined;
  const bindings = { self: value, oldSelf: rule.rule.optionalOldSelf ? optional(old) : old };
  try {
    const { value: holds, cost } = rule.program.evaluate(bindings, { budget: celLimits.perCall });
    spend(cost, tree, path, walk);
    if (holds === true) return undefined;
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return evaluationError(error, rule.rule, tree, path, walk);
  }
  return refusal(rule, bindings, tree, path, walk);
}

const optional = (value: unknown) => (value === undefined ? none : new Optional(value));

function spend(cost: number, tree: SchemaTree, path: string, walk: Walk): void {
  if (cost > walk.budget) {
    walk.errors.push(invalidValue(where(path), tree.type, noMore));
    throw exhausted;
  }
  walk.budget -= cost;
}

const nameOf = (rule: ValidationRule) => (rule.message || rule.rule || '').trim();

function evaluationError(
  error: CelError,
  rule: ValidationRule,
  tree: SchemaTree,
  path: string,
  walk: Walk,
): FieldError {
  if (error.exceeded) {
    const text = `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`;
    walk.errors.push(invalidValue(where(path), tree.type, text));
    throw exhausted;
  }
  const text = error.message.startsWith('no such overload')
    ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`
    : `${error.message} evaluating rule: ${nameOf(rule)}`;
  return invalidValue(where(path), tree.type, text);
}

/** What a rule that does not hold says, where it says it. */
function refusal(
  compiled: CompiledRule,
  bindings: Record<string, unknown>,
  tree: SchemaTree,
  path: string,
  walk: Walk,
): FieldError {
  const { rule, fieldPath } = compiled;
  const at = where(fieldPath ? (path ? `${path}.${fieldPath}` : fieldPath) : path);
  const detail = messageOf(compiled, bindings, tree, path, walk);
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbiddenField(at, detail);
    case 'FieldValueRequired':
      return required(at, detail);
    case 'FieldValueDuplicate':
      return duplicate(at, tree.type);
    default:
      return invalidValue(at, tree.type, detail);
  }
}

const maxMessage = 5 * 1024;

function messageOf(
  { rule, message }: CompiledRule,
  bindings: Record<string, unknown>,
  tree: SchemaTree,
  path: string,
  walk: Walk,
): string {
  const otherwise = rule.message ? rule.message.trim() : `failed rule: ${nameOf(rule)}`;
  if (!message) return otherwise;
  try {
    const { value, cost } = message.evaluate(bindings, { budget: celLimits.perCall });
    spend(cost, tree, path, walk);
    const text = String(value).trim();
    // An empty message, a long one or one of several lines says less than the rule itself.
    return text === '' || Buffer.byteLength(text) > maxMessage || text.includes('\n') ? otherwise : text;
  } catch (error) {
    if (error === exhausted || !(error instanceof CelError)) throw error;
    if (!error.exceeded) return otherwise;
    const why =
      'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run';
    walk.errors.push(invalidValue(where(path), tree.type, why));
    throw exhausted;
  }
}
