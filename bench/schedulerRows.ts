// The scheduler alone at upstream's sizes: nodes that exist in the API only, pods that are created while the clock runs, through
// HTTP, with Events. The rate is of pods bound, from the first creation to the last binding.
// Beside it: what it is aimed at, and the CPU time that one pod took of each process, which says more on a busy machine.
// Next: workloads.ts, what is measured.
import { events, namespaces, nodes, pods, services } from '../apimachinery/resources.ts';
import type { Client } from '../client/client.ts';
import {
  account,
  type Component,
  type Components,
  createMany,
  metricOf,
  perItem,
  startComponents,
  waitFor,
  watchCpu,
} from './components.ts';
import type { LoadJob } from './loadJob.ts';
import { pause, runLoad } from './processes.ts';
import type { Row } from './table.ts';
import type { Workload } from './workloads.ts';

const attempts = (result: string) =>
  `scheduler_schedule_attempts_total{profile="default-scheduler",result="${result}"}`;

export async function schedulerRow(w: Workload, log: (text: string) => void): Promise<Row[]> {
  // Nobody is there to take off the taint of new nodes.
  const c = await startComponents('--disable-admission-plugins=TaintNodesByCondition');
  try {
    log(`scheduler-${w.name}: making ${w.nodes} nodes and ${w.init.reduce((n, i) => n + i.count, 0)} pods`);
    await prepare(c, w);
    const scheduler = await c.startScheduler();
    await waitFor('the scheduler begins', 60, () => readiness(scheduler), Boolean);
    return [await measure(c, scheduler, w, log)];
  } finally {
    await c.remove();
  }
}

/** It has bound a pod: so it knows all nodes and pods. */
async function readiness(scheduler: Component): Promise<boolean> {
  return (await metricOf(scheduler, attempts('scheduled'))) > 0;
}

async function prepare(c: Components, w: Workload): Promise<void> {
  for (const name of ['init', 'measured', 'churn']) {
    await c.client.create(namespaces, { metadata: { name } } as never);
    await account(c.client, name);
  }
  const priority = { group: 'scheduling.k8s.io', version: 'v1', plural: 'priorityclasses', kind: 'PriorityClass' };
  await c.client.create({ ...priority, namespaced: false }, { metadata: { name: 'high' }, value: 10 } as never);
  await createMany(w.nodes, (i) => c.client.create(nodes, node(`n${i}`, w.zones[i % w.zones.length])));
  let placed = 0;
  for (const { pod, count } of w.init)
    await createMany(count, () => {
      const i = placed++;
      return createPod(c.client, 'init', `init-${i}`, pod, `n${i % w.nodes}`);
    });
  if (w.service) await createService(c.client, 'measured', 'all', w.service);
  await createPod(c.client, 'init', 'first', w.pod);
}

const node = (name: string, zone?: string): never => {
  const amounts = { cpu: '4', memory: '32Gi', pods: '110' };
  const labels = { 'kubernetes.io/hostname': name, ...(zone && { 'topology.kubernetes.io/zone': zone }) };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }];
  return { metadata: { name, labels }, status: { capacity: amounts, allocatable: amounts, conditions } } as never;
};

const createPod = (client: Client, namespace: string, name: string, template: any, nodeName?: string) =>
  client.create(pods, {
    metadata: { ...template.metadata, name, namespace },
    spec: { ...template.spec, ...(nodeName && { nodeName }) },
  } as never);

const createService = (client: Client, namespace: string, name: string, selector: Record<string, string>) =>
  client.create(services, { metadata: { name, namespace }, spec: { selector, ports: [{ port: 80 }] } } as never);

async function measure(c: Components, scheduler: Component, w: Workload, log: (text: string) => void): Promise<Row> {
  const scheduled = () => metricOf(scheduler, attempts('scheduled'));
  const before = await scheduled();
  const template: any = w.pod;
  const job: LoadJob = {
    ...{ url: c.url, ca: `${c.pki}/ca.crt`, cert: `${c.pki}/admin.crt`, key: `${c.pki}/admin.key` },
    ...{ op: 'create', requests: w.count, connections: 16, objects: 0, watchers: 0 },
    collection: '/api/v1/namespaces/measured/pods',
    template: JSON.stringify({ ...template, metadata: { ...template.metadata, name: 'NAME' } }),
  };
  const ended = new AbortController();
  const churning = w.churn && churn(c.client, w.churn, ended.signal);
  const spent = watchCpu([scheduler, c.apiserver]);
  const begun = performance.now();
  const loading = runLoad(job);
  let told = begun;
  const all = waitFor(`scheduler-${w.name}`, 300, scheduled, (n) => {
    if (performance.now() - told > 5000) {
      told = performance.now();
      log(`  ${n - before} of ${w.count}`);
    }
    return n - before >= w.count;
  });
  await Promise.all([loading, all]);
  const seconds = (performance.now() - begun) / 1000;
  const cpu = spent();
  ended.abort();
  await churning;
  await check(c.client, w);
  return {
    what: `scheduler-${w.name}: pods bound on ${w.nodes.toLocaleString('en-US')} nodes`,
    ours: w.count / seconds,
    unit: '/s',
    reference: `CPU a pod: ${perItem(cpu, w.count)}; aim${w.floor ? ` (half of upstream's ${w.floor})` : ''}`,
    theirs: w.aim,
  };
}

/** Something else goes on: pods that do not fit or that push others out; with `recreate` also a node and a Service come and go. */
async function churn(client: Client, o: NonNullable<Workload['churn']>, signal: AbortSignal): Promise<void> {
  const namespace = 'churn';
  const now = { gracePeriodSeconds: 0 };
  for (let i = 0; !signal.aborted; i++) {
    await createPod(client, namespace, `churn-${i}`, o.pod);
    if (o.recreate) {
      const name = `churn-${i}`;
      await client.create(nodes, node(name));
      await createService(client, namespace, name, { app: 'churn' });
      await pause(o.every);
      await client.delete(nodes, name);
      await client.delete(services, name, namespace);
      await client.delete(pods, name, namespace, now);
    } else await pause(o.every);
  }
}

/** All are on nodes; their Events have come too, soon after. */
async function check(client: Client, w: Workload): Promise<void> {
  const { items } = await client.list(pods, { namespace: 'measured', resourceVersion: '0' });
  const bound = items.filter((p) => p.spec?.nodeName).length;
  if (bound < w.count * 0.97) throw new Error(`scheduler-${w.name}: only ${bound} of ${w.count} pods have a node`);
  const told = async () => {
    const list = await client.list(events, { namespace: 'measured', resourceVersion: '0', metadataOnly: true });
    return list.items.length;
  };
  await waitFor('Events', 60, told, (n) => n >= w.count * 0.97);
}
