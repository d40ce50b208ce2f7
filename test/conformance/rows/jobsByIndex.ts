// Rows of Jobs whose pods end as their index, or as what happened to them before, says. What a container does is told twice: by its
// command, and by annotations for a simulated runtime. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { condition, isReady, living, minutes } from '../workloads.ts';

const classC = { class: 'C', timeout: minutes(4) } as const;
const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';
const simulated = 'simulated.mini-k8s.io';
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
const oddFails = 'if [ $(expr ${JOB_COMPLETION_INDEX} % 2) -ne 0 ]; then exit 1; else exit 0; fi';
const sh = (script: string) => ['/bin/sh', '-c', script];

interface Made {
  spec: object;
  command: string[];
  annotations: Record<string, string>;
  pod?: object;
  mounts?: object[];
}

const body = (name: string, { spec, command, annotations, pod, mounts }: Made) => ({
  metadata: { name },
  spec: {
    completionMode: 'Indexed',
    ...spec,
    template: {
      metadata: { labels: { job: name }, annotations },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'c', image: busybox, command, volumeMounts: mounts }],
        ...pod,
      },
    },
  },
});
/** Pods of odd indexes end with 1, the others with 0. */
const byIndex = (name: string, spec: object) =>
  body(name, { spec, command: sh(oddFails), annotations: { [`${simulated}/exit-code`]: '0,1' } });

/** Polls for one end; the other one fails. */
const ends = (c: Context, jobs: Resource, name: string, type: 'Complete' | 'Failed', reason: string) =>
  c.poll(1000, minutes(3), `${name} is ${type}`, async () => {
    const job = await jobs.get(name);
    const other = type === 'Failed' ? 'Complete' : 'Failed';
    assert.notEqual(condition(job, other)?.status, 'True', `${name} is ${other}`);
    const found = condition(job, type);
    if (found?.status !== 'True') return undefined;
    assert.equal(found.reason, reason);
    return job;
  });

async function perIndex(c: Context, name: string, spec: object, status: object): Promise<void> {
  const namespace = await c.namespace();
  const jobs = c.of('batch/v1', 'Job', namespace);
  await jobs.create(byIndex(name, spec));
  const job = await ends(c, jobs, name, 'Failed', 'FailedIndexes');
  assert.equal(condition(job, 'FailureTarget')?.reason, 'FailedIndexes');
  const { failedIndexes, completedIndexes = '', failed = 0, succeeded = 0 } = job.status;
  assert.deepEqual({ failedIndexes, completedIndexes, failed, succeeded }, status);
}

async function successPolicy(c: Context, name: string, spec: object): Promise<void> {
  const namespace = await c.namespace();
  const jobs = c.of('batch/v1', 'Job', namespace);
  await jobs.create(byIndex(name, { parallelism: 2, completions: 5, ...spec }));
  const { status } = await ends(c, jobs, name, 'Complete', 'SuccessPolicy');
  assert.equal(condition({ status }, 'SuccessCriteriaMet')?.reason, 'SuccessPolicy');
  assert.deepEqual([status.succeeded, status.completedIndexes], [1, '0']);
  assert.deepEqual([status.active ?? 0, status.ready, status.terminating], [0, 0, 0]);
}

export const jobByIndexRows: Row[] = [
  row('apps.job.ignore-disruption-target', (c) => ignoreDisruption(c), classC),
  row(
    'apps.job.backoff-limit-per-index',
    (c) =>
      perIndex(
        c,
        'with-backoff-limit-per-index',
        { parallelism: 2, completions: 4, backoffLimitPerIndex: 1 },
        { failedIndexes: '1,3', completedIndexes: '0,2', failed: 4, succeeded: 2 },
      ),
    classC,
  ),
  row(
    'apps.job.fail-index',
    (c) =>
      perIndex(
        c,
        'with-fail-index',
        {
          parallelism: 2,
          completions: 2,
          backoffLimitPerIndex: 1,
          podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }] },
        },
        { failedIndexes: '1', completedIndexes: '0', failed: 1, succeeded: 1 },
      ),
    classC,
  ),
  row(
    'apps.job.success-policy-indexes',
    (c) =>
      successPolicy(c, 'with-succeeded-indexes', {
        backoffLimit: 6,
        successPolicy: { rules: [{ succeededIndexes: '0' }] },
      }),
    classC,
  ),
  row(
    'apps.job.success-policy-count',
    (c) =>
      successPolicy(c, 'with-succeeded-count', {
        backoffLimit: 2147483647,
        successPolicy: { rules: [{ succeededCount: 1 }] },
      }),
    classC,
  ),
];

/** Three pods are evicted at once. Their failure is ignored, so that three more, which find the marks of the first, complete the Job. */
async function ignoreDisruption(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const jobs = c.of('batch/v1', 'Job', namespace);
  const pods = c.of('v1', 'Pod', namespace);
  const name = 'pod-disruption-failure-ignore';
  const node = await c.of('v1', 'Node').list();
  const host = node.items.find((n: any) => !n.spec.taints?.length && !n.spec.unschedulable);
  const path = `/tmp/${c.unique('mini-k8s-job-')}`;
  // Where nodes are simulated it is on this machine.
  c.after(() => rmSync(path, { recursive: true, force: true }));
  const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }];
  const mark = '/data/foo';
  const job = body(name, {
    spec: { parallelism: 3, completions: 3, backoffLimit: 2, podFailurePolicy: { rules } },
    command: sh(`if [ -r ${mark} ]; then exit 0; else touch ${mark}; sleep 1000000; fi`),
    annotations: { [`${simulated}/exit-if-file`]: mark },
    mounts: [{ name: 'data', mountPath: '/data', subPathExpr: '$(JOB_COMPLETION_INDEX)' }],
    pod: {
      nodeSelector: { 'kubernetes.io/hostname': host.metadata.labels['kubernetes.io/hostname'] },
      volumes: [{ name: 'data', hostPath: { path, type: 'DirectoryOrCreate' } }],
    },
  });
  await jobs.create(job);
  const first = await c.poll(1000, minutes(2), '3 are ready', async () => {
    const all = (await living(pods, `job=${name}`)).filter(isReady);
    return all.length === 3 && (await jobs.get(name)).status.ready === 3 ? all : undefined;
  });
  await Promise.all(
    first.map(async ({ metadata }) => {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: metadata.name, namespace } };
      const reply = await c.raw(pods.path(metadata.name, 'eviction'), { method: 'POST', body: eviction });
      assert.equal(reply.code, 201, reply.text);
    }),
  );
  for (const { metadata } of first) await c.gone(pods, metadata.name, minutes(2));
  const { status } = await ends(c, jobs, name, 'Complete', 'CompletionsReached');
  assert.deepEqual([status.succeeded, status.failed ?? 0], [3, 0]);
}
