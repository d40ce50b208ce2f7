import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { events, jobs, nodes, pods } from '../../apimachinery/resources.ts';
import type { Job, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { kubectls } from '../kit/kubectls.ts';
import { type RunningManager, runPods, startManager } from './manager.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
let agents: { stop(): void };
const ns = 'default';

beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  manager = startManager(server, [
    '--controllers=job-controller,cronjob-controller,garbage-collector-controller,serviceaccount-controller,ttl-after-finished-controller',
  ]);
  agents = runPods(client);
  await client.create(nodes, { metadata: { name: 'node-1' }, status: {} } as never);
  await until(async () =>
    Boolean(await client.get({ ...pods, plural: 'serviceaccounts' }, 'default', ns).catch(() => undefined)),
  );
});
afterAll(async () => {
  agents.stop();
  await manager.stop();
  client.close();
  await server.stop();
});

const create = (name: string, spec: object, template: object = {}) =>
  client.create(jobs, {
    metadata: { name, namespace: ns },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'v1' }], ...template } },
      ...spec,
    },
  } as never);
const job = (name: string) => client.get(jobs, name, ns) as Promise<Job>;
const podsOf = async (name: string) =>
  (await client.list(pods, { namespace: ns, labelSelector: `job-name=${name}` })).items as Pod[];
const isRunning = (p: Pod) => p.status?.phase === 'Running' && !p.metadata.deletionTimestamp;
/** Lets a running pod end with this code. */
const end = (pod: Pod, exitCode: number) =>
  client.patch(
    pods,
    pod.metadata.name,
    ns,
    'merge',
    {
      status: {
        phase: exitCode ? 'Failed' : 'Succeeded',
        conditions: [
          { type: 'Ready', status: 'False', lastTransitionTime: new Date(Date.now() - 3600e3).toISOString() },
        ],
        containerStatuses: [
          { name: 'c', image: '', imageID: '', restartCount: 0, ready: false, state: { terminated: { exitCode } } },
        ],
      },
    },
    { subresource: 'status' },
  );
/** Ends each pod of the Job as soon as it runs, until the Job is finished; which codes, `code` says. */
async function play(name: string, code: (pod: Pod) => number | undefined): Promise<Job> {
  await until(
    async () => {
      for (const pod of (await podsOf(name)).filter(isRunning)) {
        const exitCode = code(pod);
        if (exitCode !== undefined) await end(pod, exitCode).catch(() => {});
      }
      return is(await job(name), 'Complete') || is(await job(name), 'Failed');
    },
    30_000,
    `the end of ${name}`,
  );
  return job(name);
}
const is = (j: Job, type: string) => j.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;
const indexOf = (p: Pod) => Number(p.metadata.annotations?.['batch.kubernetes.io/job-completion-index']);
const reasons = (j: Job) => Object.fromEntries((j.status?.conditions ?? []).map((c) => [c.type, c.reason]));
const told = async (name: string) =>
  (await client.list(events, { namespace: ns, fieldSelector: `involvedObject.name=${name}` })).items.map(
    (e) => e.reason,
  );

describe.concurrent('a Job', () => {
  it('runs to its completions, and lets its pods go', async () => {
    await create('plain', { completions: 3, parallelism: 2 });
    const done = await play('plain', () => 0);
    expect(done.status).toMatchObject({ succeeded: 3, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    expect(done.status?.active).toBeUndefined();
    expect(reasons(done)).toEqual({ SuccessCriteriaMet: 'CompletionsReached', Complete: 'CompletionsReached' });
    expect((await podsOf('plain')).map((p) => p.metadata.finalizers)).toEqual([undefined, undefined, undefined]);
    await until(async () => (await told('plain')).includes('Completed'));
    expect((await told('plain')).filter((r) => r === 'SuccessfulCreate').length).toBeGreaterThan(0);
  });

  it('gives each index its name, label, variable and host name', async () => {
    await create('indexed', { completions: 3, parallelism: 3, completionMode: 'Indexed' });
    const done = await play('indexed', () => 0);
    expect([done.status?.completedIndexes, done.status?.succeeded]).toEqual(['0-2', 3]);
    const first = (await podsOf('indexed')).find((p) => indexOf(p) === 0)!;
    expect(first.metadata.name).toMatch(/^indexed-0-.{5}$/);
    expect(first.metadata.labels?.['batch.kubernetes.io/job-completion-index']).toBe('0');
    expect(first.spec?.hostname).toBe('indexed-0');
    expect(first.spec?.containers[0]?.env).toMatchObject([
      {
        name: 'JOB_COMPLETION_INDEX',
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
      },
    ]);
  });

  it('fails at its back-off limit', async () => {
    await create('limit', { backoffLimit: 0, completions: 3, parallelism: 2 });
    await until(async () => (await podsOf('limit')).filter(isRunning).length === 2);
    await end((await podsOf('limit'))[0]!, 1);
    const failed = await play('limit', () => undefined);
    expect(reasons(failed)).toEqual({ FailureTarget: 'BackoffLimitExceeded', Failed: 'BackoffLimitExceeded' });
    expect(failed.status).toMatchObject({ failed: 2, terminating: 0 });
    expect(failed.status?.conditions?.[0]?.message).toBe('Job has reached the specified backoff limit');
    await until(async () => (await told('limit')).includes('BackoffLimitExceeded'));
  });

  it('has a back-off limit per index', async () => {
    await create('perindex', { completions: 4, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 1 });
    const failed = await play('perindex', (p) => indexOf(p) % 2);
    expect(reasons(failed)).toMatchObject({ Failed: 'FailedIndexes' });
    expect(failed.status).toMatchObject({ failedIndexes: '1,3', completedIndexes: '0,2', failed: 4, succeeded: 2 });
  });

  it('gives up when too many indexes failed', async () => {
    await create('maxfailed', {
      completions: 4,
      parallelism: 1,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 0,
      maxFailedIndexes: 0,
    });
    const failed = await play('maxfailed', () => 1);
    expect(reasons(failed)).toMatchObject({ Failed: 'MaxFailedIndexesExceeded' });
    expect([failed.status?.failedIndexes, failed.status?.failed, (await podsOf('maxfailed')).length]).toEqual([
      '0',
      1,
      1,
    ]);
  });

  it('fails at once, or an index of it, by its failure policy', async () => {
    const rules = (action: string) => [{ action, onExitCodes: { operator: 'In', values: [1] } }];
    await create('failjob', { backoffLimit: 6, podFailurePolicy: { rules: rules('FailJob') } });
    const failed = await play('failjob', () => 1);
    expect(reasons(failed)).toMatchObject({ Failed: 'PodFailurePolicy' });
    expect(failed.status?.conditions?.find((c) => c.type === 'Failed')?.message).toMatch(
      /^Container c for pod default\/failjob-.{5} failed with exit code 1 matching FailJob rule at index 0$/,
    );
    await create('failindex', {
      completions: 2,
      parallelism: 2,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 1,
      podFailurePolicy: { rules: rules('FailIndex') },
    });
    const index = await play('failindex', (p) => indexOf(p) % 2);
    expect(index.status).toMatchObject({ failedIndexes: '1', completedIndexes: '0', failed: 1, succeeded: 1 });
  });

  it('ends by its success policy', async () => {
    await create('success', {
      completions: 5,
      parallelism: 2,
      completionMode: 'Indexed',
      successPolicy: { rules: [{ succeededIndexes: '0' }] },
    });
    const done = await play('success', (p) => (indexOf(p) === 0 ? 0 : undefined));
    expect(reasons(done)).toEqual({ SuccessCriteriaMet: 'SuccessPolicy', Complete: 'SuccessPolicy' });
    expect(done.status).toMatchObject({ succeeded: 1, completedIndexes: '0', ready: 0, terminating: 0 });
    expect(done.status?.failed).toBeUndefined();
    expect(done.status?.conditions?.[0]?.message).toBe('Matched rules at index 0');
  });

  it('stops when suspended and starts afresh when resumed', async () => {
    await create('pausing', { suspend: true, completions: 1 });
    await until(async () => is(await job('pausing'), 'Suspended'));
    expect((await job('pausing')).status?.startTime).toBeUndefined();
    await client.patch(jobs, 'pausing', ns, 'merge', { spec: { suspend: false } });
    await until(async () => (await podsOf('pausing')).filter(isRunning).length === 1);
    await until(async () => reasons(await job('pausing'))['Suspended'] === 'JobResumed');
    await client.patch(jobs, 'pausing', ns, 'merge', { spec: { suspend: true } });
    const isAtRest = (status: any) => !status.active && status.terminating === 0;
    await until(async () => (await podsOf('pausing')).length === 0 && isAtRest((await job('pausing')).status));
    // They were taken away; they have not failed.
    expect((await job('pausing')).status?.failed).toBeUndefined();
    await client.patch(jobs, 'pausing', ns, 'merge', { spec: { suspend: false } });
    await until(async () => {
      const all = await told('pausing');
      return all.includes('Suspended') && all.includes('Resumed');
    });
  });

  it('fails at its deadline', async () => {
    await create('late', { activeDeadlineSeconds: 1 });
    const failed = await play('late', () => undefined);
    expect(reasons(failed)).toEqual({ FailureTarget: 'DeadlineExceeded', Failed: 'DeadlineExceeded' });
    expect(await podsOf('late')).toEqual([]);
  });

  it('is left to another controller, whose pods it does not touch', async () => {
    await create('foreign', { managedBy: 'example.com/other' });
    await create('own', {});
    await until(async () => (await podsOf('own')).length === 1);
    expect([(await podsOf('foreign')).length, (await job('foreign')).status]).toEqual([0, {}]);
  });

  it('adopts and releases', async () => {
    await create('adopting', { completions: 4, parallelism: 2 });
    await until(async () => (await podsOf('adopting')).filter(isRunning).length === 2);
    const [pod] = await podsOf('adopting');
    const now = () => client.get(pods, pod!.metadata.name, ns) as Promise<Pod>;
    await client.patch(pods, pod!.metadata.name, ns, 'merge', {
      metadata: { ownerReferences: null, finalizers: null },
    });
    await until(async () => (await now()).metadata.ownerReferences?.[0]?.kind === 'Job');
    expect((await now()).metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking']);
    await client.patch(pods, pod!.metadata.name, ns, 'merge', { metadata: { labels: null } });
    await until(async () => !(await now()).metadata.ownerReferences);
    expect((await now()).metadata.finalizers).toBeUndefined();
  });

  it('takes its pods with it, finalizers or not', async () => {
    await create('leaving', { completions: 2, parallelism: 2 });
    await until(async () => (await podsOf('leaving')).filter(isRunning).length === 2);
    await client.delete(jobs, 'leaving', ns, { propagationPolicy: 'Background' });
    await until(async () => (await podsOf('leaving')).length === 0);
  });

  it.each(kubectls().slice(-1))('kubectl 1.$minor makes one, waits for it and shows it', async ({ path }) => {
    const kubectl = async (...args: string[]) =>
      (await promisify(execFile)(path, ['--kubeconfig', server.kubeconfig, ...args])).stdout;
    await kubectl('create', 'job', 'by-hand', '--image=v1');
    const waiting = kubectl('wait', '--for=condition=complete', 'job/by-hand', '--timeout=100s');
    await play('by-hand', () => 0);
    expect(await waiting).toBe('job.batch/by-hand condition met\n');
    expect(await kubectl('get', 'job', 'by-hand', '--no-headers')).toMatch(/^by-hand +Complete +1\/1 /);
    const described = await kubectl('describe', 'job', 'by-hand');
    expect(described).toMatch(/Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/);
    expect(await kubectl('delete', 'job', 'by-hand')).toMatch(/^job.batch "by-hand" deleted/);
  });
});
