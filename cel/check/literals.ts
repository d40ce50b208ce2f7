// Constants that a function could never take are refused before anything runs: duration('1x'), s.matches('[').
// Reads: a checked tree. Writes: errors. Mirrors: cel-go's cel/validator.go.
// Next: cel.ts, which compiles no further when there are any.
import { isRegex } from '../eval/regex.ts';
import { parseDuration, parseTimestamp } from '../eval/time.ts';
import type { Call, Expr } from '../syntax/ast.ts';
import type { SourceErrors } from '../syntax/source.ts';
import { children } from '../syntax/walk.ts';

const valid: Record<string, (text: string) => boolean> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => parseTimestamp(text) !== undefined,
  matches: isRegex,
};

export function checkLiterals(tree: Expr, errors: SourceErrors): void {
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.kind === 'call' && Object.hasOwn(valid, e.fn)) checkCall(e, errors);
    for (const child of children(e)) visit(child);
  };
  visit(tree);
}

function checkCall(e: Call, errors: SourceErrors): void {
  const arg = e.args.at(-1);
  if (arg?.kind !== 'const' || typeof arg.value !== 'string' || valid[e.fn]!(arg.value)) return;
  errors.report(arg.at, `invalid ${e.fn} argument`);
}
