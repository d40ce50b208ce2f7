// Whether a new object keeps its kind's rules, and what it is warned of. An object that is like one that kept them, but for its name, does so too.
// Reads: the object as it will be stored. Called by createObject.ts; the rules are the kinds' own.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { Remembered } from '../../apimachinery/remembered.ts';
import type { Kind } from '../kinds/kind.ts';

export interface Verdict {
  errors: readonly FieldError[];
  warnings: readonly string[];
}

/** Characters, of each kind: a few hundred templates of pods. */
const mostText = 500_000;
const known = new WeakMap<Kind, Remembered<Verdict>>();

/** `text`: the JSON of all of the object but its type and metadata; absent where the kind's rules look at more than `judgedBy` says. */
export function verdictOf(kind: Kind, object: any, text: string | undefined): Verdict {
  const others = text === undefined ? undefined : kind.judgedBy?.(object);
  if (others === undefined) return judge(kind, object);
  const verdicts = known.get(kind) ?? new Remembered<Verdict>(mostText);
  known.set(kind, verdicts);
  const key = others + text;
  const last = verdicts.get(key);
  if (last) return last;
  const verdict = judge(kind, object);
  if (!verdict.errors.length) verdicts.set(key, verdict);
  return verdict;
}

const judge = (kind: Kind, object: any): Verdict => ({
  errors: [...(kind.validate?.(object) ?? []), ...(kind.validateCreate?.(object) ?? [])],
  warnings: kind.warnings?.(object, undefined) ?? [],
});
