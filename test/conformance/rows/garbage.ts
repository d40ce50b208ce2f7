// Rows of the garbage collector and of namespaces that hold pods: who goes with its owner, who stays, and who goes first.
// They need controllers, and nodes whose pods run. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { notFound, refused } from '../harness/apiError.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { agnhost, condition, minutes, pause } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(6) } as const;
const labels = { name: 'simpletest' };
const template = {
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'nginx', image: agnhost }] },
};
/** Its pods are labelled with its name, so that no other adopts them. */
const rcBody = (name: string, replicas: number) => ({
  metadata: { name },
  spec: { replicas, selector: { name }, template: { ...template, metadata: { labels: { name } } } },
});
const deploymentBody = (name: string) => ({
  metadata: { name },
  spec: { replicas: 2, selector: { matchLabels: labels }, template },
});

async function scene(c: Context) {
  const namespace = await c.namespace();
  return {
    pods: c.of('v1', 'Pod', namespace),
    rcs: c.of('v1', 'ReplicationController', namespace),
    deployments: c.of('apps/v1', 'Deployment', namespace),
    replicaSets: c.of('apps/v1', 'ReplicaSet', namespace),
  };
}

const items = async (r: Resource): Promise<any[]> => (await r.list()).items;

/** Half of what the ready nodes take, ten left out on each; fewer when times are short. */
async function manyPods(c: Context): Promise<number> {
  const nodes = (await items(c.of('v1', 'Node'))).filter((n) => condition(n, 'Ready')?.status === 'True');
  const room = nodes.reduce((sum, n) => sum + Math.max(Number(n.status.allocatable.pods) - 10, 0), 0) / 2;
  return Math.max(10, Math.min(Math.floor(room), c.full ? 100 : 20));
}

const remove = (r: Resource, object: any, propagationPolicy: string) =>
  r.delete(object.metadata.name, { propagationPolicy, preconditions: { uid: object.metadata.uid } });

const hasReplicas = (c: Context, r: Resource, name: string, n: number) =>
  c.poll(1000, minutes(2), `${name} has ${n} pods`, async () => (await r.get(name)).status.replicas === n);

const isGone = (r: Resource, name: string): Promise<boolean> =>
  r.get(name).then(
    () => false,
    (error) => (error.reason === 'NotFound' ? true : Promise.reject(error)),
  );

/** The Deployment with its ReplicaSet, once that has made both pods. */
async function rolledOut(c: Context, { deployments, replicaSets }: Awaited<ReturnType<typeof scene>>): Promise<any> {
  const made = await deployments.create(deploymentBody('simpletest.deployment'));
  await c.poll(500, minutes(1), 'its ReplicaSet has two pods', async () => {
    const [set] = await items(replicaSets);
    return set && (set.status.observedGeneration ?? 0) >= set.metadata.generation && set.status.replicas === 2;
  });
  return made;
}

export const garbageRows: Row[] = [
  row(
    'api.gc.rc-background',
    async (c) => {
      const { rcs, pods } = await scene(c);
      const rc = await rcs.create(rcBody('simpletest.rc', 2));
      await c.poll(5000, minutes(1), 'a pod is made', async () => (await items(pods)).length > 0);
      await remove(rcs, rc, 'Background');
      await c.poll(5000, minutes(2), 'all are gone', async () => {
        return (await items(rcs)).length + (await items(pods)).length === 0;
      });
    },
    classB,
  ),
  row(
    'api.gc.rc-orphan',
    async (c) => {
      const { rcs, pods } = await scene(c);
      const n = await manyPods(c);
      const rc = await rcs.create(rcBody('simpletest.rc', n));
      await hasReplicas(c, rcs, 'simpletest.rc', n);
      await remove(rcs, rc, 'Orphan');
      await c.gone(rcs, 'simpletest.rc', minutes(3), 5000);
      await c.sleep(c.short(30_000));
      const left = await items(pods);
      assert.equal(left.filter((p) => !p.metadata.deletionTimestamp).length, n);
      assert.ok(left.every((p) => !p.metadata.ownerReferences?.some((ref: any) => ref.uid === rc.metadata.uid)));
    },
    classB,
  ),
  row(
    'api.gc.deployment-background',
    async (c) => {
      const { deployments, replicaSets, pods } = await scene(c);
      const made = await deployments.create(deploymentBody('simpletest.deployment'));
      await c.poll(500, minutes(1), 'a ReplicaSet is made', async () => (await items(replicaSets)).length === 1);
      await remove(deployments, made, 'Background');
      await c.poll(5000, minutes(2), 'all are gone', async () => {
        const counts = await Promise.all([deployments, replicaSets, pods].map(async (r) => (await items(r)).length));
        return counts.every((count) => count === 0);
      });
    },
    classB,
  ),
  row(
    'api.gc.deployment-orphan',
    async (c) => {
      const s = await scene(c);
      const made = await rolledOut(c, s);
      await remove(s.deployments, made, 'Orphan');
      await c.gone(s.deployments, made.metadata.name, minutes(2), 500);
      const sets = await items(s.replicaSets);
      assert.equal(sets.length, 1);
      assert.ok(!sets[0].metadata.ownerReferences?.some((ref: any) => ref.controller));
      assert.equal((await items(s.pods)).length, 2);
    },
    classB,
  ),
  row(
    'api.gc.rc-foreground',
    async (c) => {
      const { rcs, pods } = await scene(c);
      const n = await manyPods(c);
      const rc = await rcs.create(rcBody('simpletest.rc', n));
      await hasReplicas(c, rcs, 'simpletest.rc', n);
      const answer = await remove(rcs, rc, 'Foreground');
      assert.ok(answer.metadata.finalizers.includes('foregroundDeletion'), 'it stays until its pods are gone');
      await c.gone(rcs, 'simpletest.rc', 90_000, 500);
      assert.deepEqual(await items(pods), []);
    },
    classB,
  ),
  row(
    'api.gc.two-owners',
    async (c) => {
      const { rcs, pods } = await scene(c);
      const n = await manyPods(c);
      const going = await rcs.create(rcBody('simpletest-rc-to-be-deleted', n));
      const staying = await rcs.create(rcBody('simpletest-rc-to-stay', 0));
      await hasReplicas(c, rcs, going.metadata.name, n);
      const half = (await items(pods)).slice(0, n / 2);
      const { name, uid } = staying.metadata;
      const owner = { apiVersion: 'v1', kind: 'ReplicationController', name, uid };
      for (const pod of half) {
        const patch = { metadata: { ownerReferences: [owner] } };
        const { metadata } = await pods.patch(pod.metadata.name, 'strategic', patch);
        assert.equal(metadata.ownerReferences.length, 2, 'references are merged by uid');
      }
      await remove(rcs, going, 'Foreground');
      await c.gone(rcs, going.metadata.name, 90_000, 500);
      const left = await items(pods);
      const names = (list: any[]) => list.map((p) => p.metadata.name).sort();
      assert.deepEqual(names(left), names(half));
      for (const { metadata } of left) {
        assert.equal(metadata.deletionTimestamp, undefined);
        assert.deepEqual(
          metadata.ownerReferences.map((ref: any) => ref.uid),
          [uid],
        );
      }
    },
    classB,
  ),
  row(
    'api.namespace.deletes-pods',
    async (c) => {
      const namespaces = c.of('v1', 'Namespace');
      const podsOf = (namespace: string) => c.of('v1', 'Pod', namespace);
      const first = await c.namespace();
      const spec = { terminationGracePeriodSeconds: 30, containers: [{ name: 'nginx', image: pause }] };
      await podsOf(first).create({ metadata: { name: 'test-pod' }, spec });
      const runs = async () => (await podsOf(first).get('test-pod')).status.phase === 'Running';
      await c.poll(1000, minutes(5), 'the pod runs', runs);
      await namespaces.delete(first);
      await c.gone(namespaces, first, 90_000);
      const second = await c.namespace();
      await refused(podsOf(second).get('test-pod'), notFound);
    },
    classB,
  ),
  row(
    'api.namespace.pods-first',
    async (c) => {
      const namespaces = c.of('v1', 'Namespace');
      const namespace = await c.namespace();
      const [pods, maps] = [c.of('v1', 'Pod', namespace), c.of('v1', 'ConfigMap', namespace)];
      const name = 'test-pod';
      const metadata = { name, finalizers: ['e2e.example.com/finalizer'] };
      const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'pause', image: pause }] };
      await pods.create({ metadata, spec });
      await c.poll(1000, minutes(5), 'the pod runs', async () => (await pods.get(name)).status.phase === 'Running');
      await maps.create({ metadata: { name: 'test-configmap' }, data: { a: 'b' } });
      await namespaces.delete(namespace);
      await c.poll(2000, minutes(5), 'it waits for its pods, and says so', async () => {
        const { status } = await namespaces.get(namespace);
        const told = condition({ status }, 'NamespaceDeletionContentFailure');
        return status.phase === 'Terminating' && told !== undefined;
      });
      assert.equal((await maps.get('test-configmap')).data.a, 'b', 'nothing else goes before the pods');
      assert.ok((await pods.get(name)).metadata.deletionTimestamp);
      await pods.change(name, (pod) => {
        pod.metadata.finalizers = [];
      });
      await c.poll(2000, minutes(5), 'the pod is gone', () => isGone(pods, name));
      await c.poll(2000, minutes(5), 'the namespace is gone', () => isGone(namespaces, namespace));
    },
    classB,
  ),
];
