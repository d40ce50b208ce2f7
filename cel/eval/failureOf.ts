// What was thrown inside an evaluation, as a failure of the expression that may be kept or swallowed.
// A value of an unforeseen kind makes JavaScript throw: that is no overload for it. Too deep or too large is over budget.
// Next: planCall.ts (&&, ||), planFold.ts, cel.ts.
import { costExceeded, EvalFailure } from './meter.ts';

/** Throws again what no expression may swallow: an exhausted budget, and defects of this program. */
export function failureOf(thrown: unknown): EvalFailure {
  const failure = toFailure(thrown);
  if (!failure || failure.exceeded) throw failure ?? thrown;
  return failure;
}

export function toFailure(thrown: unknown): EvalFailure | undefined {
  if (thrown instanceof EvalFailure) return thrown;
  if (thrown instanceof TypeError || thrown instanceof SyntaxError) return new EvalFailure('no such overload');
  if (thrown instanceof RangeError) return new EvalFailure(costExceeded, true);
  return undefined;
}
