import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cronJobs, events, jobs } from '../../apimachinery/resources.ts';
import type { CronJob, Job } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { jobFor, planActive, planHistory, planStart } from '../../controllers/cronJob/plan.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { kubectls } from '../kit/kubectls.ts';
import { type RunningManager, startManager } from './manager.ts';

const at = (text: string) => Date.parse(`2024-05-01T${text}Z`);
const time = (text: string) => `2024-05-01T${text}Z`;
const makeCron = (spec: object = {}, status: object = {}): CronJob =>
  ({
    metadata: { name: 'c', namespace: 'd', uid: 'c', creationTimestamp: time('09:59:30') },
    spec: {
      schedule: '* * * * *',
      timeZone: 'UTC',
      concurrencyPolicy: 'Allow',
      jobTemplate: { metadata: { labels: { a: 'b' } }, spec: { template: {} } },
      ...spec,
    },
    status,
  }) as never;
const makeJob = (name: string, end?: 'Complete' | 'Failed', start?: string, completion?: string): Job =>
  ({
    metadata: { name, namespace: 'd', uid: name },
    status: {
      ...(start ? { startTime: time(start) } : {}),
      ...(completion ? { completionTime: time(completion) } : {}),
      conditions: end ? [{ type: end, status: 'True' }] : [],
    },
  }) as never;
const active = (...names: string[]) => ({ active: names.map((name) => ({ name, uid: name })) });

describe('what is due', () => {
  const last = { lastScheduleTime: time('10:00:00') };
  it.each<[string, string, object, object, object]>([
    ['nothing yet', '09:59:40', {}, {}, { after: 20_100 }],
    ['the first', '10:00:00', {}, {}, { time: at('10:00:00'), replace: false, after: 60_100 }],
    ['done already', '10:00:30', {}, last, { after: 30_100 }],
    ['the latest of several', '10:05:10', {}, last, { time: at('10:05:00'), replace: false, after: 50_100 }],
    ['too late', '10:00:20', { startingDeadlineSeconds: 10, schedule: '0 * * * *' }, {}, { after: 3_580_100 }],
    ['suspended', '10:05:00', { suspend: true }, last, {}],
    [
      'allowed beside another',
      '10:01:00',
      {},
      { ...last, ...active('x') },
      { time: at('10:01:00'), replace: false, after: 60_100 },
    ],
    [
      'replacing',
      '10:01:00',
      { concurrencyPolicy: 'Replace' },
      { ...last, ...active('x') },
      { time: at('10:01:00'), replace: true, after: 60_100 },
    ],
    [
      'active under its name',
      '10:01:00',
      {},
      { ...last, ...active(`c-${at('10:01:00') / 60_000}`) },
      { after: 60_100 },
    ],
  ])('%s', (_name, now, spec, status, wanted) => {
    expect(planStart(makeCron(spec, status), at(now))).toEqual({ told: [], ...wanted });
  });

  const reasons = (now: string, spec: object, status: object = {}) =>
    planStart(makeCron(spec, status), at(now)).told.map((t) => `${t.type} ${t.reason} ${t.message}`);
  it('says why not', () => {
    expect(reasons('10:01:00', { concurrencyPolicy: 'Forbid' }, active('x'))).toEqual([
      'Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid',
    ]);
    expect(reasons('12:00:00', {})).toEqual([
      'Warning TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
    ]);
    expect(reasons('12:00:00', { startingDeadlineSeconds: 600 })).toEqual([]);
    expect(reasons('10:00:00', { timeZone: 'No/Where' })).toEqual([
      'Warning UnknownTimeZone invalid timeZone: "No/Where": unknown time zone No/Where',
    ]);
    expect(reasons('10:00:00', { schedule: '* * *' })).toEqual([
      'Warning UnparseableSchedule unparseable schedule: "* * *" : expected exactly 5 fields, found 3: [* * *]',
    ]);
  });
  it('a Job that missed its window is told', () => {
    const cron = makeCron(
      { startingDeadlineSeconds: 5, schedule: '@every 1h' },
      { lastScheduleTime: time('08:00:00') },
    );
    expect(planStart(cron, at('10:00:02')).time).toBe(undefined);
  });
});

describe('its Jobs', () => {
  it('leave the list when they end', () => {
    const cron = makeCron({}, { ...active('a', 'b', 'gone'), lastSuccessfulTime: time('09:00:00') });
    const all = [makeJob('a', 'Complete', '10:00:00', '10:00:30'), makeJob('b'), makeJob('c'), makeJob('d', 'Failed')];
    const { status, told, unknown } = planActive(cron, all);
    expect(status).toEqual({ ...active('b', 'gone'), lastSuccessfulTime: time('10:00:30') });
    expect(told).toEqual([
      { type: 'Normal', reason: 'SawCompletedJob', message: 'Saw completed job: a, condition: Complete' },
    ]);
    expect(unknown.map((j) => j.metadata.name)).toEqual(['c']);
  });
  it('go when they are too old', () => {
    const all = [
      makeJob('s3', 'Complete', '10:03:00'),
      makeJob('s1', 'Complete', '10:01:00'),
      makeJob('s2', 'Complete', '10:02:00'),
      makeJob('f1', 'Failed', '10:01:00'),
      makeJob('f2', 'Failed'),
      makeJob('r'),
    ];
    const cron = makeCron({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 });
    expect(planHistory(cron, all).map((j) => j.metadata.name)).toEqual(['s1', 's2', 'f1']);
  });
  it('are named by the minute and know their time', () => {
    expect(jobFor(makeCron({ timeZone: 'Europe/Paris' }), at('10:00:00')).metadata).toMatchObject({
      name: `c-${at('10:00:00') / 60_000}`,
      labels: { a: 'b' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2024-05-01T12:00:00+02:00' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', controller: true }],
    });
  });
});

describe('against a server', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  const ns = 'default';
  beforeAll(async () => {
    server = await startTestApiServer();
    client = await server.client();
    manager = startManager(server, ['--controllers=cronjob-controller,garbage-collector-controller']);
  });
  afterAll(async () => {
    await manager.stop();
    client.close();
    await server.stop();
  });
  const get = (name: string) => client.get(cronJobs, name, ns) as Promise<CronJob>;
  const jobsOf = async (name: string) =>
    ((await client.list(jobs, { namespace: ns })).items as Job[]).filter(
      (j) => j.metadata.ownerReferences?.[0]?.name === name,
    );
  const told = async (name: string) =>
    (await client.list(events, { namespace: ns, fieldSelector: `involvedObject.name=${name}` })).items.map(
      (e) => e.reason,
    );
  const status = (r: typeof jobs | typeof cronJobs, name: string, value: object) =>
    client.patch(r as typeof jobs, name, ns, 'merge', { status: value }, { subresource: 'status' });
  const ago = (minutes: number) => `${new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 19)}Z`;
  /** A CronJob that believes it ran last so long ago that one Job is due, by a schedule whose next turn no test lives to see. */
  async function create(name: string, spec: object = {}): Promise<void> {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }] } };
    await client.create(cronJobs, {
      metadata: { name, namespace: ns },
      spec: { schedule: '@every 61m', suspend: true, jobTemplate: { spec: { template } }, ...spec },
    } as never);
    await status(cronJobs, name, { lastScheduleTime: ago(62) });
    await client.patch(cronJobs, name, ns, 'merge', { spec: { suspend: false } });
  }
  const end = (name: string) => {
    const met = { status: 'True', reason: 'CompletionsReached', lastTransitionTime: ago(0) };
    return status(jobs, name, {
      startTime: ago(1),
      completionTime: ago(0),
      succeeded: 1,
      conditions: [
        { type: 'SuccessCriteriaMet', ...met },
        { type: 'Complete', ...met },
      ],
    });
  };

  it('starts a Job, follows it, and clears it away', async () => {
    await create('hello');
    await until(async () => (await get('hello')).status?.active?.length === 1);
    const [job] = await jobsOf('hello');
    expect(job!.metadata.name).toMatch(/^hello-\d{8}$/);
    expect((await get('hello')).status?.active).toMatchObject([
      { apiVersion: 'batch/v1', kind: 'Job', name: job!.metadata.name, namespace: ns, uid: job!.metadata.uid },
    ]);
    await end(job!.metadata.name);
    await until(async () => Boolean((await get('hello')).status?.lastSuccessfulTime));
    expect((await get('hello')).status?.active).toBeUndefined();
    await client.patch(cronJobs, 'hello', ns, 'merge', { spec: { successfulJobsHistoryLimit: 0 } });
    await until(async () => (await jobsOf('hello')).every((j) => j.metadata.uid !== job!.metadata.uid));
    await until(async () => {
      const all = await told('hello');
      return ['SuccessfulCreate', 'SawCompletedJob', 'SuccessfulDelete'].every((reason) => all.includes(reason));
    });
  });

  it('forbids, and replaces', async () => {
    await create('forbid', { concurrencyPolicy: 'Forbid' });
    await until(async () => (await get('forbid')).status?.active?.length === 1);
    const [first] = await jobsOf('forbid');
    // Of an earlier minute, as the same one would give the same name.
    await status(cronJobs, 'forbid', { lastScheduleTime: ago(65) });
    await until(async () => (await told('forbid')).includes('JobAlreadyActive'));
    expect((await jobsOf('forbid')).map((j) => j.metadata.uid)).toEqual([first!.metadata.uid]);

    await create('replace', { concurrencyPolicy: 'Replace', suspend: true });
    await until(async () => (await get('replace')).status?.active?.length === 1);
    const [old] = await jobsOf('replace');
    await status(cronJobs, 'replace', { lastScheduleTime: ago(65) });
    await until(async () => (await jobsOf('replace')).some((j) => j.metadata.uid !== old!.metadata.uid));
    expect((await jobsOf('replace')).length).toBe(1);
  });

  it('an active Job that is gone is missed', async () => {
    await create('missing', { suspend: true, startingDeadlineSeconds: 3600, schedule: '0 0 1 1 *' });
    await status(cronJobs, 'missing', { active: [{ kind: 'Job', name: 'nobody', namespace: ns, uid: 'u' }] });
    await until(async () => (await told('missing')).includes('MissingJob'));
    await until(async () => !(await get('missing')).status?.active);
  });

  it.each(kubectls().slice(-1))('kubectl 1.$minor makes a Job of it by hand', async ({ path: kubectl, minor }) => {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }] } };
    const name = `by-hand-${minor}`;
    await client.create(cronJobs, {
      metadata: { name, namespace: ns },
      spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } },
    } as never);
    await promisify(execFile)(kubectl, [
      '--kubeconfig',
      server.kubeconfig,
      'create',
      'job',
      `--from=cronjob/${name}`,
      `${name}-1`,
    ]);
    const job = (await client.get(jobs, `${name}-1`, ns)) as Job;
    expect(job.metadata.annotations?.['cronjob.kubernetes.io/instantiate']).toBe('manual');
    expect(job.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name }]);
    await until(async () => (await told(name)).includes('UnexpectedJob'));
  });
});
