// Rows of pods and their generation, as far as no container has to do anything: they need nodes, a scheduler and something that runs pods.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { notFound, refused } from '../harness/apiError.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { agnhost, condition, isReady, minutes, pause } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(6) } as const;
const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';

const body = (name: string, spec: object = {}, labels: Record<string, string> = {}) => ({
  metadata: { name, labels },
  spec: { containers: [{ name: 'c', image: pause }], ...spec },
});

async function scene(c: Context) {
  const namespace = await c.namespace();
  const pods = c.of('v1', 'Pod', namespace);
  const runs = (name: string) =>
    c.poll(2000, minutes(2), `${name} runs`, async () => {
      const pod = await pods.get(name);
      return pod.status.phase === 'Running' && isReady(pod) ? pod : undefined;
    });
  const running = async (name: string, spec?: object, labels?: Record<string, string>) => {
    await pods.create(body(name, spec, labels));
    return runs(name);
  };
  return { namespace, pods, runs, running };
}

export const podRows: Row[] = [
  row(
    'node.pods.host-ip',
    async (c) => {
      const { pods } = await scene(c);
      const name = c.unique('pod-hostip-');
      await pods.create(body(name));
      const pod = await c.poll(2000, minutes(2), 'a host IP', async () => {
        const found = await pods.get(name);
        return found.status.hostIP ? found : undefined;
      });
      const node = await c.of('v1', 'Node').get(pod.spec.nodeName);
      const addresses = node.status.addresses.map((a: any) => a.address);
      assert.ok(addresses.includes(pod.status.hostIP), `${pod.status.hostIP} is none of ${addresses}`);
    },
    classB,
  ),
  row(
    'node.pods.submit-and-remove',
    async (c) => {
      const { pods, runs } = await scene(c);
      const labelSelector = `time=${c.unique()}`;
      const labels = Object.fromEntries([labelSelector.split('=')]);
      const before = await pods.list({ labelSelector });
      assert.deepEqual(before.items, []);
      const watch = await pods.watch({ labelSelector, resourceVersion: before.metadata.resourceVersion });
      c.after(() => watch.close());
      const name = c.unique('pod-submit-remove-');
      await pods.create(body(name, {}, labels));
      assert.equal((await pods.list({ labelSelector })).items.length, 1);
      await watch.expect('ADDED');
      await runs(name);
      await pods.delete(name, { gracePeriodSeconds: 30 });
      const { object } = await watch.until('DELETED', ({ type }) => type === 'DELETED', minutes(5));
      assert.ok(object.metadata.deletionTimestamp);
      assert.ok(object.spec.terminationGracePeriodSeconds);
      assert.deepEqual((await pods.list({ labelSelector })).items, []);
    },
    classB,
  ),
  row(
    'node.pods.update-label',
    async (c) => {
      const { pods, running, runs } = await scene(c);
      const name = c.unique('pod-update-');
      await running(name, {}, { time: c.unique() });
      const value = c.unique();
      await pods.change(name, (pod) => {
        pod.metadata.labels.time = value;
      });
      await runs(name);
      const { items } = await pods.list({ labelSelector: `time=${value}` });
      assert.deepEqual(
        items.map((p: any) => p.metadata.name),
        [name],
      );
    },
    classB,
  ),
  row(
    'node.pods.active-deadline',
    async (c) => {
      const { pods, running } = await scene(c);
      const name = c.unique('pod-update-activedeadlineseconds-');
      await running(name);
      await pods.change(name, (pod) => {
        pod.spec.activeDeadlineSeconds = 5;
      });
      await c.poll(2000, minutes(5), 'the deadline is over', async () => {
        const { phase, reason } = (await pods.get(name)).status;
        if (phase === 'Failed') assert.equal(reason, 'DeadlineExceeded');
        return phase === 'Failed';
      });
    },
    classB,
  ),
  row(
    'node.pods.delete-collection',
    async (c) => {
      const { pods, running } = await scene(c);
      const spec = {
        terminationGracePeriodSeconds: 1,
        restartPolicy: 'Never',
        containers: [{ name: 'token-test', image: agnhost }],
      };
      const names = [1, 2, 3].map((i) => `test-pod-${i}`);
      await Promise.all(names.map((name) => running(name, spec, { type: 'Testing' })));
      const labelSelector = 'type=Testing';
      await pods.deleteCollection({ labelSelector }, { gracePeriodSeconds: 1 });
      const gone = async () => !(await pods.list({ labelSelector })).items.length;
      await c.poll(2000, minutes(5), 'all are gone', gone);
    },
    classB,
  ),
  row(
    'node.pods.lifecycle-and-status',
    async (c) => {
      const { pods, running, namespace } = await scene(c);
      const name = 'pod-test';
      const httpd = 'registry.k8s.io/e2e-test-images/httpd:2.4.38-4';
      const spec = { terminationGracePeriodSeconds: 1, containers: [{ name, image: agnhost }] };
      await running(name, spec, { 'test-pod-static': 'true' });
      const patch = { metadata: { labels: { 'test-pod': 'patched' } }, spec: { containers: [{ name, image: httpd }] } };
      await pods.patch(name, 'strategic', patch);
      const found = await pods.get(name);
      assert.equal(found.metadata.labels['test-pod'], 'patched');
      assert.equal(found.spec.containers[0].image, httpd);
      const types = ['Ready', 'ContainersReady'];
      // The new image may restart the container meanwhile.
      await c.poll(1000, minutes(1), 'both conditions are True', async () => {
        const pod = await c.dyn('v1', 'Pod', namespace).get(name, 'status');
        return types.every((type) => condition(pod, type)?.status === 'True');
      });
      const written = await c.dyn('v1', 'Pod', namespace).change(
        name,
        (pod) => {
          for (const type of types) condition(pod, type).status = 'False';
        },
        'status',
      );
      for (const type of types) assert.equal(condition(written, type)?.status, 'False');
      await pods.deleteCollection({ labelSelector: 'test-pod-static=true' }, { gracePeriodSeconds: 1 });
      await c.gone(pods, name, minutes(5));
      await refused(pods.get(name), notFound);
    },
    classB,
  ),
  row(
    'node.pods.patch-status',
    async (c) => {
      const { pods, running } = await scene(c);
      const name = c.unique('pod-');
      await running(name);
      const status = { message: 'Patched by e2e test', reason: 'E2E' };
      const metadata = { annotations: { patchedstatus: 'true' } };
      const patched = await pods.patch(name, 'merge', { metadata, status }, 'status');
      assert.deepEqual([patched.status.message, patched.status.reason], [status.message, status.reason]);
      assert.equal(patched.metadata.annotations.patchedstatus, 'true');
    },
    classB,
  ),
  row('node.generation.increments', async (c) => increments(c), classB),
  row(
    'node.generation.custom-value-and-delete',
    async (c) => {
      const { pods, runs } = await scene(c);
      const name = c.unique('pod-generation-');
      const made = body(name);
      const stored = await pods.create({ ...made, metadata: { ...made.metadata, generation: 100 } });
      assert.equal(stored.metadata.generation, 1);
      await runs(name);
      const reply = await c.raw(`${pods.path(name)}?gracePeriodSeconds=60`, { method: 'DELETE' });
      assert.deepEqual([reply.code, reply.json?.kind, reply.json?.metadata?.name], [200, 'Pod', name], reply.text);
      // What ends at once may be gone before it is read: then the answer says it.
      const pod = await pods.get(name).catch(() => reply.json);
      assert.equal(pod.metadata.generation, 2);
    },
    classB,
  ),
  row(
    'node.generation.converges-at-500',
    async (c) => {
      const { pods, running } = await scene(c);
      const name = c.unique('pod-generation-');
      await running(name, { activeDeadlineSeconds: 5000 });
      for (let i = 1; i <= 499; i++)
        await pods.change(name, (pod) => {
          pod.spec.activeDeadlineSeconds = 5000 - i;
        });
      await observes(c, pods, name, 500);
      assert.equal((await pods.get(name)).metadata.generation, 500);
    },
    classB,
  ),
];

const observes = (c: Context, pods: Resource, name: string, generation: number, most = minutes(5)) =>
  c.poll(2000, most, `observedGeneration ${generation}`, async () => {
    return (await pods.get(name)).status.observedGeneration === generation;
  });

interface Change {
  what: string;
  change(pod: any): void;
  /** By how much the generation grows. */
  by: 0 | 1;
}

const changes: Change[] = [
  { what: 'nothing', change: () => {}, by: 0 },
  {
    what: 'one more toleration, without those of admission',
    change: (pod) => {
      pod.spec.tolerations = [{ key: 'foo-e2e', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3600 }];
    },
    by: 1,
  },
  {
    what: 'activeDeadlineSeconds',
    change: (pod) => {
      pod.spec.activeDeadlineSeconds = 5000;
    },
    by: 1,
  },
  {
    what: 'the image',
    change: (pod) => {
      pod.spec.containers[0].image = 'registry.k8s.io/e2e-test-images/nginx:1.14-4';
    },
    by: 1,
  },
  {
    what: 'the image of the init container',
    change: (pod) => {
      pod.spec.initContainers[0].image = pause;
    },
    by: 1,
  },
  {
    what: 'an annotation',
    change: (pod) => {
      pod.metadata.annotations = { ...pod.metadata.annotations, key1: 'value1' };
    },
    by: 0,
  },
  {
    what: 'the generation itself',
    change: (pod) => {
      pod.metadata.generation = 1;
    },
    by: 0,
  },
];

async function increments(c: Context): Promise<void> {
  const { pods, runs } = await scene(c);
  const name = c.unique('pod-generation-');
  const made = body(name, {
    containers: [{ name: 'c', image: agnhost }],
    initContainers: [{ name: 'init', image: busybox }],
  });
  await pods.create({
    ...made,
    // busybox' own command ends at once.
    metadata: { ...made.metadata, annotations: { 'simulated.mini-k8s.io/exit-code.init': '0' } },
  });
  let { generation } = (await runs(name)).metadata;
  assert.equal(generation, 1);
  for (const { what, change, by } of changes) {
    await pods.change(name, change);
    generation += by;
    const pod = await pods.get(name);
    assert.equal(pod.metadata.generation, generation, `after ${what}`);
    const keys = pod.spec.tolerations.map((t: any) => t.key);
    for (const key of ['not-ready', 'unreachable']) assert.ok(keys.includes(`node.kubernetes.io/${key}`), `${keys}`);
    await observes(c, pods, name, generation, minutes(1));
  }
}
