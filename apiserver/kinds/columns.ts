// The cells that many kinds print alike: name, age, and times as people read them.
// Reads: objects and the time of the answer. Mirrors: pkg/printers/internalversion/printers.go and apimachinery's util/duration.
// Used by: the `columns` of every kind. Next: ../codecs/, which builds a Table of them.
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Column } from './kind.ts';

const sinceBirth = (object: KubeObject, now: number) => since(object.metadata.creationTimestamp, now);

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique among its kind in its namespace.',
  value: (object) => object.metadata.name,
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  value: sinceBirth,
};

/** Beside the name, all that kinds without columns of their own show. */
export const createdColumn: Column = {
  name: 'Created At',
  type: 'date',
  description: 'Time at which the object was created.',
  value: (object) => object.metadata.creationTimestamp,
};

/** A column of text. `priority` 1 shows with -o wide alone. */
export const column = (
  name: string,
  description: string,
  value: (object: any, now: number) => unknown,
  priority = 0,
): Column => ({ name, type: 'string', description, priority, value });

/** A column of a whole number; an absent one shows as 0. */
export const countColumn = (
  name: string,
  description: string,
  value: (object: any) => number | undefined,
  priority = 0,
): Column => ({ name, type: 'integer', description, priority, value: (object) => value(object) ?? 0 });

export const booleanColumn = (name: string, description: string, value: (object: any) => boolean): Column => ({
  name,
  type: 'boolean',
  description,
  value,
});

/** How long ago an RFC 3339 time was: `3m20s`; `<unknown>` when there is none. */
export function since(time: string | null | undefined, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : '<unknown>';
}

/** Milliseconds in two units at most, the finer one dropped as the span grows. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  // Clocks of two machines may differ by a second.
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
  small ? `${big}${bigUnit}${small}${smallUnit}` : `${big}${bigUnit}`;

/** The first of a list, and how many more there are: `a,b,c + 2 more...`. */
export function someOf(items: readonly string[], none: string, max = 3): string {
  if (items.length > max) return `${items.slice(0, max).join(',')} + ${items.length - max} more...`;
  return items.join(',') || none;
}
