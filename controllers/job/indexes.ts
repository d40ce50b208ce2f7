// Sets of completion indexes as ordered ranges, and their text: `1,3-5,7`.
// Pure. Mirrors: orderedIntervals in pkg/controller/job/indexed_job_utils.go. Used by: observe.ts, successPolicy.ts, replicas.ts.

/** Ascending, apart from each other by at least one index; both ends belong to it. */
export type Indexes = readonly (readonly [first: number, last: number])[];

/** What a controller (or an attacker) wrote before is read as far as it makes sense; indexes from `completions` on are left out. */
export function parseIndexes(text: string | undefined, completions: number): Indexes {
  let found: Indexes = [];
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!match) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? first), completions - 1);
    if (first <= last) found = merge(found, [[first, last]]);
  }
  return found;
}

/** Two are written `1,2`, three or more `1-3`. */
export const formatIndexes = (indexes: Indexes): string =>
  indexes
    .map(([first, last]) =>
      first === last ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`,
    )
    .join(',');

export const withIndexes = (indexes: Indexes, more: Iterable<number>): Indexes =>
  merge(
    indexes,
    [...more].sort((a, b) => a - b).map((i) => [i, i]),
  );

function merge(a: Indexes, b: Indexes): Indexes {
  const all = [...a, ...b].sort((x, y) => x[0] - y[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of all) {
    const before = merged.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export const countOf = (indexes: Indexes): number => indexes.reduce((sum, [first, last]) => sum + last - first + 1, 0);

export function hasIndex(indexes: Indexes, index: number): boolean {
  let [low, high] = [0, indexes.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = indexes[middle]!;
    if (index < first) high = middle - 1;
    else if (index > last) low = middle + 1;
    else return true;
  }
  return false;
}
