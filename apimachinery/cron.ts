// Schedules of CronJobs: `*/5 * * * *`, `@daily`, `@every 1h30m`. From text to the times of day and of the year that it names.
// Reads: spec.schedule and spec.timeZone. Writes: sets of minutes, hours, days and months; the texts of refusals.
// Mirrors: github.com/robfig/cron/v3 (parser.go) and Go's time.LoadLocation. Used by: the API server's rules and the CronJob controller.

/** One field's values; `any` when it was `*` or `?`, which matters where two kinds of days are given. */
export interface CronField {
  readonly values: ReadonlySet<number>;
  readonly any: boolean;
}

/** Either moments by the calendar, or a number of milliseconds between them. `zone` is what a TZ= before the fields said. */
export type CronSchedule =
  | {
      readonly zone?: string;
      readonly minute: CronField;
      readonly hour: CronField;
      readonly dayOfMonth: CronField;
      readonly month: CronField;
      readonly dayOfWeek: CronField;
    }
  | { readonly zone?: string; readonly every: number };

/** The text is no schedule; `message` is upstream's. */
export class CronError extends Error {}

interface Bounds {
  min: number;
  max: number;
  names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const bounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];

const named: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

function numberOf(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new CronError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  if (Number(text) < 0) throw new CronError(`negative number (${Number(text)}) not allowed: ${text}`);
  return Number(text);
}

function numberOrName(text: string, { names, min }: Bounds): number {
  const at = names?.indexOf(text.toLowerCase()) ?? -1;
  return at < 0 ? numberOf(text) : at + min;
}

/** `5`, `1-5`, `*`, each with `/step`. */
function range(text: string, bound: Bounds): { first: number; last: number; step: number; any: boolean } {
  const parts = text.split('/');
  const limits = parts[0]!.split('-');
  const star = limits[0] === '*' || limits[0] === '?';
  if (!star && limits.length > 2) throw new CronError(`too many hyphens: ${text}`);
  const first = star ? bound.min : numberOrName(limits[0]!, bound);
  let last = star ? bound.max : limits.length === 2 ? numberOrName(limits[1]!, bound) : first;
  if (parts.length > 2) throw new CronError(`too many slashes: ${text}`);
  const step = parts.length === 2 ? numberOf(parts[1]!) : 1;
  // `5/15` goes on to the end.
  if (parts.length === 2 && limits.length === 1) last = bound.max;
  if (first < bound.min) throw new CronError(`beginning of range (${first}) below minimum (${bound.min}): ${text}`);
  if (last > bound.max) throw new CronError(`end of range (${last}) above maximum (${bound.max}): ${text}`);
  if (first > last) throw new CronError(`beginning of range (${first}) beyond end of range (${last}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  return { first, last, step, any: star && step === 1 };
}

function field(text: string, bound: Bounds): CronField {
  const values = new Set<number>();
  let any = false;
  for (const part of text.split(',').filter(Boolean)) {
    const r = range(part, bound);
    any ||= r.any;
    for (let value = r.first; value <= r.last; value += r.step) values.add(value);
  }
  return { values, any };
}

const unit: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 };

/** At least a second, and whole seconds. */
function interval(text: string): number {
  const quoted = JSON.stringify(text);
  const wrong = (why: string) => new CronError(`failed to parse duration @every ${text}: time: ${why} ${quoted}`);
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 1000;
  if (!/^(\d+\.?\d*|\.\d+)/.test(body)) throw wrong('invalid duration');
  const parts = [...body.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]*)/g)];
  if (parts.map((p) => p[0]).join('') !== body) throw wrong('invalid duration');
  let ms = 0;
  for (const [, number, name] of parts) {
    if (name === '') throw wrong('missing unit in duration');
    const scale = unit[name!];
    if (!scale) throw wrong(`unknown unit ${JSON.stringify(name)} in duration`);
    ms += Number(number) * scale;
  }
  return Math.max(1000, Math.floor((text.startsWith('-') ? -ms : ms) / 1000) * 1000);
}

/** `TZ=Europe/Paris 0 0 * * *`: the zone, and the rest. */
function splitZone(text: string): { zone?: string; rest: string } {
  if (!text.startsWith('TZ=') && !text.startsWith('CRON_TZ=')) return { rest: text };
  const space = text.indexOf(' ');
  if (space < 0) throw new CronError('invalid schedule format: runtime error: slice bounds out of range [:-1]');
  const zone = text.slice(text.indexOf('=') + 1, space);
  const wrong = timeZoneError(zone);
  if (wrong) throw new CronError(`provided bad location ${zone}: ${wrong}`);
  return { zone, rest: text.slice(space).trim() };
}

/** Throws CronError. */
export function parseCronSchedule(text: string): CronSchedule {
  if (text === '') throw new CronError('empty spec string');
  const { zone, rest } = splitZone(text);
  const of = zone === undefined ? {} : { zone };
  if (rest.startsWith('@every ')) return { ...of, every: interval(rest.slice('@every '.length)) };
  const known = Object.hasOwn(named, rest) ? named[rest] : undefined;
  if (rest.startsWith('@') && !known) throw new CronError(`unrecognized descriptor: ${rest}`);
  const parts = (known ?? rest).split(/\s+/).filter(Boolean);
  if (parts.length !== bounds.length)
    throw new CronError(`expected exactly ${bounds.length} fields, found ${parts.length}: [${parts.join(' ')}]`);
  const [minute, hour, dayOfMonth, month, dayOfWeek] = parts.map((part, i) => field(part, bounds[i]!));
  return { ...of, minute: minute!, hour: hour!, dayOfMonth: dayOfMonth!, month: month!, dayOfWeek: dayOfWeek! };
}

/** Why there is no such zone in the IANA database, in Go's words; undefined when there is. */
export function timeZoneError(name: string): string | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return undefined;
  if (name.includes('..') || name.startsWith('/') || name.includes('\\')) return 'time: invalid location name';
  const unknown = `unknown time zone ${name}`;
  // Offsets are zones to JavaScript, and other spellings of a name are the same.
  if (!/^[A-Za-z]/.test(name)) return unknown;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone.toLowerCase() === name.toLowerCase() && timeZone !== name ? unknown : undefined;
  } catch {
    return unknown;
  }
}
