// The x-kubernetes-validations of one schema, compiled: programs or what is wrong with them, and what they cost at most.
// Reads: a schema. Mirrors: apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go.
// Used by: ../validation/ruleRules.ts when a definition is written, ruleErrors.ts when objects are.
import { type CelProgram, compile } from '../../../cel/cel.ts';
import { celTypeOf } from '../../../cel/schemaType.ts';
import { boolType, type CelType, optionalType, stringType } from '../../../cel/types.ts';
import type { JSONSchema, ValidationRule } from '../schema/jsonSchema.ts';
import { normalFieldPath } from './fieldPath.ts';

export interface CompiledRule {
  rule: ValidationRule;
  /** Absent: the rule is empty, or `error` says what is wrong with it. */
  program?: CelProgram;
  error?: string;
  /** It compares with the old value, so it needs one. */
  usesOldSelf: boolean;
  maxCost: bigint;
  message?: CelProgram;
  messageError?: string;
  messageMaxCost: bigint;
  /** Where its error stands, below the value: `.spec.x`; empty: at the value itself. */
  fieldPath: string;
}

const compiled = new WeakMap<JSONSchema, readonly CompiledRule[]>();

/** Compiled once a schema. `root`: of a whole resource. */
export function compiledRules(schema: JSONSchema, root: boolean): readonly CompiledRule[] {
  let rules = compiled.get(schema);
  if (!rules) {
    const type = celTypeOf(schema as Record<string, any>, { resourceRoot: root });
    rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, type, schema));
    compiled.set(schema, rules);
  }
  return rules;
}

const none = { usesOldSelf: false, maxCost: 0n, messageMaxCost: 0n, fieldPath: '' };

function compileRule(rule: ValidationRule, type: CelType | undefined, schema: JSONSchema): CompiledRule {
  if (!rule.rule?.trim()) return { rule, ...none };
  if (!type) return { rule, ...none, error: 'internal error: failed to retrieve type information' };
  const variables = { self: type, oldSelf: rule.optionalOldSelf ? optionalType(type) : type };
  const made = compile(rule.rule, { variables });
  if (!made.ok) return { rule, ...none, error: `compilation failed: ${made.message}` };
  const { program } = made;
  if (program.resultType.kind !== boolType.kind)
    return { rule, ...none, error: 'cel expression must evaluate to a bool' };
  return {
    rule,
    program,
    usesOldSelf: program.variablesUsed.has('oldSelf'),
    maxCost: program.estimate().max,
    fieldPath: rule.fieldPath ? (normalFieldPath(rule.fieldPath, schema) ?? '') : '',
    ...compileMessage(rule.messageExpression, variables),
  };
}

function compileMessage(
  expression: string | undefined,
  variables: Record<string, CelType>,
): Pick<CompiledRule, 'message' | 'messageError' | 'messageMaxCost'> {
  if (!expression) return { messageMaxCost: 0n };
  const made = compile(expression, { variables });
  if (!made.ok) return { messageError: `messageExpression compilation failed: ${made.message}`, messageMaxCost: 0n };
  if (made.program.resultType.kind !== stringType.kind)
    return { messageError: 'messageExpression must evaluate to a string', messageMaxCost: 0n };
  return { message: made.program, messageMaxCost: made.program.estimate().max };
}
