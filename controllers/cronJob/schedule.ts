// Which start of a CronJob is due, and when to look again.
// Pure. Mirrors: mostRecentScheduleTime, nextScheduleTime, nextScheduleTimeDuration in pkg/controller/cronjob/utils.go.
// Used by: plan.ts. Next: apimachinery/cronNext.ts.
import type { CronSchedule } from '../../apimachinery/cron.ts';
import { nextTime } from '../../apimachinery/cronNext.ts';
import type { CronJob } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';

/** The schedule with its time zone. */
export interface Timetable {
  schedule: CronSchedule;
  zone: string | undefined;
}

/** A look comes a little after the moment, so that clocks that differ by a hair agree that it has come. */
const lateBy = 100;
const many = 100;

interface Recent {
  /** From here on starts were looked for. */
  since: number;
  /** The latest start that is due. */
  time?: number;
  missed: number;
}

export class ScheduleError extends Error {}

const after = ({ schedule, zone }: Timetable, t: number): number => nextTime(schedule, t, zone) ?? Number.NaN;

/** With `deadline` starts that are too late for startingDeadlineSeconds are passed over. Throws ScheduleError. */
function recent(cronJob: CronJob, table: Timetable, now: number, deadline: boolean): Recent {
  const last = timeOf((cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp) as string | undefined);
  const seconds = cronJob.spec?.startingDeadlineSeconds;
  const since = deadline && seconds !== undefined ? Math.max(last, now - seconds * 1000) : last;
  const first = after(table, since);
  const second = after(table, first);
  if (now < first) return { since, missed: 0 };
  if (now < second) return { since, time: first, missed: 0 };
  const between = Math.round((second - first) / 1000) * 1000;
  if (!(between >= 1000)) throw new ScheduleError('time difference between two schedules is less than 1 second');
  const missed = Math.floor((now - first) / between) + 1;
  // One interval back from where a regular schedule would be, then forward by the schedule itself.
  let time: number | undefined;
  for (let t = after(table, first + (missed - 2) * between); t <= now; t = after(table, t)) time = t;
  return { since, missed, ...(time === undefined ? {} : { time }) };
}

/** The start to make now, if any. */
export function dueTime(cronJob: CronJob, table: Timetable, now: number): { time?: number; tooMany: boolean } {
  const { time, missed } = recent(cronJob, table, now, true);
  return time === undefined ? { tooMany: false } : { time, tooMany: missed > many };
}

/** Milliseconds until the next look. */
export function untilNext(cronJob: CronJob, table: Timetable, now: number): number {
  let from = now;
  try {
    const { since, time, missed } = recent(cronJob, table, now, false);
    from = time ?? (missed ? now : since);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
  }
  return after(table, from) + lateBy - now;
}
