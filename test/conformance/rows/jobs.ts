// Rows of Jobs: they need nodes, a scheduler and something that runs pods. What a container does it is told twice: by its command, and
// by the annotations that a simulated runtime reads. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { grew, sameUid } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';
import { condition, isReady, living, minutes } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(4) } as const;
const classC = { class: 'C', timeout: minutes(4) } as const;
const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';
const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

interface Does {
  command?: string[];
  simulated?: Record<string, string>;
}
const pausing: Does = { command: ['sleep', '300'] };
const ending = (code: number): Does => ({
  command: ['/bin/sh', '-c', `exit ${code}`],
  simulated: { 'exit-after': '0s', 'exit-code': String(code) },
});

const body = (name: string, does: Does, spec: object, labels: object = {}) => ({
  metadata: { name, labels },
  spec: {
    ...spec,
    template: {
      metadata: {
        labels: { job: name },
        annotations: Object.fromEntries(
          Object.entries(does.simulated ?? {}).map(([k, v]) => [`simulated.mini-k8s.io/${k}`, v]),
        ),
      },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'c', image: busybox, command: does.command, resources: {} }],
      },
    },
  },
});

async function scene(c: Context) {
  const namespace = await c.namespace();
  const jobs = c.of('batch/v1', 'Job', namespace);
  const pods = c.of('v1', 'Pod', namespace);
  const podsOf = (name: string) => living(pods, `job=${name}`);
  const running = (name: string, count: number) =>
    c.poll(1000, minutes(2), `${count} pods run`, async () => {
      const all = (await podsOf(name)).filter(isReady);
      return all.length === count ? all : undefined;
    });
  const becomes = (name: string, type: string, reason: string) =>
    c.poll(1000, minutes(2), `${name} is ${type}`, async () => {
      const job = await jobs.get(name);
      const other = type === 'Failed' ? 'Complete' : 'Failed';
      assert.notEqual(condition(job, other)?.status, 'True', `${name} is ${other}`);
      const found = condition(job, type);
      if (found?.status !== 'True') return undefined;
      assert.equal(found.reason, reason);
      return job;
    });
  return { namespace, jobs, pods, podsOf, running, becomes };
}

export const jobRows: Row[] = [
  row(
    'apps.job.adopt-release',
    async (c) => {
      const { jobs, pods, running } = await scene(c);
      const name = 'adopt-release';
      const job = await jobs.create(body(name, pausing, { parallelism: 2, completions: 4 }));
      const [pod] = await running(name, 2);
      const owner = async () =>
        (await pods.get(pod.metadata.name)).metadata.ownerReferences?.find((r: any) => r.controller);
      await pods.change(pod.metadata.name, (p) => {
        p.metadata.ownerReferences = undefined;
      });
      const found = await c.poll(1000, minutes(1), 'the pod is adopted', owner);
      assert.deepEqual([found.kind, found.name, found.uid], ['Job', name, job.metadata.uid]);
      await pods.change(pod.metadata.name, (p) => {
        p.metadata.labels = undefined;
      });
      await c.poll(1000, minutes(1), 'the pod is released', async () => !(await owner()));
    },
    classB,
  ),
  row(
    'apps.job.delete',
    async (c) => {
      const { jobs, pods, running } = await scene(c);
      await jobs.create(body('foo', pausing, { parallelism: 2, completions: 4 }));
      await running('foo', 2);
      await jobs.delete('foo', { propagationPolicy: 'Background' });
      await c.poll(
        1000,
        minutes(1),
        'its pods are gone',
        async () => !(await pods.list({ labelSelector: 'job=foo' })).items.length,
      );
      await c.gone(jobs, 'foo');
    },
    classB,
  ),
  row(
    'apps.job.status',
    async (c) => {
      const { jobs, running, namespace } = await scene(c);
      const name = 'suspend-false-to-true';
      const made = await jobs.create(body(name, pausing, { parallelism: 2, completions: 4 }));
      await running(name, 2);
      const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
      const custom = (at: string) => ({ type: 'CustomConditionType', status: 'True', lastTransitionTime: at });
      const first = time(Date.now());
      const conditions = [...((await jobs.get(name)).status.conditions ?? []), custom(first)];
      const metadata = { annotations: { patchedstatus: 'true' } };
      const patched = await jobs.patch(name, 'merge', { metadata, status: { conditions } }, 'status');
      assert.equal(condition(patched, 'CustomConditionType').lastTransitionTime, first);
      assert.equal(patched.metadata.annotations.patchedstatus, 'true');
      const second = time(Date.now() + 60_000);
      await jobs.change(name, (j) => Object.assign(condition(j, 'CustomConditionType'), custom(second)), 'status');
      const shown = await c.dyn('batch/v1', 'Job', namespace).get(name, 'status');
      sameUid(made, shown);
      // It stays, whatever the controller writes.
      await c.sleep(c.short(20_000));
      assert.equal(condition(await jobs.get(name), 'CustomConditionType').lastTransitionTime, second);
    },
    classB,
  ),
  row(
    'apps.job.indexed',
    async (c) => {
      const { jobs, podsOf, becomes } = await scene(c);
      const name = 'indexed-job';
      await jobs.create(body(name, ending(0), { completionMode: 'Indexed', parallelism: 2, completions: 4 }));
      const job = await becomes(name, 'Complete', 'CompletionsReached');
      assert.equal(job.status.succeeded, 4);
      const done = (await podsOf(name)).filter((p) => p.status.phase === 'Succeeded');
      const seen = done.map((p) => Number(p.metadata.annotations[indexAnnotation]));
      assert.deepEqual([...new Set(seen)].sort(), [0, 1, 2, 3]);
      for (const p of done) assert.equal(p.spec.hostname, `${name}-${p.metadata.annotations[indexAnnotation]}`);
    },
    classC,
  ),
  row(
    'apps.job.pod-failure-exit-code',
    async (c) => {
      const { jobs, podsOf, becomes } = await scene(c);
      const name = 'pod-failure-failjob';
      const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }];
      await jobs.create(
        body(name, ending(1), { parallelism: 1, completions: 1, backoffLimit: 6, podFailurePolicy: { rules } }),
      );
      const job = await becomes(name, 'Failed', 'PodFailurePolicy');
      assert.deepEqual([job.status.failed, (await podsOf(name)).length], [1, 1]);
    },
    classC,
  ),
  row(
    'apps.job.max-failed-indexes',
    async (c) => {
      const { jobs, pods, becomes } = await scene(c);
      const name = 'with-max-failed-indexes';
      const spec = {
        completionMode: 'Indexed',
        parallelism: 1,
        completions: 4,
        backoffLimitPerIndex: 0,
        maxFailedIndexes: 0,
      };
      await jobs.create(body(name, ending(1), spec));
      const job = await becomes(name, 'Failed', 'MaxFailedIndexesExceeded');
      assert.deepEqual([job.status.failedIndexes, job.status.failed], ['0', 1]);
      assert.equal((await pods.list({ labelSelector: `job=${name}` })).items.length, 1);
    },
    classC,
  ),
  row(
    'apps.job.success-policy-all',
    async (c) => {
      const { jobs, becomes } = await scene(c);
      const name = 'with-success-policy';
      const successPolicy = { rules: [{ succeededCount: 2 }] };
      await jobs.create(
        body(
          name,
          { ...ending(0), command: undefined },
          { completionMode: 'Indexed', parallelism: 2, completions: 2, successPolicy },
        ),
      );
      await becomes(name, 'SuccessCriteriaMet', 'SuccessPolicy');
      const { status } = await becomes(name, 'Complete', 'SuccessPolicy');
      assert.deepEqual(
        [status.succeeded, status.active ?? 0, status.ready, status.terminating, status.failed ?? 0],
        [2, 0, 0, 0, 0],
      );
    },
    classC,
  ),
  row(
    'apps.job.lifecycle',
    async (c) => {
      const { jobs, becomes } = await scene(c);
      const name = c.unique('e2e-');
      const spec = { suspend: true, parallelism: 2, completions: 4 };
      const made = await jobs.create(body(name, ending(0), spec, { 'e2e-job-label': name }));
      const patched = await jobs.patch(name, 'strategic', { metadata: { labels: { [name]: 'patched' } } });
      grew(made, patched);
      await jobs.change(name, (j) => {
        j.spec.suspend = false;
        j.metadata.annotations = { ...j.metadata.annotations, updated: 'true' };
      });
      const read = await jobs.get(name);
      assert.deepEqual([read.spec.suspend, read.metadata.annotations.updated], [false, 'true']);
      const labelSelector = `e2e-job-label=${name}`;
      const everywhere = c.of('batch/v1', 'Job');
      assert.equal((await everywhere.list({ labelSelector })).items.length, 1);
      assert.equal((await becomes(name, 'Complete', 'CompletionsReached')).status.succeeded, 4);
      await jobs.deleteCollection({ labelSelector }, { propagationPolicy: 'Background' });
      await c.poll(
        1000,
        minutes(1),
        'it is gone',
        async () => !(await everywhere.list({ labelSelector })).items.length,
      );
    },
    classC,
  ),
];
