// CEL as Kubernetes has it: compile once, evaluate often. The one door to this folder.
// Reads: an expression and the types of its variables; then their values, plain JSON. Writes: a value and what it cost.
// Mirrors: apiserver/pkg/cel/environment and cel-go's cel.Env and cel.Program.
// Next: syntax/ parses, check/ types, cost/ estimates, eval/ runs; schemaType.ts and environments/ make the CelEnv.
import { CelError } from './celError.ts';
import { sameType } from './check/assignable.ts';
import { check } from './check/checker.ts';
import { checkLiterals } from './check/literals.ts';
import { namesOf } from './check/names.ts';
import { estimateCost } from './cost/estimate.ts';
import { environmentOf } from './environments/base.ts';
import { patchType } from './environments/patches.ts';
import { toFailure } from './eval/failureOf.ts';
import { EvalFailure, metered } from './eval/meter.ts';
import { planExpression } from './eval/plan.ts';
import type { Expr } from './syntax/ast.ts';
import { parse } from './syntax/parser.ts';
import { sourceErrors } from './syntax/source.ts';
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
  /** Types that `Name{field: value}` may make, by name. */
  types?: Readonly<Record<string, CelType>>;
  /** `new` (the default) has what v1.35 lets a client write; `stored` also what a newer server may have stored. */
  mode?: 'new' | 'stored';
  /** With cel.bind(), which device selectors have. */
  bindings?: boolean;
  /** With `Object{…}`, `JSONPatch{…}` and jsonpatch.escapeKey(), which mutating policies have. */
  patches?: boolean;
  /** Constants are folded, as in upstream's servers; its cost tests do without. */
  optimize?: boolean;
}

export interface CelProgram {
  /** The checked type of the expression. */
  readonly resultType: CelType;
  /** The declared variables that the expression names: `oldSelf` here makes a transition rule. */
  readonly variablesUsed: ReadonlySet<string>;
  /**
   * The value with these bindings (JSON values, named as declared) and its cost. Throws CelError, `exceeded` when over `budget`.
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, options: { budget: number }): { value: unknown; cost: number };
  /** The cost as upstream estimates it at creation, from the declared sizes. Saturates at 2^64-1. */
  estimate(): { min: bigint; max: bigint };
}

export type CelCompiled = { ok: true; program: CelProgram } | { ok: false; message: string };

const typesOf =
  ({ types = {}, patches }: CelEnv) =>
  (name: string): CelType | undefined =>
    Object.hasOwn(types, name) ? types[name] : patches ? patchType(name) : undefined;

/** The expression as a program, or upstream's text of all that is wrong with it (`ERROR: <input>:1:5: …` with the caret line). */
export function compile(expression: string, env: CelEnv): CelCompiled {
  const errors = sourceErrors(expression);
  const used = new Set<string>();
  const { functions, macros } = environmentOf(env.mode ?? 'new', env);
  const tree = parse(expression, macros, errors);
  if (tree) check(tree, namesOf(env.variables, typesOf(env), functions), errors, used);
  if (tree && errors.count === 0) checkLiterals(tree, errors);
  if (!tree || errors.count > 0) return { ok: false, message: errors.text() };
  try {
    return { ok: true, program: programOf(tree, env, used) };
  } catch (e) {
    // A conversion of a constant is done now, and may fail now.
    if (e instanceof EvalFailure) return { ok: false, message: `program instantiation failed: ${e.message}` };
    throw e;
  }
}

function programOf(tree: Expr, env: CelEnv, variablesUsed: ReadonlySet<string>): CelProgram {
  const { run, slots } = metered(celLimits.perCall, () => planExpression(tree, env.optimize !== false)).value;
  return {
    resultType: tree.type!,
    variablesUsed,
    estimate: () => estimateCost(tree, env.variables),
    evaluate(bindings, { budget }) {
      try {
        return metered(budget, () => run({ bindings, locals: new Array(slots) }));
      } catch (e) {
        const failure = toFailure(e);
        throw failure ? new CelError(failure.message, failure.exceeded) : e;
      }
    },
  };
}

/** May `type` stand where one of `allowed` is asked for? Dyn is not a bool until it has been evaluated. */
export const yields = (program: CelProgram, ...allowed: CelType[]): boolean =>
  allowed.some((type) => sameType(program.resultType, type));
