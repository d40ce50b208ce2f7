// Rows of ReplicationControllers: they need nodes, a scheduler and something that runs pods. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { grew, holds } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';
import { agnhost, condition, living, minutes, scaleCourse } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(4) } as const;
const apiVersion = 'v1';
const kind = 'ReplicationController';
const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: 'nginx', image: agnhost }] };
/** Without a selector: it follows from the labels. */
const body = (name: string, labels: Record<string, string>, replicas = 1) => ({
  metadata: { name, labels },
  spec: { replicas, template: { metadata: { labels }, spec } },
});
const controllerOf = (pod: any) => pod.metadata.ownerReferences?.find((r: any) => r.controller);

async function scene(c: Context) {
  const namespace = await c.namespace();
  return { r: c.of(apiVersion, kind, namespace), pods: c.of('v1', 'Pod', namespace), namespace };
}

export const replicationControllerRows: Row[] = [
  row(
    'apps.replicationcontroller.adopt',
    async (c) => {
      const { r, pods } = await scene(c);
      const labels = { name: 'pod-adoption' };
      await pods.create({ metadata: { name: 'pod-adoption', labels }, spec });
      const running = async () => (await pods.get('pod-adoption')).status.phase === 'Running';
      await c.poll(2000, minutes(2), 'the pod runs', running);
      const rc = await r.create(body('pod-adoption', labels));
      await c.poll(1000, minutes(1), 'it is adopted', async () => {
        return controllerOf(await pods.get('pod-adoption'))?.uid === rc.metadata.uid;
      });
    },
    classB,
  ),
  row(
    'apps.replicationcontroller.release',
    async (c) => {
      const { r, pods } = await scene(c);
      const rc = await r.create(body('pod-release', { name: 'pod-release' }));
      const [pod] = await c.poll(1000, minutes(1), 'a pod', async () => {
        const all = await living(pods, 'name=pod-release');
        return all.length === 1 ? all : undefined;
      });
      assert.equal(controllerOf(pod)?.uid, rc.metadata.uid);
      await pods.change(pod.metadata.name, (p) => {
        p.metadata.labels.name = 'not-matching-name';
      });
      const released = async () => controllerOf(await pods.get(pod.metadata.name)) === undefined;
      await c.poll(1000, minutes(1), 'it is released', released);
      await c.poll(
        1000,
        minutes(1),
        'another is made',
        async () => (await living(pods, 'name=pod-release')).length === 1,
      );
    },
    classB,
  ),
  row(
    'apps.replicationcontroller.scale',
    async (c) => {
      const { r } = await scene(c);
      const name = c.unique('e2e-rc-');
      await r.create(body(name, { name }));
      const has = (n: number) =>
        c.poll(1000, minutes(1), `status.replicas ${n}`, async () => (await r.get(name)).status.replicas === n);
      await has(1);
      assert.equal((await r.get(name, 'scale')).status.replicas, 1);
      await scaleCourse(c, r, name, [2]);
      await has(2);
    },
    classB,
  ),
  row(
    'apps.replicationcontroller.lifecycle',
    async (c) => {
      const { r, namespace } = await scene(c);
      const dyn = c.dyn(apiVersion, kind, namespace);
      const key = c.unique('rc-');
      const labels = { [key]: 'true' };
      const watch = await dyn.watch({ resourceVersion: (await dyn.list()).metadata.resourceVersion });
      c.after(() => watch.close());
      const made = await r.create(body('rc-test', labels));
      await watch.until('ADDED', ({ type }) => type === 'ADDED');
      const seen = (what: string, fits: (o: any) => boolean) =>
        watch.until(what, ({ type, object }) => type === 'MODIFIED' && fits(object), minutes(1));
      const counts = (n: number) =>
        seen(`${n} replicas`, ({ status }) => status.replicas === n && status.readyReplicas === n);
      await counts(1);
      const patched = await r.patch('rc-test', 'strategic', { metadata: { labels: { 'test-rc': 'patched' } } });
      grew(made, patched);
      await seen('the label', (o) => o.metadata.labels['test-rc'] === 'patched');
      const zero = await r.patch(
        'rc-test',
        'strategic',
        { status: { readyReplicas: 0, availableReplicas: 0 } },
        'status',
      );
      assert.equal(zero.status.readyReplicas ?? 0, 0);
      await seen('no ready replica', ({ status }) => !status.readyReplicas);
      assert.equal((await dyn.get('rc-test', 'status')).status.replicas, 1);
      await c.poll(
        1000,
        minutes(1),
        'it is counted again',
        async () => (await r.get('rc-test')).status.readyReplicas === 1,
      );
      const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 2 } };
      const reply = await c.raw(r.path('rc-test', 'scale'), {
        method: 'PATCH',
        body: scale,
        type: 'application/strategic-merge-patch+json',
      });
      assert.equal(reply.code, 200, reply.text);
      await counts(2);
      const written = await r.change(
        'rc-test',
        (o) => Object.assign(o.status, { availableReplicas: 1, readyReplicas: 1 }),
        'status',
      );
      holds(written.status, { availableReplicas: 1, readyReplicas: 1 });
      await seen('what was written', ({ status }) => status.readyReplicas === 1 && status.availableReplicas === 1);
      const labelSelector = `${key}=true`;
      assert.equal((await c.of(apiVersion, kind).list({ labelSelector })).items.length, 1);
      await r.deleteCollection({ labelSelector });
      await watch.until('DELETED', ({ type }) => type === 'DELETED', minutes(1));
    },
    classB,
  ),
  row(
    'apps.replicationcontroller.quota-condition',
    async (c) => {
      const { r, namespace } = await scene(c);
      const quotas = c.of('v1', 'ResourceQuota', namespace);
      await quotas.create({ metadata: { name: 'condition-test' }, spec: { hard: { pods: '2' } } });
      const isKnown = async () => (await quotas.get('condition-test')).status?.hard?.pods === '2';
      await c.poll(1000, minutes(1), 'the quota is known', isKnown);
      await r.create(body('condition-test', { name: 'condition-test' }, 3));
      const says = (failing: boolean) =>
        c.poll(1000, minutes(1), `ReplicaFailure ${failing ? 'is there' : 'is gone'}`, async () => {
          const rc = await r.get('condition-test');
          const isSeen = (rc.status.observedGeneration ?? 0) >= rc.metadata.generation;
          return isSeen && Boolean(condition(rc, 'ReplicaFailure')) === failing;
        });
      await says(true);
      await r.change('condition-test', (rc) => {
        rc.spec.replicas = 2;
      });
      await says(false);
    },
    classB,
  ),
];
