// What a CronJob's Jobs come to, which of its old ones go, and whether one starts now.
// Pure. Mirrors: syncCronJob and cleanupFinishedJobs in pkg/controller/cronjob/cronjob_controllerv2.go. Used by: cronJob.ts.
// Next: schedule.ts.
import { isConditionTrue } from '../../apimachinery/conditions.ts';
import { CronError, parseCronSchedule, timeZoneError } from '../../apimachinery/cron.ts';
import { timeInZone } from '../../apimachinery/cronNext.ts';
import { goQuote } from '../../apimachinery/goQuote.ts';
import { apiVersionOf, cronJobs, jobs as jobsResource } from '../../apimachinery/resources.ts';
import type { CronJob, Job } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
import { timeOf } from '../common/pods.ts';
import { dueTime, ScheduleError, type Timetable, untilNext } from './schedule.ts';

export type CronStatus = NonNullable<CronJob['status']>;
export interface Told {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}
const normal = (reason: string, message: string): Told => ({ type: 'Normal', reason, message });
const warning = (reason: string, message: string): Told => ({ type: 'Warning', reason, message });

export const endOf = (job: Job): 'Complete' | 'Failed' | undefined =>
  (['Complete', 'Failed'] as const).find((type) => isConditionTrue(job.status?.conditions, type));
const isActive = (status: CronStatus, job: Job) => (status.active ?? []).some((ref) => ref.uid === job.metadata.uid);

/** Finished Jobs leave the list of active ones; `unknown` are those that run without being in it. */
export function planActive(
  cronJob: CronJob,
  jobs: readonly Job[],
): { status: CronStatus; told: Told[]; unknown: Job[] } {
  const status: CronStatus = { ...cronJob.status };
  const told: Told[] = [];
  for (const job of jobs) {
    const end = endOf(job);
    if (end && isActive(status, job)) {
      status.active = status.active!.filter((ref) => ref.uid !== job.metadata.uid);
      told.push(normal('SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${end}`));
    }
    const at = job.status?.completionTime as string | undefined;
    const last = status.lastSuccessfulTime as string | undefined;
    if (end === 'Complete' && at && !(timeOf(last) >= timeOf(at))) status.lastSuccessfulTime = at as never;
  }
  return { status, told, unknown: jobs.filter((job) => !endOf(job) && !isActive(status, job)) };
}

/** Those beyond the history limits, oldest first. */
export function planHistory(cronJob: CronJob, jobs: readonly Job[]): Job[] {
  const surplus = (end: string, limit: number | undefined) => {
    const ended = jobs.filter((job) => endOf(job) === end).sort(byStart);
    return limit === undefined ? [] : ended.slice(0, Math.max(0, ended.length - limit));
  };
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec ?? {};
  return [...surplus('Complete', successfulJobsHistoryLimit), ...surplus('Failed', failedJobsHistoryLimit)];
}

function byStart(a: Job, b: Job): number {
  const [x, y] = [a, b].map((job) => timeOf(job.status?.startTime as string | undefined));
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return x! - y! || (a.metadata.name < b.metadata.name ? -1 : 1);
}

export interface Start {
  told: Told[];
  /** The moment to start a Job for. */
  time?: number;
  /** Its active Jobs go first. */
  replace?: boolean;
  /** Milliseconds until the next look; absent: until something changes. */
  after?: number;
}

/** `cronJob` with the status as it is now. */
export function planStart(cronJob: CronJob, now: number): Start {
  const told: Told[] = [];
  const table = timetable(cronJob, told);
  if (!table || cronJob.metadata.deletionTimestamp || cronJob.spec?.suspend) return { told };
  try {
    const { time, tooMany } = dueTime(cronJob, table, now);
    if (tooMany)
      told.push(
        warning(
          'TooManyMissedTimes',
          'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
        ),
      );
    return { ...decide(cronJob, time, now, told), after: untilNext(cronJob, table, now) };
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    const message = `invalid schedule: ${cronJob.spec?.schedule} : ${error.message}`;
    return { told: [...told, warning('InvalidSchedule', message)] };
  }
}

function decide(cronJob: CronJob, time: number | undefined, now: number, told: Told[]): Start {
  if (time === undefined) return { told };
  const { startingDeadlineSeconds: deadline, concurrencyPolicy } = cronJob.spec!;
  const active = cronJob.status?.active ?? [];
  if (deadline !== undefined && time + deadline * 1000 < now) {
    const message = `Missed scheduled time to start a job: ${rfc1123(time)}`;
    return { told: [...told, warning('MissSchedule', message)] };
  }
  const started = timeOf(cronJob.status?.lastScheduleTime as string | undefined) === time;
  if (started || active.some((ref) => ref.name === jobName(cronJob, time))) return { told };
  if (concurrencyPolicy === 'Forbid' && active.length) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    return { told: [...told, normal('JobAlreadyActive', message)] };
  }
  return { told, time, replace: concurrencyPolicy === 'Replace' };
}

/** Undefined, and told, when there is none to go by. */
function timetable(cronJob: CronJob, told: Told[]): Timetable | undefined {
  const { timeZone, schedule: text = '', suspend } = cronJob.spec ?? {};
  const wrong = timeZone === undefined ? undefined : timeZoneError(timeZone);
  if (wrong !== undefined) {
    told.push(warning('UnknownTimeZone', `invalid timeZone: ${goQuote(timeZone!)}: ${wrong}`));
    return undefined;
  }
  if (suspend) return undefined;
  if (text.includes('TZ'))
    told.push(
      warning(
        'UnsupportedSchedule',
        `CRON_TZ or TZ used in schedule ${goQuote(text)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`,
      ),
    );
  try {
    const schedule = parseCronSchedule(text);
    return { schedule, zone: schedule.zone ?? timeZone };
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    told.push(warning('UnparseableSchedule', `unparseable schedule: ${goQuote(text)} : ${error.message}`));
    return undefined;
  }
}

const rfc1123 = (time: number) => new Date(time).toUTCString().replace('GMT', '+0000');

/** One name a moment: making a Job twice is refused by the server. */
export const jobName = (cronJob: CronJob, time: number): string =>
  `${cronJob.metadata.name}-${Math.floor(time / 60_000)}`;

export function jobFor(cronJob: CronJob, time: number): any {
  const { metadata, spec } = structuredClone(cronJob.spec!.jobTemplate) as any;
  return {
    metadata: {
      name: jobName(cronJob, time),
      namespace: cronJob.metadata.namespace,
      labels: metadata?.labels,
      annotations: {
        ...metadata?.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': timeInZone(time, cronJob.spec?.timeZone ?? 'UTC'),
      },
      ownerReferences: [controllerRef(cronJob, cronJobs)],
    },
    spec,
  };
}

export const referenceTo = ({ metadata }: Job) => ({
  kind: 'Job',
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  apiVersion: apiVersionOf(jobsResource),
  resourceVersion: metadata.resourceVersion,
});
