// What the CEL tests share: compile and evaluate in one go.
import { type CelEnv, type CelProgram, compile } from '../../cel/cel.ts';
import type { CelType } from '../../cel/types.ts';

export const program = (expression: string, env: Partial<CelEnv> = {}): CelProgram => {
  const compiled = compile(expression, { variables: {}, ...env });
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.program;
};
export const compileError = (expression: string, variables: Record<string, CelType> = {}): string => {
  const compiled = compile(expression, { variables });
  if (compiled.ok) throw new Error(`${expression} compiles`);
  return compiled.message;
};
export const evaluate = (expression: string, bindings: Record<string, unknown> = {}, env: Partial<CelEnv> = {}) =>
  program(expression, env).evaluate(bindings, { budget: 1_000_000 });
