// When a schedule comes next: the first moment after another whose minute, hour, day and month it names.
// Reads: a schedule and a time zone of the IANA database. Pure. Mirrors: github.com/robfig/cron/v3 (spec.go, constantdelay.go).
// An hour that a change of clocks skips is skipped; one that comes twice counts twice. Used by: the CronJob controller.
import type { CronField, CronSchedule } from './cron.ts';

type Calendar = Exclude<CronSchedule, { every: number }>;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const years = 5;

/** Milliseconds since the epoch; undefined when there is none within five years, as for the 31st of February. */
export function nextTime(schedule: CronSchedule, after: number, zone = schedule.zone): number | undefined {
  if ('every' in schedule) return Math.floor((after + schedule.every) / 1000) * 1000;
  const offset = offsetIn(zone);
  const end = after + years * 366 * day;
  let t = Math.floor(after / minute) * minute + minute;
  while (t < end) {
    const step = untilNextTry(schedule, t + offset(t));
    if (step === 0) return t;
    t = step >= hour ? startOfLocal(t, step, offset) : t + step;
  }
  return undefined;
}

/** How far the next local day, hour or minute is that may match; 0 when this one does. `local` is local time as if it were UTC. */
function untilNextTry(s: Calendar, local: number): number {
  const at = new Date(local);
  if (!s.month.values.has(at.getUTCMonth() + 1) || !isDay(s, at)) return day - (local % day);
  if (!s.hour.values.has(at.getUTCHours())) return hour - (local % hour);
  return s.minute.values.has(at.getUTCMinutes()) ? 0 : minute;
}

/** Days of the month and of the week: one suffices when both are named. */
function isDay({ dayOfMonth, dayOfWeek }: Calendar, at: Date): boolean {
  const has = (field: CronField, value: number) => field.values.has(value);
  const month = has(dayOfMonth, at.getUTCDate());
  const week = has(dayOfWeek, at.getUTCDay());
  return dayOfMonth.any || dayOfWeek.any ? month && week : month || week;
}

/** `t` and `step` later by the clocks on the wall, which may have been changed in between. */
function startOfLocal(t: number, step: number, offset: (t: number) => number): number {
  const there = t + step;
  const corrected = there - (offset(there) - offset(t));
  return corrected > t ? corrected : there;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Local time less UTC, in milliseconds. Without a zone: that of this process. */
function offsetIn(zone: string | undefined): (t: number) => number {
  if (zone === 'UTC' || zone === '') return () => 0;
  const key = zone === undefined || zone === 'Local' ? '' : zone;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat('en', {
      ...(key ? { timeZone: key } : {}),
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(key, format);
  }
  if (format.resolvedOptions().timeZone === 'UTC') return () => 0;
  return (t) => localTime(format, t) - Math.floor(t / 1000) * 1000;
}

function localTime(format: Intl.DateTimeFormat, t: number): number {
  const of = Object.fromEntries(format.formatToParts(t).map((p) => [p.type, Number(p.value)]));
  return Date.UTC(of.year!, of.month! - 1, of.day, of.hour, of.minute, of.second);
}

/** RFC 3339 with the zone's offset, as in `2024-03-31T03:00:00+02:00`; `Z` in UTC. */
export function timeInZone(t: number, zone: string): string {
  const offset = offsetIn(zone)(t);
  const text = new Date(t + offset).toISOString().slice(0, 19);
  if (!offset) return `${text}Z`;
  const minutes = Math.abs(offset) / minute;
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  return `${text}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
