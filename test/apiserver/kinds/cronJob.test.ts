import { expect, test } from 'vitest';
import { cronJob } from '../../../apiserver/kinds/cronJob.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { cells, created, made, updated } from './said.ts';
import { type Change, same, set, template } from './sample.ts';

function one(change: Change = same): any {
  const spec: any = {
    schedule: '*/5 * * * *',
    jobTemplate: { spec: { template: template({ restartPolicy: 'OnFailure' }) } },
  };
  const whole: any = { metadata: {}, spec };
  change(spec, whole);
  const { metadata, ...fields } = whole;
  return made(cronJob, fields, metadata);
}
const ofJob =
  (fields: any): Change =>
  (spec) =>
    Object.assign(spec.jobTemplate.spec, fields);

test('defaults', () => {
  const { spec } = one();
  expect(spec).toMatchObject({
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  expect(spec.jobTemplate.metadata).toEqual({});
  // Of the Job nothing but its pods is filled in: that happens when it is made.
  expect(Object.keys(spec.jobTemplate.spec)).toEqual(['template']);
  expect(spec.jobTemplate.spec.template.spec.dnsPolicy).toBe('ClusterFirst');
});

const unknown = (zone: string) => [`spec.timeZone: Invalid value: "${zone}": unknown time zone ${zone}`];
const inSchedule = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
test.each<[string, Change, string[]]>([
  ['fine', same, []],
  ['no schedule', set({ schedule: '' }), ['spec.schedule: Required value']],
  ['daily', set({ schedule: '@daily' }), []],
  [
    'no such minute',
    set({ schedule: '61 * * * *' }),
    ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
  ],
  [
    'a zone in the schedule',
    set({ schedule: 'TZ=UTC * * * * *' }),
    [`spec.schedule: Invalid value: "TZ=UTC * * * * *": ${inSchedule}`],
  ],
  ['zone', set({ timeZone: 'Europe/Rome' }), []],
  ['empty zone', set({ timeZone: '' }), ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
  ['zone unknown', set({ timeZone: 'Moon/Base' }), unknown('Moon/Base')],
  ['zone by path', set({ timeZone: '../Rome' }), unknown('../Rome')],
  ['zone by option', set({ timeZone: '-Rome' }), unknown('-Rome')],
  ['zone with a long part', set({ timeZone: `Europe/${'R'.repeat(15)}` }), unknown(`Europe/${'R'.repeat(15)}`)],
  [
    "the server's zone",
    set({ timeZone: 'Local' }),
    [
      'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    ],
  ],
  [
    'deadline',
    set({ startingDeadlineSeconds: -1 }),
    ['spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0'],
  ],
  ['one at a time', set({ concurrencyPolicy: 'Forbid' }), []],
  [
    'policy',
    set({ concurrencyPolicy: 'Queue' }),
    ['spec.concurrencyPolicy: Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"'],
  ],
  ['no history', set({ successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0 }), []],
  [
    'less than no history',
    set({ successfulJobsHistoryLimit: -1, failedJobsHistoryLimit: -2 }),
    [
      'spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
      'spec.failedJobsHistoryLimit: Invalid value: -2: must be greater than or equal to 0',
    ],
  ],
  [
    'selector',
    ofJob({ selector: { matchLabels: { a: 'b' } } }),
    ['spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated'],
  ],
  [
    'selector by hand',
    ofJob({ manualSelector: true }),
    ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"'],
  ],
  [
    'a rule of Jobs',
    ofJob({ backoffLimit: -1 }),
    ['spec.jobTemplate.spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'a name too long for its Jobs',
    (_spec, whole) => {
      whole.metadata.name = 'n'.repeat(53);
    },
    [`metadata.name: Invalid value: "${'n'.repeat(53)}": must be no more than 52 characters`],
  ],
])('create: %s', (_what, change, expected) => {
  expect(created(cronJob, one(change))).toEqual(expected);
});

const zoned = set({ schedule: 'TZ=UTC * * * * *' });
test.each<[string, Change, Change, string[]]>([
  ['anything', same, set({ schedule: '@hourly', suspend: true }), []],
  ['an old schedule with a zone', zoned, zoned, []],
  [
    'two zones',
    zoned,
    set({ schedule: 'TZ=UTC * * * * *', timeZone: 'UTC' }),
    ['spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule'],
  ],
  ['a zone that is gone', set({ timeZone: 'Moon/Base' }), set({ timeZone: 'Moon/Base' }), []],
  ['another zone', same, set({ timeZone: 'Moon/Base' }), unknown('Moon/Base')],
])('update: %s', (_what, before, after, expected) => {
  expect(updated(cronJob, one(after), one(before))).toEqual(expected);
});

test('strategy', () => {
  const object = one();
  object.status = { active: [{}] };
  cronJob.prepareCreate!(object, {} as Context);
  expect(object.status).toEqual({});
  const old = one();
  old.metadata.generation = object.metadata.generation = 1;
  expect(cronJob.warnings!(one(zoned), old)[0]).toContain('cannot use TZ or CRON_TZ in spec.spec.schedule');
  expect(cronJob.warnings!(object, old)).toEqual([]);
  const grows = cronJob.generation as (a: any, b: any) => boolean;
  expect([grows(one(), one()), grows(one(set({ suspend: true })), one())]).toEqual([false, true]);
});

test('what kubectl get prints', () => {
  const status = { active: [{}, {}], lastScheduleTime: '1970-01-01T00:00:00Z' };
  expect(cells(cronJob, { ...one(set({ timeZone: 'UTC' })), status }, 60_000)).toMatchObject({
    Schedule: '*/5 * * * *',
    Timezone: 'UTC',
    Suspend: 'False',
    Active: 2,
    'Last Schedule': '60s',
    Containers: 'c',
    Selector: '<none>',
  });
  expect(cells(cronJob, one(set({ suspend: true })))).toMatchObject({
    Timezone: '<none>',
    Suspend: 'True',
    Active: 0,
    'Last Schedule': '<none>',
  });
});
