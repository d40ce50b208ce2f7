// Rows of StatefulSets: they need nodes, a scheduler and something that runs pods. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { grew } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import {
  agnhost,
  imageOf,
  isReady,
  living,
  minutes,
  olderAgnhost,
  pause,
  scaleCourse,
  statusTwice,
} from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(6) } as const;
const hashLabel = 'controller-revision-hash';
const labels = { foo: 'bar', baz: 'blah' };

interface Scene {
  c: Context;
  namespace: string;
  sets: Resource;
  pods: Resource;
}

async function scene(c: Context): Promise<Scene> {
  const namespace = await c.namespace();
  await c.of('v1', 'Service', namespace).create({
    metadata: { name: 'test' },
    spec: { clusterIP: 'None', selector: labels, ports: [{ port: 80, name: 'http' }] },
  });
  return { c, namespace, sets: c.of('apps/v1', 'StatefulSet', namespace), pods: c.of('v1', 'Pod', namespace) };
}

const body = (
  name: string,
  replicas: number,
  more: { set?: object; pod?: object; labels?: Record<string, string>; own?: object } = {},
) => ({
  metadata: { name, labels: more.own ?? {} },
  spec: {
    replicas,
    serviceName: 'test',
    selector: { matchLabels: more.labels ?? labels },
    template: {
      metadata: { labels: more.labels ?? labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'webserver', image: olderAgnhost, args: ['test-webserver'] }],
        ...more.pod,
      },
    },
    ...more.set,
  },
});

const selectorText = (of: Record<string, string>) =>
  Object.entries(of)
    .map(([k, v]) => `${k}=${v}`)
    .join(',');
/** In list order, which is that of names. */
const replicas = ({ pods }: Scene, of: Record<string, string> = labels) => living(pods, selectorText(of));
const allReady = (s: Scene, count: number, of?: Record<string, string>) =>
  s.c.poll(10_000, minutes(5), `${count} ready pods`, async () => {
    const all = await replicas(s, of);
    return all.length === count && all.every(isReady) ? all : undefined;
  });

export const statefulSetRows: Row[] = [
  row(
    'apps.statefulset.canary-partition',
    async (c) => {
      const s = await scene(c);
      const partition = (n: number) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: n } } });
      await s.sets.create(body('ss2', 3, { set: partition(3) }));
      await allReady(s, 3);
      const first = await c.poll(1000, minutes(1), 'one revision', async () => {
        const { status } = await s.sets.get('ss2');
        return status.currentRevision && status.currentRevision === status.updateRevision && status.currentRevision;
      });
      await s.sets.change('ss2', (set) => {
        set.spec.template.spec.containers[0].image = agnhost;
      });
      const second = await c.poll(1000, minutes(1), 'a new revision', async () => {
        const { status, metadata } = await s.sets.get('ss2');
        return (
          status.observedGeneration >= metadata.generation && status.updateRevision !== first && status.updateRevision
        );
      });
      const [old, new_] = [`${olderAgnhost} ${first}`, `${agnhost} ${second}`];
      const are = (wanted: string[]) =>
        c.poll(2000, minutes(5), `pods are ${wanted}`, async () => {
          const all = await replicas(s);
          const found = all.map((p) => `${imageOf(p)} ${p.metadata.labels[hashLabel]}`);
          // Never is a pod of the new template where an old one belongs.
          all.forEach((p, i) => {
            if (p.metadata.name === `ss2-${i}` && wanted[i] === old) assert.equal(found[i], old);
          });
          return all.every(isReady) && JSON.stringify(found) === JSON.stringify(wanted);
        });
      const setPartition = (n: number) =>
        s.sets.change('ss2', (set) => {
          set.spec.updateStrategy.rollingUpdate = { partition: n };
        });
      await are([old, old, old]);
      await setPartition(2);
      await are([old, old, new_]);
      for (const name of ['ss2-0', 'ss2-2']) await s.pods.delete(name);
      await are([old, old, new_]);
      await setPartition(1);
      await are([old, new_, new_]);
      await setPartition(0);
      await are([new_, new_, new_]);
      await c.poll(2000, minutes(1), 'the update is complete', async () => {
        const { status } = await s.sets.get('ss2');
        return status.currentRevision === second && status.updateRevision === second;
      });
    },
    classB,
  ),
  row(
    'apps.statefulset.recreate-evicted',
    async (c) => {
      const s = await scene(c);
      const nodes = (await c.of('v1', 'Node').list({ fieldSelector: 'spec.unschedulable=false' })).items;
      const nodeName = nodes.find((n: any) => !n.spec.taints?.length)?.metadata.name;
      assert.ok(nodeName, 'a node without taints');
      const ports = [{ containerPort: 21017, hostPort: 21017 }];
      await s.pods.create({
        metadata: { name: 'test-pod' },
        spec: {
          nodeName,
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'webserver', image: agnhost, ports }],
        },
      });
      await c.poll(2000, minutes(5), 'test-pod is ready', async () => isReady(await s.pods.get('test-pod')));
      const watch = await s.pods.watch({ fieldSelector: 'metadata.name=ss-0' });
      c.after(() => watch.close());
      await s.sets.create(
        body('ss', 1, { pod: { nodeName, containers: [{ name: 'webserver', image: agnhost, ports }] } }),
      );
      const refused = await watch.until('ss-0 fails', ({ object }) => object.status?.phase === 'Failed', minutes(5));
      await watch.until('ss-0 is deleted', ({ type }) => type === 'DELETED', minutes(5));
      await s.pods.delete('test-pod', { gracePeriodSeconds: 0 });
      await c.poll(2000, minutes(5), 'another ss-0 runs', async () => {
        const pod = await s.pods.get('ss-0').catch(() => undefined);
        return pod && isReady(pod) && pod.metadata.uid !== refused.object.metadata.uid;
      });
    },
    { ...classB, serial: true },
  ),
  row(
    'apps.statefulset.scale',
    async (c) => {
      const s = await scene(c);
      await s.sets.create(body('ss', 1));
      await allReady(s, 1);
      await scaleCourse(c, s.sets, 'ss', [2, 4]);
    },
    classB,
  ),
  row(
    'apps.statefulset.list-patch-delete',
    async (c) => {
      const s = await scene(c);
      const own = { name: 'sample-pod', pod: 'agnhost' };
      const key = c.unique('test-ss-');
      const made = await s.sets.create(body('test-ss', 1, { labels: own }));
      await allReady(s, 1, own);
      const patched = await s.sets.patch('test-ss', 'strategic', {
        metadata: { labels: { [key]: 'patched' } },
        spec: {
          replicas: 2,
          template: { spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'test-ss', image: pause }] } },
        },
      });
      assert.equal(imageOf(patched.spec.template), pause);
      grew(made, patched);
      const all = await allReady(s, 2, own);
      assert.equal(all.length, 2);
      const labelSelector = `${key}=patched`;
      assert.equal((await c.of('apps/v1', 'StatefulSet').list({ labelSelector })).items.length, 1);
      await s.sets.deleteCollection({ labelSelector }, { gracePeriodSeconds: 1 });
      await c.poll(
        10_000,
        minutes(1),
        'none is left',
        async () => !(await s.sets.list({ labelSelector })).items.length,
      );
    },
    classB,
  ),
  row(
    'apps.statefulset.status',
    async (c) => {
      const s = await scene(c);
      const own = { e2e: c.unique('testing-') };
      await s.sets.create(body('ss', 1, { own }));
      await allReady(s, 1);
      await statusTwice(c, c.dyn('apps/v1', 'StatefulSet', s.namespace), 'ss', selectorText(own));
    },
    classB,
  ),
];
