// A fleet beside a real API server: nodes with heartbeats, pods through Running to deleted, and the server killed in between.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { leases, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { fleetFlags } from '../../fleet/flags.ts';
import { run } from '../../fleet/main.ts';
import { startTestApiServer, type TestApiServer, until as untilWithin } from '../kit/apiServer.ts';

const nodeCount = 200;
const podCount = 500;
let api: TestApiServer;
let client: Client;
const stop = new AbortController();
let fleet: Promise<void>;

/** On a busy machine all of this takes its time; what is waited for says when it is there. */
const until = (holds: () => boolean | Promise<boolean>) => untilWithin(holds, 60_000);
const isReady = (o: any) => o.status?.conditions?.some((c: any) => c.type === 'Ready' && c.status === 'True');
const cached = { resourceVersion: '0' };
const inDefault = async () => (await client.list(pods, { namespace: 'default', ...cached })).items;

async function create(name: string, i: number, annotations: Record<string, string> = {}, finalizers?: string[]) {
  const spec = { nodeName: `fleet-${i % nodeCount}`, restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] };
  await client.create(pods, { metadata: { name, namespace: 'default', annotations, finalizers }, spec } as never);
}

beforeAll(async () => {
  api = await startTestApiServer({ process: true });
  client = await api.client();
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } } as never);
  const argv = [`--kubeconfig=${api.kubeconfig}`, `--nodes=${nodeCount}`, '--node-lease-duration-seconds=8'];
  const registered = Promise.withResolvers<void>();
  fleet = run(parseFlags(fleetFlags, argv).config, stop.signal, { log: silentLogger, registered: registered.resolve });
  await registered.promise;
});

afterAll(async () => {
  stop.abort();
  await fleet;
  client.close();
  await api.stop();
});

it('registers its nodes as a kubelet does', async () => {
  const { items } = await client.list(nodes);
  expect(items.filter(isReady)).toHaveLength(nodeCount);
  expect(new Set(items.map((n) => n.status!.addresses![0]!.address)).size).toBe(nodeCount);
});

it('takes pods through Running to deleted', async () => {
  await Promise.all(Array.from({ length: podCount }, (_, i) => create(`p${i}`, i)));
  await until(async () => (await inDefault()).filter((p) => p.status?.phase === 'Running').length === podCount);
  const running = await inDefault();
  expect(running.filter(isReady)).toHaveLength(podCount);
  expect(new Set(running.map((p) => p.status!.podIP)).size).toBe(podCount);
  await client.deleteCollection(pods, { namespace: 'default' });
  await until(async () => (await inDefault()).length === 0);
});

it('ends pods as their annotations say, and tells the end of one that a finalizer holds', async () => {
  await create('ends', 1, { 'simulated.mini-k8s.io/exit-after': '100ms', 'simulated.mini-k8s.io/exit-code': '3' });
  await create('held', 2, {}, ['example.com/held']);
  const get = (name: string) => client.get(pods, name, 'default');
  await until(async () => (await get('ends')).status?.phase === 'Failed');
  expect((await get('ends')).status!.containerStatuses![0]!.state!.terminated!.exitCode).toBe(3);
  await until(async () => (await get('held')).status?.phase === 'Running');
  await client.delete(pods, 'held', 'default');
  await until(async () => (await get('held')).status?.phase === 'Succeeded');
  await until(async () => (await get('held')).metadata.deletionGracePeriodSeconds === 0);
  await client.patch(pods, 'held', 'default', 'merge', { metadata: { finalizers: null } });
});

it('goes on after the API server was killed: heartbeats and pods', async () => {
  const renewals = async () => {
    const { items } = await client.list(leases, { namespace: 'kube-node-lease' });
    return new Map(items.map((l) => [l.metadata.name, l.spec!.renewTime]));
  };
  await until(async () => (await renewals()).size === nodeCount);
  await create('before', 3);
  await api.kill();
  await api.restart();
  const before = await renewals();
  await Promise.all(Array.from({ length: 50 }, (_, i) => create(`q${i}`, i)));
  await until(async () => (await inDefault()).filter((p) => p.status?.phase === 'Running').length === 51);
  await until(async () => [...(await renewals())].every(([name, time]) => before.get(name) !== time));
});
