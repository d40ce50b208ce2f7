// CronJob: a Job made anew at times of a schedule. All that is true of CronJobs alone.
// Mirrors: pkg/registry/batch/cronjob, pkg/apis/batch/{v1/defaults,validation}, pkg/printers.
// Next: ../../apimachinery/cron.ts reads the schedule; job/spec.ts has the rules of the Jobs that are made.
import { CronError, parseCronSchedule, timeZoneError } from '../../apimachinery/cron.ts';
import { type FieldError, invalidValue, notSupported } from '../../apimachinery/fieldErrors.ts';
import { byteLength } from '../../apimachinery/names.ts';
import { checkNotNegative, checkRequired, checkRequiredOneOf } from './check.ts';
import { ageColumn, column, countColumn, nameColumn, since } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { checkJobSpec, defaultJobSpec, jobWarnings } from './job/spec.ts';
import { defineKind } from './kind.ts';
import { containerImages, containerNames } from './podTemplate.ts';
import { selectorText } from './selectors.ts';
import { statusSubresource } from './statusSubresource.ts';

/** The Jobs' names are this one and a time, which takes eleven characters. */
const maxName = 63 - 11;

function defaults(cron: any): void {
  cron.spec ??= {};
  const { spec } = cron;
  spec.jobTemplate ??= {};
  spec.jobTemplate.metadata ??= {};
  spec.jobTemplate.spec ??= {};
  defaultJobSpec(spec.jobTemplate.spec);
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
}

/** A time zone has a field of its own; schedules from before it may keep theirs. */
function checkSchedule(errors: FieldError[], spec: any, old: any): void {
  const { schedule, timeZone } = spec;
  if (!checkRequired(errors, 'spec.schedule', schedule)) return;
  const refuse = (text: string) => errors.push(invalidValue('spec.schedule', schedule, text));
  try {
    parseCronSchedule(schedule);
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    refuse(error.message);
  }
  if (!schedule.includes('TZ')) return;
  if (!old?.schedule?.includes('TZ')) refuse('cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
  else if (timeZone !== undefined) refuse('cannot use both timeZone field and TZ or CRON_TZ in schedule');
}

const zonePart = /^[A-Za-z._0-9+][A-Za-z._\-0-9+]{0,13}$/;

function checkTimeZone(errors: FieldError[], zone: string | undefined): void {
  const refuse = (text: string) => errors.push(invalidValue('spec.timeZone', zone, text));
  if (zone === undefined) return;
  if (zone === '') return void refuse('timeZone must be nil or non-empty string');
  if (zone.split('/').some((part) => part === '.' || part === '..' || !zonePart.test(part)))
    return void refuse(`unknown time zone ${zone}`);
  if (zone.toLowerCase() === 'local')
    refuse('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
  const wrong = timeZoneError(zone);
  if (wrong) refuse(wrong);
}

function checkTemplate(errors: FieldError[], field: string, spec: any): void {
  checkJobSpec(errors, field, spec);
  if (spec.selector) errors.push(invalidValue(`${field}.selector`, spec.selector, '`selector` will be auto-generated'));
  if (spec.manualSelector) errors.push(notSupported(`${field}.manualSelector`, true, ['nil', 'false']));
}

function checkSpec(spec: any, old?: any): FieldError[] {
  const errors: FieldError[] = [];
  checkSchedule(errors, spec, old);
  checkNotNegative(errors, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds);
  if (!old || old.timeZone !== spec.timeZone) checkTimeZone(errors, spec.timeZone);
  checkRequiredOneOf(errors, 'spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  checkTemplate(errors, 'spec.jobTemplate.spec', spec.jobTemplate.spec);
  checkNotNegative(errors, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit);
  checkNotNegative(errors, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit);
  return errors;
}

function validateCreate(cron: any): FieldError[] {
  const errors = checkSpec(cron.spec);
  const { name } = cron.metadata;
  if (byteLength(name) > maxName)
    errors.push(invalidValue('metadata.name', name, `must be no more than ${maxName} characters`));
  return errors;
}

const zoneText =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

const jobSpec = (cron: any) => cron.spec.jobTemplate.spec;
/** The Job that would be made, as the columns of workloads read it. */
const jobOf = (cron: any) => ({ spec: cron.spec?.jobTemplate?.spec });

export const cronJob = defineKind({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.CronJob',
  storage: 'cronjobs',
  defaults,
  prepareCreate: (cron) => {
    cron.status = {};
  },
  validateCreate,
  validateUpdate: (cron, old) => checkSpec(cron.spec, old.spec),
  warnings: (cron, old) => [
    ...jobWarnings(cron, old, jobSpec(cron), 'spec.jobTemplate.spec'),
    ...(old && cron.spec.schedule?.includes('TZ') ? [zoneText] : []),
  ],
  generation: (cron, old) => !semanticEqual(cron.spec, old.spec),
  subresources: [statusSubresource()],
  columns: [
    nameColumn,
    column('Schedule', 'When Jobs are made.', (o) => o.spec?.schedule ?? ''),
    column('Timezone', 'Whose clock the schedule means.', (o) => o.spec?.timeZone ?? '<none>'),
    {
      name: 'Suspend',
      type: 'boolean',
      description: 'Whether no more Jobs are made for now.',
      value: ({ spec }) => (spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'),
    },
    countColumn('Active', 'Jobs that run now.', (o) => o.status?.active?.length),
    column('Last Schedule', 'Time since a Job was last made.', (o, now) =>
      o.status?.lastScheduleTime ? since(o.status.lastScheduleTime, now) : '<none>',
    ),
    ageColumn,
    column('Containers', 'Containers of the template.', (o) => containerNames(jobOf(o)), 1),
    column('Images', 'Images of the template.', (o) => containerImages(jobOf(o)), 1),
    column('Selector', 'The labels of the pods.', (o) => selectorText(jobOf(o).spec?.selector), 1),
  ],
});
