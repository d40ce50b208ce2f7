// CEL as Kubernetes has it: compile once, evaluate often. The one door to this folder.
// Reads: an expression and the types of its variables; then their values, plain JSON. Writes: a value and what it cost.
// Mirrors: apiserver/pkg/cel/environment and cel-go's cel.Env and cel.Program.
// Next: syntax/ parses, check/ types, cost/ estimates, eval/ runs; schemaType.ts and environments/ make the CelEnv.
import type { CelType } from './types.ts';

/** Upstream's limits, from apiserver/pkg/apis/cel/config.go and apiextensions' validation. */
export const celLimits = {
  /** Run-time cost of one expression. */
  perCall: 1_000_000,
  /** Run-time cost of all expressions that a request meets. */
  perRequest: 10_000_000,
  /** Largest estimate of one rule of a CustomResourceDefinition, and of all its rules. */
  estimatedPerExpression: 10_000_000n,
  estimatedPerDefinition: 100_000_000n,
};

export interface CelEnv {
  /** Name to type: `{ self: celTypeOf(schema), oldSelf: … }`. A name may have dots (`device.driver` is better an object). */
  variables: Readonly<Record<string, CelType>>;
  /** What the expression must yield, one of several allowed. Absent: anything. The caller words the refusal: see `program.resultType`. */
  result?: CelType | readonly CelType[];
  /** Types that `Name{field: value}` may make, by name. */
  types?: Readonly<Record<string, CelType>>;
  /** `new` (the default) has what v1.35 lets a client write; `stored` also what a newer server may have stored. */
  mode?: 'new' | 'stored';
}

export interface CelProgram {
  /** The checked type of the expression. */
  readonly resultType: CelType;
  /** The declared variables that the expression names: `oldSelf` here makes a transition rule. */
  readonly variablesUsed: ReadonlySet<string>;
  /**
   * The value with these bindings (JSON values, named as declared) and its cost. Throws CelError, `exceeded` when over `budget`.
   * `now` is not read by any function of Kubernetes' libraries today.
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, options: { budget: number }): { value: unknown; cost: number };
  /** The cost as upstream estimates it at creation, from the declared sizes. Saturates at 2^64-1. */
  estimate(): { min: bigint; max: bigint };
}

export type CelCompiled = { ok: true; program: CelProgram } | { ok: false; message: string };

/** The expression as a program, or upstream's text of all that is wrong with it (`ERROR: <input>:1:5: …` with the caret line). */
export function compile(_expression: string, _env: CelEnv): CelCompiled {
  return { ok: false, message: 'not built yet' };
}
