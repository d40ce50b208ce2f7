// Rows of PodDisruptionBudgets, whose status a controller writes and evictions ask. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { notFound, refused } from '../harness/apiError.ts';
import { grew } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { isReady, living, minutes, pause } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(3) } as const;
const labels = { foo: 'bar' };
const budgetsIn = (c: Context, namespace?: string) => c.of('policy/v1', 'PodDisruptionBudget', namespace);
const body = (name: string, minAvailable: number | string, label = 'bar_pdb') => ({
  metadata: { name, labels: { foo_pdb: label } },
  spec: { minAvailable, selector: { matchLabels: labels } },
});
const spec = {
  terminationGracePeriodSeconds: 0,
  containers: [{ name: 'pause', image: pause }],
  restartPolicy: 'Always',
};

const processed = (c: Context, r: Resource, name: string) =>
  c.poll(2000, minutes(1), `${name} is processed`, async () => {
    const budget = await r.get(name);
    return (budget.status?.observedGeneration ?? 0) >= budget.metadata.generation && budget;
  });

async function somePods(c: Context, namespace: string, count: number): Promise<any[]> {
  const pods = c.of('v1', 'Pod', namespace);
  for (let i = 0; i < count; i++) await pods.create({ metadata: { name: `rs-${i}`, labels }, spec });
  return running(c, pods, count);
}

const running = (c: Context, pods: Resource, count: number): Promise<any[]> =>
  c.poll(2000, minutes(2), `${count} ready pods`, async () => {
    const all = await living(pods, 'foo=bar');
    return all.length === count && all.every(isReady) ? all : undefined;
  });

async function evict(c: Context, pod: any): Promise<{ code: number; cause?: string }> {
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/eviction`;
  const reply = await c.raw(path, {
    method: 'POST',
    type: 'application/json',
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod.metadata.name } },
    accept: 'application/json',
  });
  return { code: reply.code, cause: reply.json?.details?.causes?.[0]?.reason };
}
const blocked = { code: 429, cause: 'DisruptionBudget' };

export const disruptionBudgetRows: Row[] = [
  row(
    'apps.poddisruptionbudget.list-delete-collection',
    async (c) => {
      const [one, two] = [await c.namespace(), await c.namespace()];
      const label = c.unique();
      const make = async (namespace: string, name: string, minAvailable: number | string) => {
        await budgetsIn(c, namespace).create(body(name, minAvailable, label));
        await processed(c, budgetsIn(c, namespace), name);
      };
      await make(one, 'foo', 2);
      await make(one, 'foo2', '1%');
      await make(two, 'foo3', 2);
      const everywhere = (await budgetsIn(c).list({ labelSelector: `foo_pdb=${label}` })).items;
      assert.deepEqual(everywhere.map((b: any) => b.metadata.name).sort(), ['foo', 'foo2', 'foo3']);
      assert.equal((await budgetsIn(c, one).list()).items.length, 2);
      await budgetsIn(c, one).deleteCollection();
      await c.poll(2000, minutes(1), 'none is left', async () => (await budgetsIn(c, one).list()).items.length === 0);
    },
    classB,
  ),
  row(
    'apps.poddisruptionbudget.crud',
    async (c) => {
      const r = budgetsIn(c, await c.namespace());
      const made = await r.create(body('foo', '1%'));
      assert.equal((await processed(c, r, 'foo')).spec.minAvailable, '1%');
      await r.change('foo', (budget) => {
        budget.spec.minAvailable = '2%';
      });
      assert.equal((await processed(c, r, 'foo')).spec.minAvailable, '2%');
      const patched = await r.patch('foo', 'merge', { spec: { minAvailable: '3%' } });
      grew(made, patched);
      assert.equal((await processed(c, r, 'foo')).spec.minAvailable, '3%');
      await r.delete('foo');
      await refused(r.get('foo'), notFound);
    },
    classB,
  ),
  row(
    'apps.poddisruptionbudget.status-observed',
    async (c) => {
      const namespace = await c.namespace();
      const r = budgetsIn(c, namespace);
      await r.create(body('foo', 1));
      await somePods(c, namespace, 3);
      const allowed = async () => ((await r.get('foo')).status.disruptionsAllowed ?? 0) > 0;
      await c.poll(2000, minutes(1), 'disruptions are allowed', allowed);
    },
    classB,
  ),
  row(
    'apps.poddisruptionbudget.status-write',
    async (c) => {
      const namespace = await c.namespace();
      const r = budgetsIn(c, namespace);
      await r.create(body('foo', 1));
      const [pod] = await somePods(c, namespace, 1);
      const { name } = pod.metadata;
      await processed(c, r, 'foo');
      const now = new Date().toISOString().replace(/\.\d+/, '');
      await r.change(
        'foo',
        (budget) => {
          budget.status.disruptedPods = { [name]: now };
        },
        'status',
      );
      assert.ok((await r.get('foo', 'status')).status.disruptedPods[name], 'the pod is among the disrupted');
      const emptied = await r.patch('foo', 'merge', { status: { disruptedPods: { [name]: null } } }, 'status');
      assert.deepEqual(emptied.status.disruptedPods ?? {}, {});
    },
    classB,
  ),
  row(
    'apps.poddisruptionbudget.eviction-block',
    async (c) => {
      const namespace = await c.namespace();
      const [r, pods] = [budgetsIn(c, namespace), c.of('v1', 'Pod', namespace)];
      await r.create(body('foo', 3));
      await c.of('apps/v1', 'ReplicaSet', namespace).create({
        metadata: { name: 'rs' },
        spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      });
      const [first] = await running(c, pods, 3);
      const healthy = (current: number, desired: number) =>
        c.poll(1000, 60_000, `${current} healthy of ${desired}`, async () => {
          const { status } = await r.get('foo');
          return status.currentHealthy === current && status.desiredHealthy === desired;
        });
      await healthy(3, 3);
      assert.deepEqual(await evict(c, first), blocked);
      await r.change('foo', (budget) => {
        budget.spec.minAvailable = 2;
      });
      await healthy(3, 2);
      assert.equal((await evict(c, first)).code, 201);
      await r.patch('foo', 'merge', { spec: { minAvailable: null, maxUnavailable: 0 } });
      await processed(c, r, 'foo');
      const [second] = (await running(c, pods, 3)).filter((p) => p.metadata.uid !== first.metadata.uid);
      assert.deepEqual(await evict(c, second), blocked);
      await r.delete('foo');
      await c.poll(1000, 60_000, 'the eviction succeeds', async () => (await evict(c, second)).code === 201);
    },
    classB,
  ),
];
