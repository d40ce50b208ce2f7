// Rows of ReplicaSets: they need nodes, a scheduler and something that runs pods. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { grew } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';
import { agnhost, living, minutes, pause, scaleCourse, statusTwice } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(6) } as const;
const [apiVersion, kind] = ['apps/v1', 'ReplicaSet'];
type Labels = Record<string, string>;
const sample: Labels = { name: 'sample-pod', pod: 'agnhost' };

const podSpec = (name: string) => ({ terminationGracePeriodSeconds: 0, containers: [{ name, image: agnhost }] });
const body = (name: string, replicas: number, labels: Labels = sample, own: Labels = labels) => ({
  metadata: { name, labels: own },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec('agnhost') },
  },
});
const controllerOf = (pod: any) => pod.metadata.ownerReferences?.find((x: any) => x.controller);

async function scene(c: Context) {
  const namespace = await c.namespace();
  const pods = c.of('v1', 'Pod', namespace);
  const running = (count: number) =>
    c.poll(2000, minutes(2), `${count} running pods`, async () => {
      const all = (await living(pods)).filter((p) => p.status.phase === 'Running');
      return all.length === count;
    });
  return { namespace, r: c.of(apiVersion, kind, namespace), pods, running };
}

export const replicaSetRows: Row[] = [
  row(
    'apps.replicaset.replace-patch',
    async (c) => {
      const { r, running, namespace } = await scene(c);
      const key = c.unique('test-rs-');
      const own = { ...sample, [key]: 'yes' };
      const made = await r.create(body('test-rs', 1, sample, own));
      await running(1);
      const dyn = c.dyn(apiVersion, kind, namespace);
      const labelSelector = `${key}=yes`;
      const { resourceVersion } = (await dyn.list({ labelSelector })).metadata;
      const watch = await dyn.watch({ labelSelector, resourceVersion });
      c.after(() => watch.close());
      const replaced = await r.change('test-rs', (rs) => {
        rs.spec.replicas = 2;
      });
      assert.equal(replaced.spec.replicas, 2);
      const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'test-rs', image: pause }] };
      const patched = await r.patch('test-rs', 'strategic', {
        metadata: { labels: { 'test-rs': 'patched' } },
        spec: { replicas: 3, template: { spec } },
      });
      grew(made, patched);
      assert.equal(patched.metadata.labels['test-rs'], 'patched');
      assert.deepEqual(
        patched.spec.template.spec.containers.map((x: any) => [x.name, x.image]),
        [
          ['test-rs', pause],
          ['agnhost', agnhost],
        ],
      );
      const fits = ({ spec, status }: any) =>
        status.readyReplicas === 3 &&
        status.availableReplicas === 3 &&
        spec.template.spec.containers[0].image === pause;
      await watch.until('3 are ready and available', ({ object }) => fits(object), minutes(5));
    },
    classB,
  ),
  row(
    'apps.replicaset.scale',
    async (c) => {
      const { r, running } = await scene(c);
      await r.create(body('test-rs', 1));
      await running(1);
      await scaleCourse(c, r, 'test-rs', [2, 4]);
    },
    classB,
  ),
  row(
    'apps.replicaset.adopt-release',
    async (c) => {
      const { r, pods, running } = await scene(c);
      const name = 'pod-adoption-release';
      const bare = await pods.create({ metadata: { name, labels: { name } }, spec: podSpec(name) });
      await running(1);
      const set = await r.create(body(name, 1, { name }));
      const owner = async () => controllerOf(await pods.get(name));
      const adopted = async () => (await owner())?.uid === set.metadata.uid;
      await c.poll(1000, minutes(1), 'the pod is adopted', adopted);
      assert.deepEqual(
        (await living(pods)).map((p) => p.metadata.uid),
        [bare.metadata.uid],
        'no other pod is made',
      );
      await pods.change(name, (p) => {
        p.metadata.labels.name = 'not-matching-name';
      });
      await c.poll(1000, minutes(1), 'the pod is released', async () => (await owner()) === undefined);
      const another = async () => (await living(pods, `name=${name}`)).length === 1;
      await c.poll(1000, minutes(1), 'another takes its place', another);
    },
    classB,
  ),
  row(
    'apps.replicaset.list-delete-collection',
    async (c) => {
      const { r, running } = await scene(c);
      const own = { e2e: c.unique() };
      await r.create(body('test-rs', 3, sample, own));
      await running(3);
      const labelSelector = `e2e=${own.e2e}`;
      assert.equal((await c.of(apiVersion, kind).list({ labelSelector })).items.length, 1);
      await r.deleteCollection({ labelSelector }, { gracePeriodSeconds: 1 });
      assert.deepEqual((await c.of(apiVersion, kind).list({ labelSelector })).items, []);
    },
    classB,
  ),
  row(
    'apps.replicaset.status',
    async (c) => {
      const { r, running, namespace } = await scene(c);
      const own = { e2e: c.unique() };
      await r.create(body('test-rs', 1, sample, own));
      await running(1);
      await statusTwice(c, c.dyn(apiVersion, kind, namespace), 'test-rs', `e2e=${own.e2e}`);
    },
    classB,
  ),
];
