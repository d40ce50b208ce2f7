// Two schedulers and two controller managers race, each under a name of its own, so that the journal tells their writes apart.
// The leader is killed, or cut off, in the middle of the work: another takes over, nothing is lost or doubled, and no two lead at once.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterRoleBindings, deployments, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import { type WriteRecord, writes } from '../../apimachinery/trace.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { startProxy, type TcpProxy } from '../apiserver/storage/etcdServer.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { createPods } from '../kit/faults.ts';

/** Upstream's flags, shortened from 15 s, 10 s and 2 s. */
const short = [
  '--leader-elect-lease-duration=6s',
  '--leader-elect-renew-deadline=5s',
  '--leader-elect-retry-period=500ms',
  '--secure-port=0',
];
/** Nodes here have no kubelet that would renew a Lease. */
const silentNodes = ['--node-monitor-grace-period=1h', '--node-startup-grace-period=1h'];
const roles = {
  scheduler: { main: 'scheduler/main.ts', lease: 'kube-scheduler', args: [] as string[] },
  manager: { main: 'controllers/main.ts', lease: 'kube-controller-manager', args: silentNodes },
};
type Role = keyof typeof roles;

let server: TestApiServer;
let client: Client;
let proxy: TcpProxy;
const running = new Map<string, ChildProcess>();

beforeAll(async () => {
  server = await startTestApiServer({ process: true });
  client = await server.client();
  proxy = await startProxy(server.port);
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: now, lastTransitionTime: now }];
  const capacity = { cpu: '64', memory: '64Gi', pods: '110' };
  for (let i = 0; i < 10; i++) {
    const name = `n${i}`;
    await client.create(nodes, { metadata: { name } } as never);
    await client.patch(
      nodes,
      name,
      undefined,
      'merge',
      { status: { conditions, capacity, allocatable: capacity } },
      { subresource: 'status' },
    );
  }
  for (const role of Object.keys(roles) as Role[]) for (const which of ['a', 'b']) await identity(`${role}-${which}`);
});
afterAll(async () => {
  for (const name of [...running.keys()]) leave(name, 'SIGKILL');
  for (const child of left) child.kill('SIGKILL');
  proxy?.close();
  client?.close();
  await server?.stop();
});

const account = (name: string) => `system:serviceaccount:kube-system:${name}`;

/** A ServiceAccount that may do all, with a kubeconfig; `a` of each role comes through the proxy. */
async function identity(name: string): Promise<void> {
  const namespace = 'kube-system';
  await client.create(serviceAccounts, { metadata: { name, namespace } });
  await client.create(clusterRoleBindings, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  } as never);
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } };
  const answer: any = await client.post(serviceAccounts as never, name, namespace, 'token', request);
  const url = name.endsWith('-a') ? proxy.endpoint.replace('http:', 'https:') : server.url;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': join(server.folder, 'pki/ca.crt') } }],
    users: [{ name, user: { token: answer.status.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: name } }],
    'current-context': 'x',
  };
  writeFileSync(join(server.folder, name), JSON.stringify(config));
}

/** As under a supervisor it comes again when it ends by itself: a busy machine can cost a leader its Lease. Until `leave`. */
function start(name: string): void {
  const { main, args } = roles[name.split('-')[0] as Role];
  const file = new URL(`../../${main}`, import.meta.url).pathname;
  const argv = [file, `--kubeconfig=${join(server.folder, name)}`, ...short, ...args];
  const child = spawn(process.execPath, argv, { stdio: 'ignore' });
  child.once('exit', (code) => {
    if (running.get(name) === child && code !== null) start(name);
  });
  running.set(name, child);
}
const left: ChildProcess[] = [];
/** It is not started again. */
function leave(name: string, signal?: NodeJS.Signals): void {
  const child = running.get(name)!;
  running.delete(name);
  left.push(child);
  if (signal) child.kill(signal);
}
const allLeft = () => left.every((child) => child.exitCode !== null || child.signalCode !== null);

const journal = async () =>
  (await client.list(writes)).items.sort(
    (x, y) => Number(x.metadata.resourceVersion) - Number(y.metadata.resourceVersion),
  );
const isLease = (r: WriteRecord, role: Role) =>
  r.resource === 'leases.coordination.k8s.io' && r.name === roles[role].lease;
/** Whose write of the Lease was accepted last: `a` or `b`. */
const leader = async (role: Role): Promise<string | undefined> =>
  (await journal()).findLast((r) => isLease(r, role))?.user.at(-1);

/** Every write of a scheduler or manager that was accepted while another held the Lease. Events tell of what was done before. */
async function usurpers(role: Role): Promise<string[]> {
  let holder = '';
  const wrong: string[] = [];
  for (const r of await journal()) {
    if (!r.user.startsWith(account(`${role}-`))) continue;
    if (isLease(r, role)) holder = r.user;
    else if (r.user !== holder && r.resource !== 'events')
      wrong.push(`${r.user} at ${r.metadata.resourceVersion}: ${r.verb} ${r.resource}/${r.name} under ${holder}`);
  }
  return wrong;
}

const all = async () => (await client.list(pods, { namespace: 'default' })).items as Pod[];
async function settled(created: number, replicas: number): Promise<void> {
  const bound = async () => (await all()).filter((p) => p.spec?.nodeName).length;
  const areBound = async () => (await bound()) >= created + replicas;
  await until(areBound, 180_000, `${created + replicas} bound pods`, 500).catch(async (error) => {
    const now = [(await all()).length, await bound(), await leader('scheduler'), await leader('manager')];
    throw new Error(`${error.message}: pods, bound, leaders: ${now}`);
  });
  const list = await all();
  expect(list).toHaveLength(created + replicas);
  expect(list.filter((p) => p.metadata.ownerReferences)).toHaveLength(replicas);
  const bindings = (await journal()).filter((r) => r.subresource === 'binding').map((r) => r.uid);
  expect(new Set(bindings).size).toBe(bindings.length);
  for (const role of Object.keys(roles) as Role[]) expect(await usurpers(role)).toEqual([]);
}
const labels = { app: 'web' };
const scale = (replicas: number) => client.patch(deployments, 'web', 'default', 'merge', { spec: { replicas } });

const leads = async () => (await leader('scheduler')) === 'a' && (await leader('manager')) === 'a';
/** From b to a, which leads from then on; b stands by. */
async function giveWay(): Promise<void> {
  for (const name of ['scheduler-b', 'manager-b']) leave(name, 'SIGTERM');
  await until(leads, 60_000, 'a to lead', 300);
  await until(allLeft, 30_000, 'the end of b');
  for (const name of ['scheduler-b', 'manager-b']) start(name);
}

it('the leaders killed in the middle of 500 creates and a scaling', async () => {
  for (const name of ['scheduler-a', 'manager-a']) start(name);
  await until(leads, 60_000, 'a to lead', 300);
  for (const name of ['scheduler-b', 'manager-b']) start(name);
  await until(
    () =>
      client.get(serviceAccounts, 'default', 'default').then(
        () => true,
        () => false,
      ),
    30_000,
    'the default ServiceAccount',
  );
  await client.create(deployments, {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 10,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
    },
  } as never);
  const acknowledged = await createPods(client, 'default', 500, {
    150: () => scale(150),
    200: () => {
      for (const name of ['scheduler-a', 'manager-a']) leave(name, 'SIGKILL');
    },
  });
  await settled(500, 150);
  const uids = new Set((await all()).map((p) => p.metadata.uid));
  expect([...acknowledged.values()].filter((uid) => !uids.has(uid))).toEqual([]);
  expect([await leader('scheduler'), await leader('manager')]).toEqual(['b', 'b']);
}, 400_000);

it('a leader that gets no answers any more ends before the other takes over', async () => {
  for (const name of ['scheduler-a', 'manager-a']) start(name);
  await giveWay();
  await scale(160);
  await settled(500, 160);
  // A busy machine may have cost a its lead: who does not lead has nothing to lose and would not end.
  if (!(await leads())) await giveWay();
  await scale(300);
  proxy.mute = true;
  const cut = ['scheduler-a', 'manager-a'].map((name) => running.get(name)!);
  for (const name of ['scheduler-a', 'manager-a']) leave(name);
  await until(allLeft, 30_000, 'the end of those without answers').catch(async (error) => {
    throw new Error(`${error.message}: leaders: ${[await leader('scheduler'), await leader('manager')]}`);
  });
  expect(cut.map((child) => child.exitCode)).toEqual([1, 1]);
  proxy.mute = false;
  await settled(500, 300);
  expect([await leader('scheduler'), await leader('manager')]).toEqual(['b', 'b']);
}, 400_000);
