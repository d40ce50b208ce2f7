// Workloads of all kinds while everything around their controllers fails: two controller managers and two schedulers, whose clocks are ten
// minutes apart, behind a proxy that fails every tenth write; watches with gaps; the API server away; the leaders killed at random moments.
// After each round all is as asked, and nothing is there twice. FAULT_ROUNDS=n (`npm run test:faults`) for more than the one round of CI.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  clusterRoleBindings,
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  namespaces,
  nodes,
  pods,
  type Resource,
  replicaSets,
  serviceAccounts,
  statefulSets,
} from '../../apimachinery/resources.ts';
import { type WriteRecord, writes } from '../../apimachinery/trace.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type FaultProxy, startFaultProxy } from '../kit/faultProxy.ts';
import { insist, watchBindings } from '../kit/faults.ts';

const rounds = Number(process.env['FAULT_ROUNDS'] ?? 1);
const namespace = 'work';
const nodeNames = ['n0', 'n1', 'n2', 'n3'];
/** Upstream's times, shortened where there is little of it: not more, as a busy machine costs leaders their Leases. */
const short = [
  '--leader-elect-lease-duration=8s',
  '--leader-elect-renew-deadline=6s',
  '--leader-elect-retry-period=500ms',
];
const elect = ['--secure-port=0', ...(rounds > 1 ? [] : short)];
const silentNodes = ['--node-monitor-grace-period=1h', '--node-startup-grace-period=1h'];
const mains = { scheduler: 'scheduler/main.ts', manager: 'controllers/main.ts' };
const leaseNames = { scheduler: 'kube-scheduler', manager: 'kube-controller-manager' };
type Role = keyof typeof mains;

let server: TestApiServer;
let apiProcess: ChildProcess;
let client: Client;
let proxy: FaultProxy;
let bindings: ReturnType<typeof watchBindings>;
const agent = new AbortController();
const running = new Map<string, ChildProcess>();
let ending = false;
/** Minutes by which clocks are wrong, of processes that start from now on. */
let apart = 5;

/** A process whose clock is wrong by so many minutes. */
const skew = (minutes: number) =>
  `data:text/javascript,${encodeURIComponent(
    `const Real = Date; const off = ${minutes * 60_000};
     globalThis.Date = class extends Real {
       constructor(...a) { a.length ? super(...a) : super(Real.now() + off); }
       static now() { return Real.now() + off; }
     };`,
  )}`;

/** As under a supervisor it comes again whenever it ends. */
function start(name: string): void {
  const role = name.split('-')[0] as Role;
  const main = new URL(`../../${mains[role]}`, import.meta.url).pathname;
  const args = [`--kubeconfig=${join(server.folder, name)}`, ...elect, ...(role === 'manager' ? silentNodes : [])];
  const child = spawn(process.execPath, ['--import', skew(name.endsWith('-a') ? apart : -apart), main, ...args], {
    stdio: 'ignore',
  });
  running.set(name, child);
  child.once('exit', () => ending || setTimeout(() => ending || start(name), 300));
}

async function identity(name: string): Promise<void> {
  const where = { name, namespace: 'kube-system' };
  await client.create(serviceAccounts, { metadata: where });
  await client.create(clusterRoleBindings, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', ...where }],
  } as never);
  const ask = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } };
  const { status }: any = await client.post(serviceAccounts as never, name, where.namespace, 'token', ask);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: proxy.endpoint } }],
    users: [{ name, user: { token: status.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: name } }],
    'current-context': 'x',
  };
  writeFileSync(join(server.folder, name), JSON.stringify(config));
}

/** What nodes do: bound pods run, those of the image `ends` succeed, deleted ones go. Tries again until it is answered. */
async function runBound(): Promise<void> {
  const seen = new Set<string>();
  const once = (key: string, work: () => Promise<unknown>) => {
    if (seen.has(key)) return;
    seen.add(key);
    insist(work, 600_000).catch(() => seen.delete(key));
  };
  const report = ({ metadata }: Pod, status: object) =>
    client.patch(pods, metadata.name, namespace, 'merge', { status }, { subresource: 'status' });
  const see = (pod: Pod) => {
    const { name, uid, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp)
      return once(`delete ${uid}`, () => client.delete(pods, name, namespace, { gracePeriodSeconds: 0 }));
    if (!pod.spec?.nodeName || pod.status?.phase === 'Succeeded') return;
    const at = `${new Date().toISOString().slice(0, 19)}Z`;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at }];
    once(`run ${uid}`, () => report(pod, { phase: 'Running', startTime: at, conditions }));
    if (pod.spec.containers[0]!.image === 'ends' && pod.status?.phase === 'Running')
      once(`end ${uid}`, () =>
        report(pod, { phase: 'Succeeded', conditions: [{ ...conditions[0], status: 'False' }] }),
      );
  };
  while (!agent.signal.aborted) {
    try {
      for await (const event of client.watch(pods, { namespace }, agent.signal))
        if (event.type === 'ADDED' || event.type === 'MODIFIED') see(event.object as Pod);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

beforeAll(async () => {
  server = await startTestApiServer({
    process: true,
    onProcess: (child) => {
      apiProcess = child;
    },
  });
  client = await server.client();
  bindings = watchBindings(client);
  proxy = await startFaultProxy(server.port);
  const capacity = { cpu: '64', memory: '64Gi', pods: '110' };
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: at, lastTransitionTime: at }];
  for (const name of nodeNames) {
    await client.create(nodes, { metadata: { name } } as never);
    const status = { conditions, capacity, allocatable: capacity };
    await client.patch(nodes, name, undefined, 'merge', { status }, { subresource: 'status' });
  }
  for (const role of Object.keys(mains)) for (const which of ['a', 'b']) await identity(`${role}-${which}`);
  await client.create(namespaces, { metadata: { name: namespace } });
  void runBound();
  proxy.failing = true;
  for (const role of Object.keys(mains)) for (const which of ['a', 'b']) start(`${role}-${which}`);
  const account = () => client.get(serviceAccounts, 'default', namespace).then(Boolean, () => false);
  await until(account, 90_000, 'the default ServiceAccount');
});
afterAll(async () => {
  ending = true;
  agent.abort();
  apiProcess?.kill('SIGCONT');
  for (const child of running.values()) child.kill('SIGKILL');
  await bindings?.stop();
  proxy?.close();
  client?.close();
  await server?.stop();
});

const template = (app: string, image: string) => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image }] },
});
const sized = { web: 12, db: 4, agent: nodeNames.length };
const kinds = { web: deployments, db: statefulSets, agent: daemonSets } as Record<keyof typeof sized, Resource<any>>;
const apps = Object.keys(sized) as (keyof typeof sized)[];

async function apply(image: string, isNew: boolean): Promise<void> {
  for (const app of apps) {
    const spec = { selector: { matchLabels: { app } }, template: template(app, image) };
    const size = app === 'agent' ? {} : { replicas: sized[app] };
    if (isNew)
      await client.create(kinds[app], { metadata: { name: app, namespace }, spec: { ...spec, ...size } } as never);
    else
      await insist(() =>
        client.patch(kinds[app], app, namespace, 'strategic', { spec: { template: template(app, image) } }),
      );
  }
}

const job = (name: string) => {
  const { metadata, spec } = template(name, 'ends');
  const pod = { metadata, spec: { ...spec, restartPolicy: 'Never' } };
  return { metadata: { name, namespace }, spec: { completions: 12, parallelism: 4, backoffLimit: 0, template: pod } };
};

/** None of these can ever be well; nobody else may suffer from it. */
async function createBroken(): Promise<void> {
  const owner = (apiVersion: string, kind: string) => [{ apiVersion, kind, name: 'x', uid: 'x', controller: true }];
  const bare = (name: string, ownerReferences: object[]) => ({
    metadata: { name, namespace, ownerReferences, labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'web' }], nodeSelector: { never: 'there' } },
  });
  await client.create(pods, bare('unknown-kind', owner('example.com/v1', 'Nonesuch')) as never);
  await client.create(pods, bare('unknown-controller', owner('apps/v1', 'Nonesuch')) as never);
  const absent = { ...template('broken', 'v1') };
  Object.assign(absent.spec, { serviceAccountName: 'absent' });
  const spec = { selector: { matchLabels: { app: 'broken' } }, template: absent };
  for (const r of [deployments, statefulSets, daemonSets] as Resource<any>[])
    await client.create(r, { metadata: { name: 'broken', namespace }, spec } as never);
  await client.create(jobs, {
    metadata: { name: 'broken', namespace },
    spec: { template: { ...absent, spec: { ...absent.spec, restartPolicy: 'Never' } } },
  } as never);
}

const items = async <T>(r: Resource<any>): Promise<T[]> =>
  (await insist(() => client.list(r, { namespace }))).items as T[];
const isReady = (p: Pod) => p.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;

/** Exactly so many pods of each, all of this image, all ready; the Jobs complete with exactly their pods. */
async function settles(image: string, jobNames: string[]): Promise<void> {
  let missing = '';
  const isRight = async () => {
    const all = await items<Pod>(pods);
    const of = (app: string) =>
      all.filter((p) => p.metadata.labels?.['app'] === app && p.metadata.ownerReferences?.[0]?.name !== 'x');
    const wrong = apps.filter((app) => {
      const here = of(app);
      const fits = here.every(
        (p) => isReady(p) && p.spec?.containers[0]?.image === image && !p.metadata.deletionTimestamp,
      );
      return here.length !== sized[app] || !fits;
    });
    const unfinished = (await items<any>(jobs)).filter(
      (j) => jobNames.includes(j.metadata.name) && !j.status?.conditions?.some((c: any) => c.type === 'Complete'),
    );
    missing = [
      ...wrong.map((app) => `${app} ${of(app).length}`),
      ...unfinished.map((j) => JSON.stringify(j.status)),
    ].join();
    return missing === '';
  };
  await until(isRight, 240_000, 'all of it', 200).catch((error) => {
    throw new Error(`${error.message}: ${missing}`);
  });
  for (const { metadata, status } of await items<any>(jobs)) {
    if (!jobNames.includes(metadata.name)) continue;
    expect([status.succeeded, status.failed ?? 0], metadata.name).toEqual([12, 0]);
    const own = (await items<Pod>(pods)).filter((p) => p.metadata.labels?.['app'] === metadata.name);
    expect(own.length, `pods of ${metadata.name}`).toBe(12);
  }
  const wanted = (await items<any>(replicaSets)).filter(
    (rs) => rs.metadata.labels.app === 'web' && rs.spec.replicas > 0,
  );
  expect(wanted.map((rs) => rs.spec.replicas)).toEqual([sized.web]);
  expect(bindings.problems).toEqual([]);
}

/** `a` or `b`: whose write of the Lease was accepted last. */
async function leader(role: Role): Promise<string> {
  const all = (await insist(() => client.list(writes as Resource<any>))).items as WriteRecord[];
  const own = all.filter((r) => r.resource === 'leases.coordination.k8s.io' && r.name === leaseNames[role]);
  own.sort((x, y) => Number(x.metadata.resourceVersion) - Number(y.metadata.resourceVersion));
  return own.at(-1)!.user.at(-1)!;
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('all converges, nothing is doubled', { timeout: 300_000 + rounds * 600_000 }, async () => {
  await createBroken();
  await apply('v0', true);
  await client.create(jobs, job('first') as never);
  await settles('v0', ['first']);
  expect(
    Object.values(proxy.failed).every((n) => n > 0),
    JSON.stringify(proxy.failed),
  ).toBe(true);

  for (let round = 1; round <= rounds; round++) {
    // Watches end, and what happens meanwhile is never told.
    await apply(`v${round}-gap`, false);
    await client.create(jobs, job(`gap-${round}`) as never);
    for (let i = 0; i < 4; i++) {
      await pause(300 + Math.random() * 500);
      proxy.gap();
    }
    await settles(`v${round}-gap`, [`gap-${round}`]);

    // The API server answers nobody for a while, in the middle of a rollout.
    await apply(`v${round}-away`, false);
    await client.create(jobs, job(`away-${round}`) as never);
    await pause(Math.random() * 1000);
    apiProcess.kill('SIGSTOP');
    await pause(rounds > 1 ? 60_000 : 4000);
    apiProcess.kill('SIGCONT');
    await settles(`v${round}-away`, [`away-${round}`]);

    // Whoever leads is killed.
    await apply(`v${round}-kill`, false);
    await client.create(jobs, job(`kill-${round}`) as never);
    for (const role of Object.keys(mains) as Role[]) {
      await pause(Math.random() * 1500);
      running.get(`${role}-${await leader(role)}`)!.kill('SIGKILL');
    }
    await settles(`v${round}-kill`, [`kill-${round}`]);
  }
});

/** Goes by the minute: not in the short run. */
const inLongRun = rounds > 1 ? it : () => {};
inLongRun('a CronJob starts each of its Jobs once, whoever leads', { timeout: 400_000 }, async () => {
  // A schedule goes by the clock of who leads: one that is behind lets it wait until it has caught up.
  apart = 0.2;
  for (const name of ['manager-a', 'manager-b']) running.get(name)!.kill('SIGKILL');
  const jobTemplate = {
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'ends' }] } } },
  };
  await client.create(cronJobs, {
    metadata: { name: 'tick', namespace },
    spec: { schedule: '* * * * *', successfulJobsHistoryLimit: 10, jobTemplate },
  } as never);
  const made = async () => (await items<any>(jobs)).filter((j) => j.metadata.ownerReferences?.[0]?.name === 'tick');
  await until(async () => (await made()).length >= 1, 180_000, 'the first');
  running.get(`manager-${await leader('manager')}`)!.kill('SIGKILL');
  await until(async () => (await made()).length >= 2, 180_000, 'the second');
  const names = (await made()).map((j) => j.metadata.name);
  expect(new Set(names).size).toBe(names.length);
});
