// Rows of CronJobs that must start Jobs: they go by the minute. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';
import { condition, minutes } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(8) } as const;
const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';

const body = (name: string, spec: object) => ({
  metadata: { name },
  spec: {
    schedule: '*/1 * * * ?',
    ...spec,
    jobTemplate: {
      spec: {
        parallelism: 1,
        completions: 1,
        backoffLimit: 1,
        template: {
          spec: {
            restartPolicy: 'OnFailure',
            volumes: [{ name: 'data', emptyDir: {} }],
            containers: [
              {
                name: 'c',
                image: busybox,
                command: ['sleep', '300'],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
      },
    },
  },
});

async function scene(c: Context) {
  const namespace = await c.namespace();
  const cronJobs = c.of('batch/v1', 'CronJob', namespace);
  const jobs = c.of('batch/v1', 'Job', namespace);
  const isOver = (job: any) => ['Complete', 'Failed'].some((type) => condition(job, type)?.status === 'True');
  return {
    cronJobs,
    jobs,
    start: async (name: string, spec: object) => {
      await cronJobs.create(body(name, spec));
      c.after(() => cronJobs.delete(name, { propagationPolicy: 'Background' }));
    },
    active: async (name: string): Promise<any[]> => (await cronJobs.get(name)).status.active ?? [],
    unfinished: async (): Promise<any[]> => (await jobs.list()).items.filter((job: any) => !isOver(job)),
  };
}

export const cronJobRows: Row[] = [
  row(
    'apps.cronjob.allow-concurrent',
    async (c) => {
      const { start, active, unfinished } = await scene(c);
      await start('concurrent', { concurrencyPolicy: 'Allow' });
      await c.poll(2000, minutes(5), 'two are active', async () => (await active('concurrent')).length >= 2);
      assert.ok((await unfinished()).length >= 2);
    },
    classB,
  ),
  row(
    'apps.cronjob.suspend',
    async (c) => {
      const { start, active, jobs } = await scene(c);
      await start('suspended', { suspend: true });
      for (const end = Date.now() + c.short(minutes(5)); Date.now() < end; await c.sleep(c.short(2000)))
        assert.deepEqual(await active('suspended'), []);
      assert.deepEqual((await jobs.list()).items, []);
    },
    classB,
  ),
  row(
    'apps.cronjob.forbid-concurrent',
    async (c) => {
      const { start, active, unfinished } = await scene(c);
      await start('forbid', { concurrencyPolicy: 'Forbid' });
      await c.poll(2000, minutes(5), 'one is active', async () => (await active('forbid')).length === 1);
      assert.equal((await unfinished()).length, 1);
      // Over two more minutes of the clock; one of them at least is met with shortened times too.
      const end = Date.now() + Math.max(c.short(minutes(2.5)), 65_000);
      for (; Date.now() < end; await c.sleep(c.short(2000))) {
        assert.equal((await active('forbid')).length, 1);
        assert.equal((await unfinished()).length, 1);
      }
    },
    classB,
  ),
  row(
    'apps.cronjob.replace-concurrent',
    async (c) => {
      const { start, active, jobs } = await scene(c);
      await start('replace', { concurrencyPolicy: 'Replace' });
      await c.poll(2000, minutes(5), 'one is active', async () => (await active('replace')).length === 1);
      const first = (await jobs.list()).items;
      assert.equal(first.length, 1);
      await c.poll(2000, minutes(5), 'another takes its place', async () => {
        const live = (await jobs.list()).items.filter((job: any) => !job.metadata.deletionTimestamp);
        assert.ok(live.length <= 1, 'two Jobs live at once');
        return live.length === 1 && live[0].metadata.name !== first[0].metadata.name;
      });
    },
    classB,
  ),
];
