// Containers that exit, fail, start in order, are probed, and are ended: what the pod's status and events say of it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pods } from '../../apimachinery/resources.ts';
import type { ContainerStatus, Event, Pod } from '../../apimachinery/types.ts';
import { condition, ready, startTestNode, type TestNode, until } from './testNode.ts';

// Each pod for itself and all at once: most of their time is waiting.
let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.stop());

const main = (pod: Pod) => pod.status?.containerStatuses?.[0] ?? ({} as ContainerStatus);

test.concurrent('a container that keeps failing is restarted at once, then waits in CrashLoopBackOff', async () => {
  await node.run('crash', {}, { 'exit-code': '3', 'termination-message': 'no luck' });
  const pod = await node.until(
    'crash',
    (p) => p.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
  );
  expect(main(pod).restartCount).toBe(1);
  expect(main(pod).state?.waiting?.message).toBe(
    `back-off 10s restarting failed container=main pod=crash_default(${pod.metadata.uid})`,
  );
  expect(main(pod).lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error', message: 'no luck' });
  expect(pod.status?.phase).toBe('Running');
  expect(condition(pod, 'ContainersReady')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [main]',
  });
  await until(async () => (await node.events('crash')).some((e) => e.reason === 'BackOff'));
  const event = (await node.events('crash')).find((e) => e.reason === 'BackOff')!;
  expect(event).toMatchObject({
    type: 'Warning',
    message: `Back-off restarting failed container main in pod crash_default(${pod.metadata.uid})`,
    involvedObject: { fieldPath: 'spec.containers{main}' },
    source: { component: 'kubelet', host: 'node-1' },
  });
});

test.concurrent('a container that its liveness probe ends again and again waits in CrashLoopBackOff too', async () => {
  const livenessProbe = { exec: { command: ['cat', '/healthy'] }, periodSeconds: 1, failureThreshold: 1 };
  const container = { name: 'main', image: 'busybox:1', command: ['sh', '-c', 'sleep 600'], livenessProbe };
  await node.run('unwell', { containers: [container] });
  const waits = (p: Pod) => main(p).state?.waiting?.reason === 'CrashLoopBackOff';
  const pod = await node.until('unwell', waits);
  expect(main(pod).restartCount).toBe(2);
});

test.concurrent.each([
  { name: 'never-0', policy: 'Never', code: '0', phase: 'Succeeded' },
  { name: 'never-1', policy: 'Never', code: '1', phase: 'Failed' },
  { name: 'on-failure-0', policy: 'OnFailure', code: '0', phase: 'Succeeded' },
])('restartPolicy $policy and exit code $code end in $phase', async ({ name, policy, code, phase }) => {
  await node.run(name, { restartPolicy: policy }, { 'exit-code': code, 'exit-after': '50ms' });
  const pod = await node.until(name, (p) => p.status?.phase === phase);
  expect(main(pod)).toMatchObject({ restartCount: 0, ready: false, state: { terminated: { exitCode: Number(code) } } });
  expect(condition(pod, 'Ready')?.reason).toBe(phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed');
  await node.client.delete(pods, name, 'default');
  await node.untilGone(name);
});

test.concurrent('OnFailure starts a container again until it succeeds', async () => {
  await node.run(
    'flaky',
    { restartPolicy: 'OnFailure' },
    { 'exit-code': '1', 'exit-attempts': '1', 'exit-after': '10ms' },
  );
  const pod = await node.until('flaky', (p) => main(p).restartCount === 1 && !!main(p).state?.running);
  expect(main(pod).lastState?.terminated?.exitCode).toBe(1);
});

test.concurrent('init containers run one after the other, then the others start', async () => {
  const init = ['one', 'two'].map((name) => ({ name, image: 'busybox:1' }));
  await node.run('inits', { initContainers: init }, { 'exit-after.one': '5s', 'exit-after.two': '300ms' });
  const first = await node.until('inits', (p) => !!p.status?.initContainerStatuses?.[0]?.state?.running);
  expect(first.status?.initContainerStatuses?.[1]?.state?.waiting?.reason).toBe('PodInitializing');
  expect(main(first).state?.waiting?.reason).toBe('PodInitializing');
  expect(condition(first, 'Initialized')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [one two]',
  });
  const pod = await node.until('inits', ready);
  expect(pod.status?.initContainerStatuses?.map((s) => [s.ready, s.state?.terminated?.reason])).toEqual([
    [true, 'Completed'],
    [true, 'Completed'],
  ]);
  expect(condition(pod, 'Initialized')?.status).toBe('True');
});

test.concurrent('an init container that fails for good fails the pod, and the main container never leaves waiting', async () => {
  const init = [{ name: 'one', image: 'busybox:1' }];
  await node.run('bad-init', { restartPolicy: 'Never', initContainers: init }, { 'exit-code.one': '1' });
  const pod = await node.until('bad-init', (p) => p.status?.phase === 'Failed');
  await until(async () => !!(await node.pod('bad-init'))?.status?.initContainerStatuses?.[0]?.state?.terminated);
  expect(main(pod).state?.waiting?.reason).toBe('PodInitializing');
  expect(condition(pod, 'Initialized')?.message).toBe('containers with incomplete status: [one]');
});

test.concurrent('a sidecar starts before the main container and ends after it', async () => {
  const initContainers = [{ name: 'side', image: 'busybox:1', restartPolicy: 'Always' }];
  await node.run('sidecar', { restartPolicy: 'Never', initContainers }, { 'exit-after.main': '5s' });
  await node.until(
    'sidecar',
    (p) => p.status?.initContainerStatuses?.[0]?.started === true && !!main(p).state?.running,
  );
  const pod = await node.until(
    'sidecar',
    (p) => p.status?.phase === 'Succeeded' && !!p.status.initContainerStatuses?.[0]?.state?.terminated,
  );
  const side = Date.parse(pod.status!.initContainerStatuses![0]!.state!.terminated!.finishedAt!);
  expect(side).toBeGreaterThanOrEqual(Date.parse(main(pod).state!.terminated!.finishedAt!));
});

const probe = { periodSeconds: 1, failureThreshold: 1 };

test.concurrent('readiness follows its probe, and does not restart', async () => {
  const readinessProbe = { ...probe, httpGet: { path: '/ready', port: 80 } };
  await node.run(
    'readiness',
    { containers: [{ name: 'main', image: 'nginx:1', readinessProbe }] },
    { http: '/ready=503,200@12s' },
  );
  // On a busy machine there may be one before it that says that the answer came late.
  const message = 'Readiness probe failed: HTTP probe failed with statuscode: 503';
  const isTold = (e: Event) => e.reason === 'Unhealthy' && e.message === message;
  await until(async () => (await node.events('readiness')).some(isTold));
  expect(main((await node.pod('readiness'))!)).toMatchObject({ ready: false, started: true });
  const pod = await node.until('readiness', ready);
  expect(main(pod).restartCount).toBe(0);
});

test.concurrent('a failed liveness probe restarts the container', async () => {
  const livenessProbe = { ...probe, exec: { command: ['cat', '/tmp/healthy'] } };
  const containers = [{ name: 'main', image: 'nginx:1', livenessProbe }];
  await node.run(
    'liveness',
    { containers, terminationGracePeriodSeconds: 1 },
    { exec: '0,1@1s', 'exec-stderr': 'no such file' },
  );
  const pod = await node.until('liveness', (p) => main(p).restartCount >= 1);
  expect(main(pod).lastState?.terminated).toBeDefined();
  await until(async () => {
    const messages = (await node.events('liveness')).map((e) => e.message);
    return ['Liveness probe failed: no such file', 'Container main failed liveness probe, will be restarted'].every(
      (message) => messages.includes(message),
    );
  });
});

test.concurrent('the startup probe gates the others', async () => {
  const startupProbe = { periodSeconds: 1, failureThreshold: 30, tcpSocket: { port: 80 } };
  const livenessProbe = { ...probe, httpGet: { path: '/', port: 80 } };
  const containers = [{ name: 'main', image: 'nginx:1', startupProbe, livenessProbe }];
  await node.run('startup', { containers }, { tcp: 'closed,open@10s' });
  const waiting = await node.until('startup', (p) => !!main(p).state?.running);
  expect(main(waiting)).toMatchObject({ started: false, ready: false });
  const pod = await node.until('startup', ready);
  expect(main(pod)).toMatchObject({ started: true, restartCount: 0 });
  const refused = /^Startup probe failed: dial tcp 10\.244\.7\.\d+:80: connect: connection refused$/;
  const messages = async () => (await node.events('startup')).map((e) => e.message!);
  await until(async () => (await messages()).some((m) => refused.test(m)));
  expect((await messages()).some((m) => m.startsWith('Liveness'))).toBe(false);
});

test.concurrent('a preStop hook runs within the grace period; a container that does not stop is killed at its end', async () => {
  const lifecycle = { preStop: { exec: { command: ['bye'] } } };
  const containers = [{ name: 'main', image: 'nginx:1', lifecycle }];
  await node.run(
    'stubborn',
    { containers, terminationGracePeriodSeconds: 3 },
    { 'exec-delay': '1s', 'stop-after': '30s' },
  );
  await node.until('stubborn', ready);
  const begun = Date.now();
  await node.client.delete(pods, 'stubborn', 'default');
  await until(async () => !!(await node.pod('stubborn'))?.metadata.deletionTimestamp);
  await node.untilGone('stubborn');
  expect(Date.now() - begun).toBeGreaterThan(2800);
  // By itself it would stop after thirty.
  expect(Date.now() - begun).toBeLessThan(28_000);
});

test.concurrent('a deletion with less grace cuts a longer one short', async () => {
  await node.run('slow', { terminationGracePeriodSeconds: 60 }, { 'stop-after': '50s' });
  await node.until('slow', ready);
  await node.client.delete(pods, 'slow', 'default');
  await until(async () => (await node.events('slow')).some((e) => e.reason === 'Killing'));
  await node.client.delete(pods, 'slow', 'default', { gracePeriodSeconds: 1 });
  await node.untilGone('slow', 30_000);
});

test.concurrent('a pod that is active for too long fails', async () => {
  await node.run('deadline', { activeDeadlineSeconds: 2 });
  const pod = await node.until('deadline', (p) => p.status?.phase === 'Failed');
  expect(pod.status).toMatchObject({
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
});

test.concurrent('when the sandbox dies the pod gets a new one and its containers start again', async () => {
  await node.run('pause', {}, { 'sandbox-exit-after': '6s' });
  const before = await node.until('pause', ready);
  const { containerID } = main(before);
  const pod = await node.until('pause', (p) => ready(p) && main(p).containerID !== containerID);
  expect(main(pod).restartCount).toBeGreaterThanOrEqual(1);
  await until(async () => (await node.events('pause')).some((e) => e.reason === 'SandboxChanged'));
  const event = (await node.events('pause')).find((e) => e.reason === 'SandboxChanged')!;
  expect(event.message).toBe('Pod sandbox changed, it will be killed and re-created.');
});

test.concurrent('an image that cannot be pulled: ErrImagePull, then ImagePullBackOff', async () => {
  await node.run('no-image', { containers: [{ name: 'main', image: 'registry.invalid/app:1' }] });
  const pod = await node.until('no-image', (p) => main(p).state?.waiting?.reason === 'ImagePullBackOff', 30_000);
  expect(main(pod).state?.waiting?.message).toMatch(
    /^Back-off pulling image "registry\.invalid\/app:1": ErrImagePull: rpc error: /,
  );
  expect(pod.status?.phase).toBe('Pending');
  const told = async () => (await node.events('no-image')).map((e) => `${e.reason}: ${e.message}`);
  const wanted = [
    'Failed: Error: ErrImagePull',
    'Failed: Error: ImagePullBackOff',
    'BackOff: Back-off pulling image "registry.invalid/app:1"',
  ];
  await until(async () => (await told()).filter((m) => wanted.includes(m)).length === 3, 30_000, wanted.join());
  expect((await told()).some((m) => m.startsWith('Failed: Failed to pull image "registry.invalid/app:1": '))).toBe(
    true,
  );
});

test.concurrent('a field that cannot be honoured keeps the pod Pending and is named', async () => {
  await node.run('odd', { hostUsers: false });
  const pod = await node.until('odd', (p) => !!condition(p, 'UnsupportedField'));
  expect(pod.status).toMatchObject({ phase: 'Pending', reason: 'UnsupportedField' });
  expect(condition(pod, 'UnsupportedField')?.message).toContain('spec.hostUsers');
  await until(async () =>
    (await node.events('odd')).some((e) => e.reason === 'UnsupportedField' && e.message!.includes('spec.hostUsers')),
  );
  await node.client.delete(pods, 'odd', 'default');
  await node.untilGone('odd');
});

test.concurrent('a pod that somebody else has failed stays so, and its containers end', async () => {
  await node.run('failed', { terminationGracePeriodSeconds: 1 });
  const before = await node.until('failed', ready);
  const ending = new AbortController();
  const phases: string[] = [];
  const { resourceVersion } = before.metadata;
  const watching = (async () => {
    const options = { namespace: 'default', fieldSelector: 'metadata.name=failed', resourceVersion };
    for await (const e of node.client.watch(pods, options, ending.signal))
      phases.push((e.object as Pod).status!.phase!);
  })();
  const status = { phase: 'Failed', reason: 'ByHand' };
  await node.client.patch(pods, 'failed', 'default', 'merge', { status }, { subresource: 'status' });
  const after = await node.until('failed', (p) => !!main(p).state?.terminated);
  expect(after.status).toMatchObject({ phase: 'Failed', reason: 'ByHand' });
  expect(main(after).restartCount).toBe(0);
  ending.abort();
  await watching;
  expect(phases.slice(phases.indexOf('Failed')).filter((phase) => phase !== 'Failed')).toEqual([]);
});

test.concurrent('a pod that does not fit is rejected', async () => {
  await node.run('picky', { nodeSelector: { disk: 'ssd' } });
  const pod = await node.until('picky', (p) => p.status?.phase === 'Failed');
  expect(pod.status).toMatchObject({ reason: 'NodeAffinity' });
});
