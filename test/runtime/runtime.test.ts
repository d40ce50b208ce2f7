// The simulated runtime as a process of its own, spoken to as crictl and the kubelet do, killed, and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectRuntime, type RuntimeConnection } from '../../cri/client.ts';
import type { ContainerEventResponse, ContainerStatus } from '../../cri/types.ts';

const main = new URL('../../runtime/main.ts', import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'sim-'));
const socketOf = (node: string) => `unix://${join(dir, `${node}.sock`)}`;
const dialer = join(dir, 'dialer.sock');
let child: ChildProcess;
let cri: RuntimeConnection;
let other: RuntimeConnection;

async function start(): Promise<void> {
  const listens = ['node-1', 'node-2'].map((n) => `--listen=${socketOf(n)}`);
  child = spawn(
    process.execPath,
    [main, ...listens, `--root-dir=${dir}/state`, `--pod-dialer-listen=unix://${dialer}`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const up = async () => (await dial('10.0.0.1', 1)).code === 502 && (await cri.runtime.version({}));
  await vi.waitUntil(() => up().catch(() => false), { timeout: 60_000 });
}

async function kill(signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

beforeAll(async () => {
  cri = connectRuntime(socketOf('node-1'));
  other = connectRuntime(socketOf('node-2'));
  await start();
});
afterAll(async () => {
  cri.close();
  other.close();
  if (child.exitCode === null && child.signalCode === null) await kill('SIGTERM');
  rmSync(dir, { recursive: true, force: true });
});

let pods = 0;
interface Pod {
  sandbox: string;
  container: string;
  ip: string;
  log: string;
}

const podConfig = (annotations: Record<string, string> = {}) => {
  const name = `pod-${++pods}`;
  return {
    metadata: { name, uid: `uid-${name}`, namespace: 'default', attempt: 0 },
    hostname: name,
    logDirectory: join(dir, 'logs', name),
    labels: { app: name },
    annotations: Object.fromEntries(Object.entries(annotations).map(([k, v]) => [`simulated.mini-k8s.io/${k}`, v])),
    linux: {},
  };
};

/** In crictl's order: sandbox, pull, create, start. */
async function runPod(annotations: Record<string, string> = {}, extra: object = {}, on = cri): Promise<Pod> {
  const config = podConfig(annotations);
  const { podSandboxId } = await on.runtime.runPodSandbox({ config });
  const { imageRef } = await on.image.pullImage({ image: { image: 'busybox' }, sandboxConfig: config });
  expect(imageRef).toMatch(/^docker.io\/library\/busybox@sha256:[0-9a-f]{64}$/);
  const { containerId } = await on.runtime.createContainer({
    podSandboxId,
    config: { metadata: { name: 'app', attempt: 0 }, image: { image: 'busybox' }, logPath: 'app/0.log', ...extra },
    sandboxConfig: config,
  });
  await on.runtime.startContainer({ containerId });
  const { status } = await on.runtime.podSandboxStatus({ podSandboxId });
  return {
    sandbox: podSandboxId,
    container: containerId,
    ip: status!.network!.ip,
    log: join(config.logDirectory, 'app/0.log'),
  };
}

const statusOf = async (pod: Pod, on = cri): Promise<ContainerStatus> =>
  (await on.runtime.containerStatus({ containerId: pod.container })).status!;

/** A CONNECT through the pod dialer. */
async function dial(ip: string, port: number): Promise<{ code: number; socket: Socket }> {
  const r = request({
    socketPath: dialer,
    method: 'CONNECT',
    path: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
  });
  r.end();
  const [response, socket] = (await once(r, 'connect')) as [IncomingMessage, Socket];
  socket.on('error', () => {});
  if (response.statusCode !== 200) socket.destroy();
  return { code: response.statusCode!, socket };
}

async function get(ip: string, port: number, path = '/'): Promise<{ code: number; body: string }> {
  const { code, socket } = await dial(ip, port);
  if (code !== 200) return { code, body: '' };
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return { code: Number(text.split(' ')[1]), body: text.split('\r\n\r\n').slice(1).join('') };
}

test('version, status and the podCIDR', async () => {
  expect(await cri.runtime.version({})).toMatchObject({ runtimeName: 'simulated', runtimeApiVersion: 'v1' });
  const ready = async () =>
    (await cri.runtime.status({})).status!.conditions.map((c) => [c.type, c.status] as [string, boolean]);
  expect(await ready()).toEqual([
    ['RuntimeReady', true],
    ['NetworkReady', false],
  ]);
  await cri.runtime.updateRuntimeConfig({ runtimeConfig: { networkConfig: { podCidr: '10.244.1.0/24' } } });
  await other.runtime.updateRuntimeConfig({
    runtimeConfig: { networkConfig: { podCidr: '10.244.2.0/24,fd00:2::/64' } },
  });
  expect(await ready()).toEqual([
    ['RuntimeReady', true],
    ['NetworkReady', true],
  ]);
  expect(await cri.runtime.runtimeConfig({})).toEqual({ linux: { cgroupDriver: 'CGROUPFS' } });
  await expect(
    cri.runtime.updateRuntimeConfig({ runtimeConfig: { networkConfig: { podCidr: 'x' } } }),
  ).rejects.toMatchObject({ code: 'InvalidArgument' });
});

test('a pod from sandbox to removal', async () => {
  const pod = await runPod({}, { labels: { a: 'b' }, args: ['x'] });
  expect(pod.ip).toMatch(/^10\.244\.1\.\d+$/);
  const running = await statusOf(pod);
  expect(running).toMatchObject({ state: 'CONTAINER_RUNNING', metadata: { name: 'app' }, exitCode: 0, finishedAt: 0n });
  expect(running.startedAt).toBeGreaterThan(running.createdAt);
  expect(running.image).toMatchObject({ image: 'busybox' });
  expect(readFileSync(pod.log, 'utf8')).toMatch(/^\S+Z stdout F simulated container app of image busybox started\n$/);
  const list = await cri.runtime.listContainers({
    filter: {
      state: { state: 'CONTAINER_RUNNING' },
      labelSelector: { a: 'b' },
      podSandboxId: pod.sandbox.slice(0, 12),
    },
  });
  expect(list.containers.map((c) => c.id)).toEqual([pod.container]);
  expect((await cri.runtime.listPodSandbox({ filter: { id: pod.sandbox } })).items).toMatchObject([
    { state: 'SANDBOX_READY' },
  ]);
  const { status } = await cri.runtime.containerStatus({ containerId: pod.container.slice(0, 13), verbose: true });
  expect(status!.id).toBe(pod.container);

  await cri.runtime.stopContainer({ containerId: pod.container, timeout: 30 });
  expect(await statusOf(pod)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 0, reason: 'Completed' });
  await cri.runtime.stopPodSandbox({ podSandboxId: pod.sandbox });
  expect((await cri.runtime.podSandboxStatus({ podSandboxId: pod.sandbox })).status).toMatchObject({
    state: 'SANDBOX_NOTREADY',
    network: { ip: '' },
  });
  await cri.runtime.removeContainer({ containerId: pod.container });
  await cri.runtime.removePodSandbox({ podSandboxId: pod.sandbox });
  // Each of these may be called again.
  for (let i = 0; i < 2; i++) {
    await cri.runtime.stopContainer({ containerId: pod.container, timeout: 1 });
    await cri.runtime.removeContainer({ containerId: pod.container });
    await cri.runtime.stopPodSandbox({ podSandboxId: pod.sandbox });
    await cri.runtime.removePodSandbox({ podSandboxId: pod.sandbox });
  }
  await expect(statusOf(pod)).rejects.toMatchObject({ code: 'NotFound' });
  await expect(cri.runtime.podSandboxStatus({ podSandboxId: pod.sandbox })).rejects.toMatchObject({ code: 'NotFound' });
});

test('names are reserved, states are checked, images must be there', async () => {
  const config = podConfig();
  const { podSandboxId } = await cri.runtime.runPodSandbox({ config });
  await expect(cri.runtime.runPodSandbox({ config })).rejects.toThrow('failed to reserve sandbox name');
  const create = (image: string, attempt = 0) =>
    cri.runtime.createContainer({ podSandboxId, config: { metadata: { name: 'a', attempt }, image: { image } } });
  await expect(create('never-pulled')).rejects.toMatchObject({ code: 'NotFound' });
  await cri.image.pullImage({ image: { image: 'nginx:1' } });
  const { containerId } = await create('nginx:1');
  await expect(create('nginx:1')).rejects.toThrow('failed to reserve container name');
  await expect(cri.runtime.execSync({ containerId, cmd: ['true'] })).rejects.toThrow('CONTAINER_CREATED');
  await cri.runtime.startContainer({ containerId });
  await expect(cri.runtime.startContainer({ containerId })).rejects.toThrow('is in CONTAINER_RUNNING state');
  await cri.runtime.stopPodSandbox({ podSandboxId });
  expect((await cri.runtime.containerStatus({ containerId })).status).toMatchObject({ exitCode: 137, reason: 'Error' });
  await expect(create('nginx:1', 1)).rejects.toThrow('is not ready');
  await expect(cri.runtime.runPodSandbox({ config: podConfig(), runtimeHandler: 'kata' })).rejects.toThrow(
    'no runtime for "kata" is configured',
  );
});

test('addresses are unique on a node; two families; the host network has none', async () => {
  const configs = Array.from({ length: 30 }, () => podConfig());
  const ids = await Promise.all(configs.map((config) => cri.runtime.runPodSandbox({ config })));
  const statuses = await Promise.all(ids.map((id) => cri.runtime.podSandboxStatus(id)));
  expect(new Set(statuses.map((s) => s.status!.network!.ip)).size).toBe(30);
  const dual = await runPod({}, {}, other);
  expect((await other.runtime.podSandboxStatus({ podSandboxId: dual.sandbox })).status!.network).toMatchObject({
    ip: expect.stringMatching(/^10\.244\.2\./),
    additionalIps: [{ ip: expect.stringMatching(/^fd00:2::/) }],
  });
  const config = { ...podConfig(), linux: { securityContext: { namespaceOptions: { network: 'NODE' as const } } } };
  const host = await cri.runtime.runPodSandbox({ config });
  expect((await cri.runtime.podSandboxStatus(host)).status).toMatchObject({
    network: { ip: '' },
    linux: { namespaces: { options: { network: 'NODE' } } },
  });
});

test('containers exit, stop slowly, fail to start and leave last words as told', async () => {
  const message = join(dir, 'message');
  writeFileSync(message, '');
  const crash = await runPod(
    { 'exit-after': '200ms', 'exit-code': '3', 'termination-message': 'bye' },
    { mounts: [{ containerPath: '/dev/termination-log', hostPath: message }] },
  );
  await expect.poll(async () => (await statusOf(crash)).state).toBe('CONTAINER_EXITED');
  const status = await statusOf(crash);
  expect(status).toMatchObject({ exitCode: 3, reason: 'Error' });
  expect(status.finishedAt - status.startedAt).toBe(200_000_000n);
  expect(readFileSync(message, 'utf8')).toBe('bye');

  const mark = { mounts: [{ containerPath: '/data', hostPath: dir }] };
  const first = await runPod({ 'exit-if-file': '/data/mark' }, mark);
  expect(existsSync(join(dir, 'mark'))).toBe(true);
  const second = await runPod({ 'exit-if-file': '/data/mark', 'exit-code': '5' }, mark);
  await expect.poll(async () => (await statusOf(second)).state).toBe('CONTAINER_EXITED');
  expect(await statusOf(second)).toMatchObject({ exitCode: 5 });
  expect((await statusOf(first)).state).toBe('CONTAINER_RUNNING');

  const slow = await runPod({ 'stop-after': '1h' });
  const stopping = cri.runtime.stopContainer({ containerId: slow.container, timeout: 3600 });
  await expect.poll(async () => (await statusOf(slow)).state).toBe('CONTAINER_RUNNING');
  await cri.runtime.stopContainer({ containerId: slow.container, timeout: 0 });
  await stopping;
  expect(await statusOf(slow)).toMatchObject({ exitCode: 137 });

  const failing = await runPod({ 'start-error': 'exec format error' }).catch((e) => e);
  expect(failing.details).toBe('exec format error');
  await expect(runPod({ 'exit-after': 'soon' })).rejects.toMatchObject({ code: 'InvalidArgument' });
});

test('images: pull, fail, list, remove', async () => {
  const pull = (image: string, annotations = {}) =>
    cri.image.pullImage({ image: { image }, sandboxConfig: podConfig(annotations) });
  await expect(pull('registry.invalid/x')).rejects.toThrow('lookup registry.invalid: no such host');
  const missing = { code: 'NotFound', message: expect.stringContaining('docker.io/library/webserver:404: not found') };
  await expect(pull('webserver:404')).rejects.toMatchObject(missing);
  await expect(pull('Bad Name')).rejects.toMatchObject({ code: 'InvalidArgument' });
  const denied = { 'pull-error': 'pull access denied' };
  await expect(pull('private', denied)).rejects.toMatchObject({
    code: 'Unknown',
    details: 'failed to pull and unpack image "docker.io/library/private:latest": pull access denied',
  });
  const flaky = podConfig({ 'pull-failures': '1' });
  const pullFlaky = () => cri.image.pullImage({ image: { image: 'flaky' }, sandboxConfig: flaky });
  await expect(pullFlaky()).rejects.toMatchObject({ code: 'NotFound' });
  const { imageRef } = await pullFlaky();
  const { image } = await cri.image.imageStatus({ image: { image: 'flaky' } });
  expect(image).toMatchObject({ repoTags: ['docker.io/library/flaky:latest'], repoDigests: [imageRef] });
  expect(image!.size).toBeGreaterThan(1_000_000n);
  for (const name of [image!.id, imageRef]) {
    expect((await cri.image.imageStatus({ image: { image: name } })).image?.id).toBe(image!.id);
  }
  expect((await cri.image.imageFsInfo({})).imageFilesystems[0]!.usedBytes!.value).toBeGreaterThan(0n);
  await cri.image.removeImage({ image: { image: 'flaky' } });
  expect((await cri.image.imageStatus({ image: { image: 'flaky' } })).image).toBeNull();
  expect((await cri.image.listImages({})).images.some((i) => i.id === image!.id)).toBe(false);
});

test('exec answers as told', async () => {
  const pod = await runPod({ exec: 'cat /ready=1; sleep=hang', 'exec-stdout': 'out', 'exec-stderr': 'err' });
  const exec = (cmd: string[], timeout = 0) => cri.runtime.execSync({ containerId: pod.container, cmd, timeout });
  expect(await exec(['true'])).toMatchObject({ exitCode: 0, stdout: Buffer.from('out'), stderr: Buffer.from('err') });
  expect(await exec(['cat', '/ready'])).toMatchObject({ exitCode: 1 });
  await expect(exec(['sleep', '9'], 1)).rejects.toMatchObject({ code: 'DeadlineExceeded' });
  expect((await cri.runtime.exec({ containerId: pod.container, cmd: ['true'] })).url).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/exec\//,
  );
});

test('the pod dialer answers HTTP, TLS and plain bytes, and refuses where a pod would', async () => {
  const pod = await runPod({ http: '/healthz=200,503@3s; /broken=close', ports: '80,443,9000', tcp: '9000=closed' });
  expect(await get(pod.ip, 80)).toEqual({ code: 200, body: `pod-${pods}\n` });
  expect(await get(pod.ip, 80, '/healthz')).toMatchObject({ code: 200 });
  await expect.poll(async () => (await get(pod.ip, 80, '/healthz')).code).toBe(503);
  expect((await get(pod.ip, 81)).code).toBe(502);
  expect((await get(pod.ip, 9000)).code).toBe(502);
  expect((await get('10.9.9.9', 80)).code).toBe(502);

  const plain = (await dial(pod.ip, 80)).socket;
  plain.write('hello');
  expect(String((await once(plain, 'data'))[0])).toBe('hello');

  const { socket } = await dial(pod.ip, 443);
  const tls = tlsConnect({ socket, rejectUnauthorized: false });
  tls.write('GET / HTTP/1.0\r\n\r\n');
  expect(String((await once(tls, 'data'))[0])).toMatch(/^HTTP\/1.1 200/);

  const closed = once(plain, 'close');
  await cri.runtime.stopContainer({ containerId: pod.container, timeout: 1 });
  await closed;
  expect((await get(pod.ip, 80)).code).toBe(502);
});

test('stats grow with time, resources change, events are told', async () => {
  const signal = new AbortController();
  const events: ContainerEventResponse[] = [];
  const reading = (async () => {
    for await (const e of cri.runtime.getContainerEvents({}, { signal: signal.signal })) events.push(e);
  })();
  const probe = await runPod();
  await expect
    .poll(async () => {
      await cri.runtime.stopContainer({ containerId: probe.container });
      return events.length || void (await runPod());
    })
    .toBeTruthy();
  const pod = await runPod(
    { cpu: '500m', memory: '10Mi' },
    { linux: { resources: { cpuShares: 512, memoryLimitInBytes: 100 } } },
  );
  const first = (await cri.runtime.containerStats({ containerId: pod.container })).stats!;
  expect(first.memory!.workingSetBytes!.value).toBe(10_485_760n);
  expect(first.cpu!.usageNanoCores!.value).toBe(500_000_000n);
  await expect
    .poll(
      async () =>
        (await cri.runtime.containerStats({ containerId: pod.container })).stats!.cpu!.usageCoreNanoSeconds!.value,
    )
    .toBeGreaterThan(first.cpu!.usageCoreNanoSeconds!.value);
  expect((await cri.runtime.listContainerStats({ filter: { podSandboxId: pod.sandbox } })).stats).toHaveLength(1);
  expect((await cri.runtime.podSandboxStats({ podSandboxId: pod.sandbox })).stats!.linux!.containers).toHaveLength(1);
  await cri.runtime.updateContainerResources({ containerId: pod.container, linux: { memoryLimitInBytes: 200 } });
  expect((await statusOf(pod)).resources!.linux).toMatchObject({ cpuShares: 512n, memoryLimitInBytes: 200n });
  await cri.runtime.stopContainer({ containerId: pod.container, timeout: 1 });
  await cri.runtime.removeContainer({ containerId: pod.container });
  const mine = () => events.filter((e) => e.containerId === pod.container);
  await expect.poll(() => mine().length).toBe(4);
  expect(mine().map((e) => e.containerEventType)).toEqual([
    'CONTAINER_CREATED_EVENT',
    'CONTAINER_STARTED_EVENT',
    'CONTAINER_STOPPED_EVENT',
    'CONTAINER_DELETED_EVENT',
  ]);
  expect(mine()[1]!.containersStatuses[0]).toMatchObject({ state: 'CONTAINER_RUNNING' });
  expect(mine()[3]!.podSandboxStatus!.id).toBe(pod.sandbox);
  signal.abort();
  await reading;
});

test('logs go on over rotation', async () => {
  const pod = await runPod({ 'log-every': '20ms', 'log-line': 'tick {n}', log: 'first\nsecond' });
  await expect.poll(() => readFileSync(pod.log, 'utf8')).toContain('stdout F tick 2\n');
  renameSync(pod.log, `${pod.log}.1`);
  await cri.runtime.reopenContainerLog({ containerId: pod.container });
  await expect.poll(() => readFileSync(pod.log, 'utf8').split('\n').length).toBeGreaterThan(3);
  const ticks = (readFileSync(`${pod.log}.1`, 'utf8') + readFileSync(pod.log, 'utf8'))
    .match(/(?<=tick )\d+/g)!
    .map(Number);
  expect(ticks).toEqual(ticks.map((_, i) => i + 1));
  expect(readFileSync(`${pod.log}.1`, 'utf8')).toMatch(/ F first\n.* F second\n.* F tick 1\n/);
  await cri.runtime.stopContainer({ containerId: pod.container, timeout: 1 });
});

const script = (line: string) => ({ command: ['/bin/sh', '-c'], args: [line] });
const said = (pod: Pod) => (existsSync(pod.log) ? readFileSync(pod.log, 'utf8') : '').replace(/^\S+ (\w+) F /gm, '$1 ');

test('a command that the shell knows is run: its output is the log, its code the end', async () => {
  const pod = await runPod({}, script('for i in 1 2; do echo $i; done; echo no >&2; date; awk x; exit 3'));
  await expect.poll(() => said(pod)).toContain('simulated container');
  const known = await runPod({}, script('for i in 1 2; do echo $i; sleep 0.2; done; echo no >&2; exit 3'));
  await expect.poll(() => statusOf(known)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 3, reason: 'Error' });
  expect(said(known)).toBe('stdout 1\nstdout 2\nstderr no\n');
  const { startedAt, finishedAt } = await statusOf(known);
  expect(finishedAt - startedAt).toBe(400_000_000n);
  const busy = await runPod({}, script('while true; do true; done'));
  expect(await statusOf(busy)).toMatchObject({ state: 'CONTAINER_RUNNING' });
  await cri.runtime.stopContainer({ containerId: busy.container, timeout: 1 });
  expect(await statusOf(busy)).toMatchObject({ state: 'CONTAINER_EXITED' });
});

test('what annotations say of the end comes before the command', async () => {
  const pod = await runPod({ 'exit-code': '4' }, script('exit 0'));
  await expect.poll(() => statusOf(pod)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 4 });
});

test('a probe sees the files that the command writes', async () => {
  const pod = await runPod({}, script('touch /tmp/healthy; sleep 1.5; rm -f /tmp/healthy; sleep 600'));
  const probe = async (...cmd: string[]) =>
    (await cri.runtime.execSync({ containerId: pod.container, cmd, timeout: 1n })).exitCode;
  expect(await probe('cat', '/tmp/healthy')).toBe(0);
  await expect.poll(() => probe('cat', '/tmp/healthy')).toBe(1);
  expect(await probe('redis-cli', 'ping')).toBe(0);
  await expect(probe('sleep', '5')).rejects.toThrow('timeout 1s exceeded');
});

test('SIGKILL and a new start: a command has gone on, and says nothing twice', async () => {
  const pod = await runPod({}, script('i=0; while true; do echo "tick $i"; i=$((i+1)); sleep 0.05; done'));
  const ending = await runPod({}, script('sleep 0.4; echo bye; exit 7'));
  await expect.poll(() => said(pod)).toContain('tick 3');
  await kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 500));
  await start();
  await expect.poll(() => said(pod)).toContain('tick 15\n');
  const ticks = said(pod).match(/(?<=tick )\d+/g)!;
  expect(ticks).toEqual(ticks.map((_, i) => String(i)));
  await expect.poll(() => statusOf(ending)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 7 });
  expect(said(ending)).toBe('stdout bye\n');
  await cri.runtime.stopContainer({ containerId: pod.container, timeout: 1 });
});

test('SIGKILL and a new start: containers have run on, with their addresses, logs and exits', async () => {
  const steady = await runPod();
  const talking = await runPod({ 'log-every': '50ms', 'log-line': 'tick {n}' });
  const ending = await runPod({ 'exit-after': '400ms', 'exit-code': '7' });
  const before = await statusOf(steady);
  await expect.poll(() => readFileSync(talking.log, 'utf8')).toContain('tick 3');
  await kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 500));
  await start();
  expect(await statusOf(steady)).toEqual(before);
  expect((await get(steady.ip, 80)).code).toBe(200);
  const ended = await statusOf(ending);
  expect(ended).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 7 });
  expect(ended.finishedAt - ended.startedAt).toBe(400_000_000n);
  await expect.poll(() => readFileSync(talking.log, 'utf8')).toContain('tick 15\n');
  const ticks = readFileSync(talking.log, 'utf8')
    .match(/(?<=tick )\d+/g)!
    .map(Number);
  expect(ticks).toEqual(ticks.map((_, i) => i + 1));
  expect((await cri.runtime.status({})).status!.conditions[1]).toMatchObject({ type: 'NetworkReady', status: true });
  const next = await runPod();
  expect(next.ip).not.toBe(steady.ip);
});

test('a second runtime on the same directory is refused in one sentence', async () => {
  const second = spawn(process.execPath, [main, `--listen=${socketOf('x')}`, `--root-dir=${dir}/state`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  second.stderr!.on('data', (d) => {
    text += d;
  });
  const [code] = await once(second, 'close');
  expect(code).toBe(1);
  expect(text).toBe(
    `simulated-runtime: ${dir}/state is in use by another runtime; stop that one, or choose another --root-dir.\n`,
  );
});
