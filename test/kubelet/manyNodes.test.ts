// The kubelet as a process: many nodes in one, killed and started again, and told what it cannot do.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMaps, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import { writes } from '../../apimachinery/trace.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { run as runRuntime, flags as runtimeFlags } from '../../runtime/main.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { ready } from './testNode.ts';

const main = new URL('../../kubelet/main.ts', import.meta.url).pathname;
const names = ['n1', 'n2', 'n3'];
const folder = mkdtempSync(join(tmpdir(), 'kubelets-'));
const socket = (name: string) => `unix://${join(folder, `${name}.sock`)}`;
const end = new AbortController();
let api: TestApiServer;
let client: Client;
let runtime: Promise<void>;
let kubelet: ChildProcess | undefined;

const start = () => {
  const config = join(folder, 'nodes.json');
  const entry = (name: string) => ({
    'hostname-override': name,
    kubeconfig: api.kubeconfigFor(`nodes/${name}/client`),
    'container-runtime-endpoint': socket(name),
    'root-dir': join(folder, name),
  });
  writeFileSync(config, JSON.stringify(names.map(entry)));
  const plain = ['--port=0', '--read-only-port=0', '--healthz-port=0', '--address=127.0.0.1', '--node-ip=127.0.0.1'];
  kubelet = spawn(process.execPath, [main, `--nodes-config=${config}`, ...plain], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};
const stop = async (signal: NodeJS.Signals) => {
  if (!kubelet || kubelet.exitCode !== null) return;
  const exited = once(kubelet, 'exit');
  kubelet.kill(signal);
  await exited;
  kubelet = undefined;
};

beforeAll(async () => {
  api = await startTestApiServer({ nodes: names });
  client = await api.client();
  const listens = names.map((n) => `--listen=${n}=${socket(n)}`);
  runtime = runRuntime(parseFlags(runtimeFlags, [...listens, `--root-dir=${folder}/runtime`]).config, end.signal);
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
  await client.create(configMaps, {
    metadata: { name: 'kube-root-ca.crt', namespace: 'default' },
    data: { 'ca.crt': 'CA' },
  });
  start();
});
afterAll(async () => {
  await stop('SIGTERM');
  end.abort();
  await runtime;
  client.close();
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

const list = async () => (await client.list(pods, { namespace: 'default' })).items;

test('three nodes of one process register and run pods; killed in the middle, nothing is lost or started twice', async () => {
  await until(async () => (await client.list(nodes)).items.length === 3, 30_000, 'three nodes');
  for (const [i, name] of names.entries()) {
    const podCIDR = `10.244.${i}.0/24`;
    await client.patch(nodes, name, undefined, 'strategic', { spec: { podCIDR, podCIDRs: [podCIDR] } });
  }
  const create = (i: number) =>
    client.create(pods, {
      metadata: { name: `p${i}`, namespace: 'default' },
      spec: { nodeName: names[i % 3], containers: [{ name: 'main', image: 'nginx:1' }] },
    } as any);
  await Promise.all(Array.from({ length: 30 }, (_, i) => create(i)));
  await until(async () => (await list()).some(ready), 30_000, 'a first ready pod');
  await stop('SIGKILL');
  await Promise.all(Array.from({ length: 15 }, (_, i) => create(30 + i)));
  start();
  await until(async () => (await list()).filter(ready).length === 45, 170_000, 'all pods ready');
  for (const pod of await list()) {
    expect(pod.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    expect(pod.status?.podIP).toMatch(new RegExp(`^10\\.244\\.${names.indexOf(pod.spec!.nodeName!)}\\.`));
  }
  expect(new Set((await list()).map((p) => p.status?.podIP)).size).toBe(45);
  // Calls are reported behind the work.
  const spans = async () => (await client.list(writes)).items.filter((w) => w.verb === 'CRI' && w.name === 'p44');
  await until(async () => (await spans()).length > 0, 30_000, 'the calls for the last pod');
  const [span] = await spans();
  expect(span).toMatchObject({ resource: 'pods', namespace: 'default' });
  expect(span!.message).toContain('RunPodSandbox');
  await client.deleteCollection(pods, { namespace: 'default' }, { gracePeriodSeconds: 1 });
  await until(async () => (await list()).length === 0, 30_000, 'all pods gone');
});

test('a socket that nobody serves is one sentence and not 0', async () => {
  const child = spawn(
    process.execPath,
    [main, '--container-runtime-endpoint=unix:///nowhere/cri.sock', `--root-dir=${folder}/x`, '--port=0'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(text).toMatch(
    /^kubelet: cannot reach the container runtime at unix:\/\/\/nowhere\/cri\.sock: .*--container-runtime-endpoint\.\n$/,
  );
});
