// Rows of the scheduler: where pods may go, whom they may push aside, and what a RuntimeClass adds. They need nodes and
// something that runs pods; most want the cluster for themselves. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { holds } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { agnhost, condition, minutes, pause } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(7) } as const;
/** What they take of the nodes would be missed by others. */
const alone = { ...classB, serial: true } as const;

const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  runAsUser: 1000,
  seccompProfile: { type: 'RuntimeDefault' },
};
interface PodOptions {
  requests?: Record<string, string>;
  labels?: Record<string, string>;
  spec?: object;
  metadata?: object;
  container?: object;
}
const pausePod = (name: string, { requests, labels, spec, metadata, container }: PodOptions = {}) => ({
  metadata: { name, labels, ...metadata },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name,
        image: pause,
        securityContext: restricted,
        ...(requests && { resources: { requests, limits: requests } }),
        ...container,
      },
    ],
    ...spec,
  },
});

const podsIn = (c: Context, namespace: string): Resource => c.of('v1', 'Pod', namespace);

const isRunning = (pod: any): boolean => pod.status?.phase === 'Running' && Boolean(pod.spec.nodeName);
const running = (c: Context, pods: Resource, name: string, most = minutes(2)) =>
  c.poll(500, most, `${name} runs`, async () => isRunning(await pods.get(name)));

async function failedScheduling(c: Context, namespace: string, name: string): Promise<void> {
  await c.poll(500, minutes(2), `${name} has a FailedScheduling event`, async () => {
    const { items } = await c.of('v1', 'Event', namespace).list();
    return items.some(
      (e: any) => e.type === 'Warning' && e.reason === 'FailedScheduling' && e.metadata.name.startsWith(name),
    );
  });
}

async function counts(pods: Resource): Promise<{ scheduled: number; not: number }> {
  const { items } = await pods.list();
  return {
    scheduled: items.filter((p: any) => condition(p, 'PodScheduled')?.status === 'True').length,
    not: items.filter((p: any) => !p.spec.nodeName).length,
  };
}

const nodeAffinity = (key: string, value: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: [value] }] }],
      },
    },
  },
});
const pinned = (node: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
      },
    },
  },
});

async function usableNodes(c: Context): Promise<any[]> {
  const { items } = await c.of('v1', 'Node').list();
  const free = items.filter(
    (n: any) => !n.spec.unschedulable && !n.spec.taints?.some((t: any) => t.effect !== 'PreferNoSchedule'),
  );
  assert.ok(free.length > 0, 'there is a node that takes pods');
  return free;
}

/** A label on a node, off again afterwards. */
async function label(c: Context, node: string, key: string, value: string): Promise<void> {
  const nodes = c.of('v1', 'Node');
  const set = (to: string | null) => nodes.patch(node, 'merge', { metadata: { labels: { [key]: to } } });
  c.after(() => set(null));
  await set(value);
}

// --- predicates --------------------------------------------------------------------------------------------------------

const milli = (cpu: string | undefined): number =>
  !cpu ? 0 : cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;

async function freeMilliCpu(c: Context, node: any): Promise<number> {
  const { items } = await c.of('v1', 'Pod').list({ fieldSelector: `spec.nodeName=${node.metadata.name}` });
  const ended = ['Succeeded', 'Failed'];
  const used = items
    .filter((p: any) => !ended.includes(p.status?.phase))
    .flatMap((p: any) => p.spec.containers)
    .reduce((sum: number, k: any) => sum + milli(k.resources?.requests?.cpu), 0);
  return milli(node.status.allocatable.cpu) - used;
}

async function resourceLimits(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const pods = emptied(c, podsIn(c, namespace));
  const nodes = await usableNodes(c);
  for (const n of nodes) await label(c, n.metadata.name, 'node', n.metadata.name);
  for (const n of nodes) {
    const { name } = n.metadata;
    const cpu = `${Math.floor((await freeMilliCpu(c, n)) * 0.7)}m`;
    await pods.create(pausePod(`filler-pod-${name}`, { requests: { cpu }, spec: nodeAffinity('node', name) }));
  }
  for (const n of nodes) await running(c, pods, `filler-pod-${n.metadata.name}`);
  const half = Math.max(...nodes.map((n) => Math.floor(milli(n.status.allocatable.cpu) * 0.5)));
  await pods.create(pausePod('additional-pod', { requests: { cpu: `${half}m` } }));
  await failedScheduling(c, namespace, 'additional-pod');
  assert.deepEqual(await counts(pods), { scheduled: nodes.length, not: 1 });
}

async function selectorNotMatching(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const pods = podsIn(c, namespace);
  await pods.create(pausePod('restricted-pod', { spec: { nodeSelector: { label: 'nonempty' } } }));
  await failedScheduling(c, namespace, 'restricted-pod');
  assert.deepEqual(await counts(pods), { scheduled: 0, not: 1 });
}

/** A node on which pods start. */
async function nodeThatRunsPods(c: Context, pods: Resource): Promise<string> {
  await pods.create(pausePod('without-label'));
  await running(c, pods, 'without-label');
  const { nodeName } = (await pods.get('without-label')).spec;
  await pods.delete('without-label', { gracePeriodSeconds: 0 });
  return nodeName;
}

async function selectorMatching(c: Context): Promise<void> {
  const pods = podsIn(c, await c.namespace());
  const node = await nodeThatRunsPods(c, pods);
  const key = `kubernetes.io/e2e-${c.unique()}`;
  await label(c, node, key, '42');
  await pods.create(pausePod('with-labels', { spec: { nodeSelector: { [key]: '42' } } }));
  await c.poll(500, minutes(5), 'with-labels leaves Pending', async () => {
    return (await pods.get('with-labels')).status.phase !== 'Pending';
  });
  assert.equal((await pods.get('with-labels')).spec.nodeName, node);
}

async function hostPortConflict(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const pods = podsIn(c, namespace);
  const node = await nodeThatRunsPods(c, pods);
  const key = `kubernetes.io/e2e-${c.unique()}`;
  await label(c, node, key, '95');
  const { status } = await c.of('v1', 'Node').get(node);
  const address = status.addresses.find((a: any) => a.type === 'InternalIP').address;
  const withPort = (name: string, hostIP: string) =>
    pausePod(name, {
      spec: { nodeSelector: { [key]: '95' } },
      container: {
        image: agnhost,
        args: ['netexec', '--http-port=8080', '--udp-port=8080'],
        ports: [{ hostPort: 54322, containerPort: 8080, protocol: 'TCP', hostIP }],
      },
    });
  await pods.create(withPort('pod4', ''));
  await running(c, pods, 'pod4');
  assert.equal((await pods.get('pod4')).spec.nodeName, node);
  await pods.create(withPort('pod5', address));
  await failedScheduling(c, namespace, 'pod5');
  await c.sleep(c.short(minutes(5)));
  const waiting = await pods.get('pod5');
  assert.ok(!waiting.spec.nodeName, 'pod5 has no node');
  holds(condition(waiting, 'PodScheduled'), { status: 'False', reason: 'Unschedulable' });
  assert.match(condition(waiting, 'PodScheduled').message, /didn't have free ports for the requested pod ports/);
}

// --- preemption --------------------------------------------------------------------------------------------------------

const foo = 'scheduling.k8s.io/foo';
const high = 'sched-preemption-high-priority';
const medium = 'sched-preemption-medium-priority';
const low = 'sched-preemption-low-priority';

async function priorityClasses(c: Context, values: Readonly<Record<string, number>>): Promise<void> {
  const classes = c.of('scheduling.k8s.io/v1', 'PriorityClass');
  for (const [name, value] of Object.entries(values)) {
    c.after(() => classes.delete(name).catch(() => undefined));
    await classes.create({ metadata: { name }, value }).catch((error: any) => {
      if (error.code !== 409) throw error;
    });
  }
}
const threeClasses = (c: Context) => priorityClasses(c, { [low]: 1, [medium]: 100, [high]: 1000 });

/** An extended resource on a node, seen there as allocatable; off again afterwards. */
async function offer(c: Context, node: string, resource: string, amount: string): Promise<void> {
  const nodes = c.of('v1', 'Node');
  const set = (to: string | null) =>
    nodes.patch(
      node,
      'strategic',
      { status: { capacity: { [resource]: to }, allocatable: { [resource]: to } } },
      'status',
    );
  c.after(() => set(null));
  await set(amount);
  await c.poll(200, minutes(1), `${resource} of ${node} is allocatable`, async () => {
    return (await nodes.get(node)).status.allocatable[resource] !== undefined;
  });
}

/** The next row must find the resource free: waits until the pods are gone. */
function emptied(c: Context, pods: Resource): Resource {
  c.after(async () => {
    await pods.deleteCollection({}, { gracePeriodSeconds: 0 });
    await c.poll(200, minutes(1), 'the pods are gone', async () => (await pods.list()).items.length === 0);
  });
  return pods;
}

/** 5 foo a node, of which two pods take 2 each; the very first is the least important. Then one that needs 2 more. */
async function preemption(c: Context, preemptor: { name: string; namespace?: string; priorityClassName: string }) {
  const pods = emptied(c, podsIn(c, await c.namespace()));
  await threeClasses(c);
  const nodes: string[] = (await usableNodes(c)).map((n) => n.metadata.name);
  for (const node of nodes) await offer(c, node, foo, '5');
  const names: string[] = [];
  for (const node of nodes)
    for (const i of [0, 1]) {
      const name = `pod${i}-${node}`;
      const priorityClassName = names.length ? medium : low;
      names.push(name);
      await pods.create(pausePod(name, { requests: { [foo]: '2' }, spec: { priorityClassName, ...pinned(node) } }));
    }
  for (const name of names) await running(c, pods, name);
  const own = preemptor.namespace ? podsIn(c, preemptor.namespace) : pods;
  if (own !== pods)
    c.after(async () => {
      await own.delete(preemptor.name, { gracePeriodSeconds: 0 }).catch(() => undefined);
      await c.gone(own, preemptor.name);
    });
  const { priorityClassName } = preemptor;
  await own.create(pausePod(preemptor.name, { requests: { [foo]: '2' }, spec: { priorityClassName } }));
  await running(c, own, preemptor.name);
  const [victim = '', ...others] = names;
  const isGoing = (pod: any) => pod.metadata.deletionTimestamp !== undefined;
  assert.ok(await pods.get(victim).then(isGoing, (error: any) => error.code === 404), 'the least important went');
  for (const name of others) assert.ok(!isGoing(await pods.get(name)), `${name} stays`);
}

async function disruptionCondition(c: Context): Promise<void> {
  const pods = emptied(c, podsIn(c, await c.namespace()));
  await threeClasses(c);
  const node: string = (await usableNodes(c))[0].metadata.name;
  await offer(c, node, foo, '1');
  const finalizers = ['example.com/test-finalizer'];
  const wants = (name: string, priorityClassName: string, metadata: object = {}) =>
    pods.create(pausePod(name, { requests: { [foo]: '1' }, metadata, spec: { priorityClassName, ...pinned(node) } }));
  c.after(() => pods.patch('victim-pod', 'merge', { metadata: { finalizers: null } }).catch(() => undefined));
  await wants('victim-pod', low, { finalizers });
  await running(c, pods, 'victim-pod');
  await wants('preemptor-pod', high);
  await c.poll(500, minutes(5), 'the victim is being deleted', async () => {
    return (await pods.get('victim-pod')).metadata.deletionTimestamp !== undefined;
  });
  holds(condition(await pods.get('victim-pod'), 'DisruptionTarget'), {
    status: 'True',
    reason: 'PreemptionByScheduler',
  });
}

const fakeCpu = 'example.com/fakecpu';

async function replicaSetPath(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const pods = podsIn(c, namespace);
  const sets = c.of('apps/v1', 'ReplicaSet', namespace);
  const [node] = (await usableNodes(c)).filter((n) => n.metadata.labels['kubernetes.io/hostname']);
  const hostname = node.metadata.labels['kubernetes.io/hostname'];
  await offer(c, node.metadata.name, fakeCpu, '1000');
  await priorityClasses(c, { p1: 1, p2: 2, p3: 3, p4: 4 });
  const here = { nodeSelector: { 'kubernetes.io/hostname': hostname } };
  const { metadata } = await pods.list();
  const watch = await pods.watch({ resourceVersion: metadata.resourceVersion });
  c.after(() => watch.close());
  for (const [i, amount] of ['200', '300', '450'].entries()) {
    const name = `rs-pod${i + 1}`;
    const labels = { name };
    const template = pausePod(name, {
      labels,
      requests: { [fakeCpu]: amount },
      spec: { priorityClassName: `p${i + 1}`, ...here },
    });
    await sets.create({
      metadata: { name },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
    });
    await c.poll(500, minutes(2), `${name} is available`, async () => {
      return (await sets.get(name)).status?.availableReplicas === 1;
    });
  }
  await pods.create(pausePod('pod4', { requests: { [fakeCpu]: '500' }, spec: { priorityClassName: 'p4', ...here } }));
  await c.poll(500, minutes(2), 'pod4 has a node', async () => Boolean((await pods.get('pod4')).spec.nodeName));
  const added = () => {
    const names = watch
      .pending()
      .filter((e) => e.type === 'ADDED')
      .map((e) => e.object.metadata.name as string);
    return ['rs-pod1', 'rs-pod2', 'rs-pod3'].map((prefix) => names.filter((n) => n.startsWith(prefix)).length);
  };
  const wanted = JSON.stringify([2, 2, 1]);
  await c.poll(500, minutes(1), 'pods were added 2, 2 and 1 times', async () => JSON.stringify(added()) === wanted);
  await c.sleep(c.short(5000));
  assert.equal(JSON.stringify(added()), wanted);
  const { items } = await pods.list();
  const replacements = items.filter((p: any) => /^rs-pod[12]/.test(p.metadata.name) && !p.metadata.deletionTimestamp);
  for (const p of replacements) assert.equal(p.status.phase, 'Pending', `${p.metadata.name} waits`);
}

// --- runtime classes ---------------------------------------------------------------------------------------------------

async function scheduledWith(c: Context, overhead: Record<string, string> | undefined): Promise<void> {
  const pods = podsIn(c, await c.namespace());
  const classes = c.of('node.k8s.io/v1', 'RuntimeClass');
  const name = c.unique('test-runtimeclass-');
  c.after(() => classes.delete(name));
  await classes.create({
    metadata: { name },
    handler: 'test-handler',
    ...(overhead && { overhead: { podFixed: overhead } }),
  });
  const made = await pods.create({
    metadata: { generateName: `test-runtimeclass-${name}-` },
    spec: {
      runtimeClassName: name,
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      containers: [{ name: 'test', image: 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1', command: ['true'] }],
    },
  });
  await c.poll(500, minutes(2), 'the pod is scheduled', async () => {
    return condition(await pods.get(made.metadata.name), 'PodScheduled')?.status === 'True';
  });
  const { items } = await pods.list();
  assert.equal(items.length, 1);
  assert.deepEqual(items[0].spec.overhead, overhead);
}

export const schedulingPodRows: Row[] = [
  row('scheduling.predicates.resource-limits', resourceLimits, alone),
  row('scheduling.predicates.node-selector-not-matching', selectorNotMatching, classB),
  row('scheduling.predicates.node-selector-matching', selectorMatching, classB),
  row('scheduling.predicates.host-port-conflict', hostPortConflict, classB),
  row('scheduling.preemption.basic', (c) => preemption(c, { name: 'preemptor-pod', priorityClassName: high }), alone),
  row(
    'scheduling.preemption.critical-pod',
    (c) =>
      preemption(c, { name: 'critical-pod', namespace: 'kube-system', priorityClassName: 'system-cluster-critical' }),
    alone,
  ),
  row('scheduling.preemption.disruption-condition', disruptionCondition, alone),
  row('scheduling.preemption.replicaset-path', replicaSetPath, alone),
  row('node.runtimeclass.scheduled-without-overhead', (c) => scheduledWith(c, undefined), classB),
  row('node.runtimeclass.scheduled-with-overhead', (c) => scheduledWith(c, { cpu: '10m', memory: '1Mi' }), classB),
];
