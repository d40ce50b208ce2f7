// Rows of ResourceQuotas: usage shows soon after a create and a delete, and more than is allowed is refused. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { compareQuantities, parseQuantity } from '../../../apimachinery/quantity.ts';
import { refused } from '../harness/apiError.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';
import { agnhost, minutes } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(5) } as const;
const forbidden = { code: 403, reason: 'Forbidden' };
const dongle = 'example.com/dongle';
const storageClass = 'gold.storageclass.storage.k8s.io';
const everything = {
  pods: '5',
  services: '10',
  'services.nodeports': '1',
  'services.loadbalancers': '1',
  replicationcontrollers: '10',
  resourcequotas: '1',
  cpu: '1',
  memory: '500Mi',
  configmaps: '10',
  secrets: '10',
  persistentvolumeclaims: '10',
  'requests.storage': '10Gi',
  'ephemeral-storage': '50Gi',
  [`${storageClass}/persistentvolumeclaims`]: '10',
  [`${storageClass}/requests.storage`]: '10Gi',
  'count/replicasets.apps': '5',
  [`requests.${dongle}`]: '3',
};

const isEqual = (a: string | undefined, b: string) =>
  a !== undefined && compareQuantities(parseQuantity(a), parseQuantity(b)) === 0;

async function scene(c: Context) {
  const namespace = await c.namespace();
  const quotas = c.of('v1', 'ResourceQuota', namespace);
  const uses = (wanted: Record<string, string>, name = 'test-quota') =>
    c.poll(2000, minutes(2), `${name} says ${JSON.stringify(wanted)}`, async () => {
      const used = (await quotas.get(name)).status?.used ?? {};
      return Object.entries(wanted).every(([key, value]) => isEqual(used[key], value));
    });
  const create = async (hard: Record<string, string> = everything, more: object = {}, name = 'test-quota') => {
    const before = (await quotas.list()).items.length;
    await quotas.create({ metadata: { name }, spec: { hard, ...more } });
    const first: Record<string, string> = { [Object.keys(hard)[0]!]: '0' };
    if (Object.hasOwn(hard, 'resourcequotas')) first['resourcequotas'] = String(before + 1);
    await uses(first, name);
  };
  return {
    namespace,
    quotas,
    uses,
    create,
    of: (apiVersion: string, kind: string) => c.of(apiVersion, kind, namespace),
  };
}

const pod = (name: string, requests: object = {}, limits: object = {}, more: object = {}) => ({
  metadata: { name },
  spec: {
    nodeSelector: { 'x-test.k8s.io/unsatisfiable': 'not-schedulable' },
    containers: [{ name: 'pause', image: agnhost, resources: { requests, limits } }],
    ...more,
  },
});
const template = { metadata: { labels: { name: 'x' } }, spec: { containers: [{ name: 'x', image: agnhost }] } };
const amounts = { 'requests.cpu': '1', 'requests.memory': '500Mi', 'limits.cpu': '2', 'limits.memory': '1Gi' };
const sized = [
  { cpu: '500m', memory: '200Mi' },
  { cpu: '1', memory: '400Mi' },
] as const;
const sizedUse = {
  pods: '1',
  'requests.cpu': '500m',
  'requests.memory': '200Mi',
  'limits.cpu': '1',
  'limits.memory': '400Mi',
};

/** Two quotas of opposite scopes: each pod counts in one of them alone. */
async function opposite(
  c: Context,
  scopes: [string, string],
  hard: Record<string, string>,
  pods: [object, object, object, object],
) {
  const { of, uses, create } = await scene(c);
  const names = ['quota-first', 'quota-second'] as const;
  for (const i of [0, 1] as const) await create(hard, { scopes: [scopes[i]] }, names[i]);
  const none = Object.fromEntries(Object.keys(hard).map((k) => [k, '0']));
  const [first, firstUse, second, secondUse] = pods;
  for (const [body, at, use] of [
    [first, 0, firstUse],
    [second, 1, secondUse],
  ] as const) {
    const made = await of('v1', 'Pod').create(body);
    await uses(use as Record<string, string>, names[at]);
    await c.sleep(c.short(10_000));
    await uses(none, names[1 - at]);
    await of('v1', 'Pod').delete(made.metadata.name, { gracePeriodSeconds: 0 });
    await uses(none, names[at]);
  }
}

/** Objects of a kind of which the namespace has some already: one more fits, and is counted for as long as it is there. */
async function plainKind(c: Context, kind: string, key: string) {
  const { of, uses, create } = await scene(c);
  const objects = of('v1', kind);
  const before = (await objects.list()).items.length;
  await create({ ...everything, [key]: String(before + 1) });
  await uses({ [key]: String(before) });
  await objects.create({ metadata: { name: 'test' }, data: { a: Buffer.from('b').toString('base64') } });
  await uses({ [key]: String(before + 1) });
  await refused(objects.create({ metadata: { name: 'more' } }), forbidden);
  await objects.delete('test');
  await uses({ [key]: String(before) });
}

export const quotaRows: Row[] = [
  row('api.quota.status-calculated', async (c) => void (await (await scene(c)).create()), classB),
  row(
    'api.quota.service',
    async (c) => {
      const { of, uses, create } = await scene(c);
      await create();
      const services = of('v1', 'Service');
      const body = (name: string, spec: object) => ({
        metadata: { name },
        spec: { selector: { a: 'b' }, ports: [{ port: 80 }], ...spec },
      });
      await services.create(body('cluster', { type: 'ClusterIP' }));
      await services.create(body('ports', { type: 'NodePort' }));
      const balancer = body('balancer', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: true });
      await refused(services.create(balancer), forbidden);
      await uses({ services: '2', 'services.nodeports': '1' });
      for (const name of ['cluster', 'ports']) await services.delete(name);
      await uses({ services: '0', 'services.nodeports': '0' });
    },
    classB,
  ),
  row('api.quota.secret', (c) => plainKind(c, 'Secret', 'secrets'), classB),
  row('api.quota.configmap', (c) => plainKind(c, 'ConfigMap', 'configmaps'), classB),
  row(
    'api.quota.pod',
    async (c) => {
      const { of, uses, create } = await scene(c);
      await create();
      const pods = of('v1', 'Pod');
      const size = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [dongle]: '2' };
      await pods.create(pod('test-pod', size, { [dongle]: '2' }));
      const usage = {
        pods: '1',
        cpu: '500m',
        memory: '252Mi',
        'ephemeral-storage': '30Gi',
        [`requests.${dongle}`]: '2',
      };
      await uses(usage);
      await refused(pods.create(pod('fail-cpu', { cpu: '600m', memory: '100Mi' })), forbidden);
      await refused(
        pods.create(pod('fail-dongle', { cpu: '500m', memory: '100Mi', [dongle]: '2' }, { [dongle]: '2' })),
        forbidden,
      );
      const change = pods.change('test-pod', (p) => {
        p.spec.containers[0].resources.requests.cpu = '100m';
      });
      await assert.rejects(change);
      await uses(usage);
      await pods.delete('test-pod', { gracePeriodSeconds: 0 });
      await uses({ pods: '0', cpu: '0', memory: '0', 'ephemeral-storage': '0', [`requests.${dongle}`]: '0' });
    },
    classB,
  ),
  row(
    'api.quota.replication-controller',
    async (c) => {
      const { of, uses, create } = await scene(c);
      await create();
      await uses({ replicationcontrollers: '0' });
      const controllers = of('v1', 'ReplicationController');
      await controllers.create({
        metadata: { name: 'test-rc' },
        spec: { replicas: 0, selector: { name: 'x' }, template },
      });
      await uses({ replicationcontrollers: '1' });
      await controllers.delete('test-rc', { propagationPolicy: 'Background' });
      await uses({ replicationcontrollers: '0' });
    },
    classB,
  ),
  row(
    'api.quota.replica-set',
    async (c) => {
      const { of, uses, create } = await scene(c);
      await create();
      await uses({ 'count/replicasets.apps': '0' });
      const sets = of('apps/v1', 'ReplicaSet');
      await sets.create({
        metadata: { name: 'test-rs' },
        spec: { replicas: 0, selector: { matchLabels: { name: 'x' } }, template },
      });
      await uses({ 'count/replicasets.apps': '1' });
      await sets.delete('test-rs');
      await uses({ 'count/replicasets.apps': '0' });
    },
    classB,
  ),
  row(
    'api.quota.terminating-scopes',
    (c) =>
      opposite(c, ['NotTerminating', 'Terminating'], { pods: '5', ...amounts }, [
        pod('test-pod', ...sized),
        sizedUse,
        pod('terminating-pod', ...sized, { activeDeadlineSeconds: 3600 }),
        sizedUse,
      ]),
    classB,
  ),
  row(
    'api.quota.best-effort-scopes',
    (c) =>
      opposite(c, ['BestEffort', 'NotBestEffort'], { pods: '5' }, [
        pod('besteffort'),
        { pods: '1' },
        pod('burstable', ...sized),
        { pods: '1' },
      ]),
    classB,
  ),
  row(
    'api.quota.status',
    async (c) => {
      const { quotas, namespace } = await scene(c);
      const name = c.unique('e2e-quota-');
      const label = { 'e2e-rq-label': name };
      const labelSelector = `e2e-rq-label=${name}`;
      const { metadata } = await quotas.list({ labelSelector });
      const watch = await quotas.watch({ labelSelector, resourceVersion: metadata.resourceVersion });
      c.after(() => watch.close());
      const seen = (cpu: string, memory: string) =>
        watch.until(
          `status.hard ${cpu} ${memory}`,
          ({ type, object }) => {
            const hard = object.status?.hard ?? {};
            return type !== 'ERROR' && isEqual(hard.cpu, cpu) && isEqual(hard.memory, memory);
          },
          minutes(2),
        );
      const made = await quotas.create({
        metadata: { name, labels: label },
        spec: { hard: { cpu: '500m', memory: '500Mi' } },
      });
      await quotas.change(name, (q) => Object.assign(q, { status: { ...q.status, hard: made.spec.hard } }), 'status');
      await seen('500m', '500Mi');
      const one = { hard: { cpu: '1', memory: '1Gi' } };
      await quotas.patch(name, 'strategic', { spec: one });
      await quotas.patch(name, 'strategic', { status: one }, 'status');
      await seen('1', '1Gi');
      const shown = await c.dyn('v1', 'ResourceQuota', namespace).get(name, 'status');
      assert.deepEqual(shown.status.hard, one.hard);
      const two = await quotas.patch(name, 'strategic', { status: { hard: { cpu: '2', memory: '2Gi' } } }, 'status');
      assert.deepEqual([two.status.hard, two.spec.hard], [{ cpu: '2', memory: '2Gi' }, one.hard]);
      await seen('2', '2Gi');
      await c.poll(2000, minutes(6), 'it is put right', async () =>
        isEqual((await quotas.get(name)).status.hard.cpu, '1'),
      );
    },
    { class: 'B', timeout: minutes(8) },
  ),
];
