// Do the indexes that succeeded suffice by spec.successPolicy?
// Pure. Mirrors: pkg/controller/job/success_policy.go. Used by: outcome.ts.
import type { Job } from '../../apimachinery/types.ts';
import { countOf, hasIndex, type Indexes, parseIndexes } from './indexes.ts';

/** Which rule is met, in words; undefined when none is. */
export function metPolicy(job: Job, succeeded: Indexes): string | undefined {
  const rules: any[] = job.spec?.successPolicy?.rules ?? [];
  const at = rules.findIndex((rule) => isMet(rule, job.spec?.completions ?? 0, succeeded));
  return at < 0 ? undefined : `Matched rules at index ${at}`;
}

function isMet(rule: any, completions: number, succeeded: Indexes): boolean {
  if (rule.succeededIndexes === undefined)
    return rule.succeededCount !== undefined && countOf(succeeded) >= rule.succeededCount;
  const wanted = parseIndexes(rule.succeededIndexes, completions);
  const done = wanted.reduce((sum, range) => sum + within(range, succeeded), 0);
  return done >= (rule.succeededCount ?? countOf(wanted));
}

function within([first, last]: readonly [number, number], succeeded: Indexes): number {
  let count = 0;
  for (let i = first; i <= last; i++) if (hasIndex(succeeded, i)) count++;
  return count;
}
