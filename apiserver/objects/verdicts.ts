// Whether a new object keeps its kind's rules, and what it is warned of. An object that is like one that kept them, but for its name, does so too.
// Reads: the object as it will be stored. Called by createObject.ts and updateObject.ts; the rules are the kinds' own.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { rememberedBy } from '../../apimachinery/remembered.ts';
import type { Kind } from '../kinds/kind.ts';

export interface Verdict {
  errors: readonly FieldError[];
  warnings: readonly string[];
}

/** Characters, of each kind: a few hundred templates of pods. */
const mostText = 500_000;
const verdictsOf = rememberedBy<Kind, Verdict>(mostText);

/** `text`: the JSON of all of the object but its type and metadata; absent where the kind's rules look at more than `judgedBy` says. */
export function verdictOf(kind: Kind, object: any, text: string | undefined): Verdict {
  const others = text === undefined ? undefined : kind.judgedBy?.(object);
  if (others === undefined) return judge(kind, object);
  const verdicts = verdictsOf(kind);
  const key = others + text;
  const last = verdicts.get(key);
  if (last) return last;
  const verdict = judge(kind, object);
  if (!verdict.errors.length) verdicts.set(key, verdict);
  return verdict;
}

/** Is it known that the object, by itself, keeps all rules? */
export function isSound(kind: Kind, object: any, text: string | undefined): boolean {
  const others = text === undefined ? undefined : kind.judgedBy?.(object);
  return others !== undefined && verdictsOf(kind).get(others + text) !== undefined;
}

const judge = (kind: Kind, object: any): Verdict => ({
  errors: [...(kind.validate?.(object) ?? []), ...(kind.validateCreate?.(object) ?? [])],
  warnings: kind.warnings?.(object, undefined) ?? [],
});
