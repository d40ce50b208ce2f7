// Lists, sets and maps of bounded size: one that is too large is refused as such, and nothing in it is looked at.
// Mirrors: validateSlice, validateSet and validateMap in pkg/apis/resource/validation/validation.go. Called by: the rules of this folder.
import { duplicate, type FieldError, tooMany } from '../../../apimachinery/fieldErrors.ts';

export type CheckItem<T> = (errors: FieldError[], field: string, item: T) => void;

/** `max` below 0: no limit. */
export function checkList<T>(
  errors: FieldError[],
  field: string,
  list: readonly T[] | undefined,
  max: number,
  check: CheckItem<T>,
): boolean {
  if (max >= 0 && (list?.length ?? 0) > max) {
    errors.push(tooMany(field, list!.length, max));
    return false;
  }
  for (const [i, item] of (list ?? []).entries()) check(errors, `${field}[${i}]`, item);
  return true;
}

/** Besides, no two have the same key. */
export function checkSet<T>(
  errors: FieldError[],
  field: string,
  list: readonly T[] | undefined,
  max: number,
  check: CheckItem<T>,
  keyOf: (item: T) => string,
): void {
  if (!checkList(errors, field, list, max, check)) return;
  const seen = new Set<string>();
  for (const [i, item] of (list ?? []).entries()) {
    const key = keyOf(item);
    if (seen.has(key)) errors.push(duplicate(`${field}[${i}]`, key));
    seen.add(key);
  }
}

/** Long keys are shortened in the middle, to `longest` characters, where they are part of a field's path. */
export function checkMap<T>(
  errors: FieldError[],
  field: string,
  map: Readonly<Record<string, T>> | undefined,
  max: number,
  longest: number,
  checkKey: CheckItem<string>,
  check: CheckItem<T>,
): void {
  const entries = Object.entries(map ?? {});
  if (max >= 0 && entries.length > max) return void errors.push(tooMany(field, entries.length, max));
  for (const [key, item] of entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const at = `${field}[${shortened(key, longest)}]`;
    checkKey(errors, at, key);
    check(errors, at, item);
  }
}

function shortened(key: string, longest: number): string {
  if (key.length <= longest) return key;
  const rest = longest - 3;
  return `${key.slice(0, Math.floor((rest + 1) / 2))}...${key.slice(key.length - Math.floor(rest / 2))}`;
}
