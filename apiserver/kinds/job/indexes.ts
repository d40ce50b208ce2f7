// Sets of indexes as text: `1,3-5,7`. Which pods of an Indexed Job succeeded, failed, or have to succeed.
// Mirrors: validateIndexesFormat and validateFailedIndexesNotOverlapCompleted in pkg/apis/batch/validation/validation.go.
// Used by: successPolicy.ts and status.ts.

/** The text is no set of indexes; `message` is upstream's. */
export class IndexesError extends Error {}

type Interval = [first: number, last: number];

function indexOf(text: string, completions: number): number {
  if (!/^[+-]?\d+$/.test(text)) throw new IndexesError(`cannot convert string to integer for index: "${text}"`);
  if (Number(text) >= completions) throw new IndexesError(`too large index: "${text}"`);
  return Number(text);
}

const disorder = (previous: number, current: number) =>
  new IndexesError(`non-increasing order, previous: ${previous}, current: ${current}`);

function interval(text: string, completions: number): Interval {
  const limits = text.split('-');
  if (limits.length > 2)
    throw new IndexesError(
      `the fragment "${text}" violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  const first = indexOf(limits[0]!, completions);
  if (limits.length === 1) return [first, first];
  const last = indexOf(limits[1]!, completions);
  if (first >= last) throw disorder(first, last);
  return [first, last];
}

/** How many indexes the text names; all are below `completions`. Throws IndexesError. */
export function countIndexes(text: string, completions: number): number {
  if (text === '') return 0;
  let total = 0;
  let previous: number | undefined;
  for (const part of text.split(',')) {
    const [first, last] = interval(part, completions);
    if (previous !== undefined && previous >= first) throw disorder(previous, first);
    total += last - first + 1;
    previous = last;
  }
  return total;
}

/** Parts that are wrong are left out: their own rule names them. */
function intervals(text: string, completions: number): Interval[] {
  return text.split(',').flatMap((part) => {
    try {
      return [interval(part, completions)];
    } catch {
      return [];
    }
  });
}

/** The first index that both ordered sets have; undefined when they have none in common. */
export function overlapOf(one: string, other: string, completions: number): number | undefined {
  const left = intervals(one, completions);
  const right = intervals(other, completions);
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const [a, b] = [left[i]!, right[j]!];
    if (a[0] <= b[1] && b[0] <= a[1]) return Math.max(a[0], b[0]);
    if (a[0] <= b[0]) i++;
    else j++;
  }
  return undefined;
}
