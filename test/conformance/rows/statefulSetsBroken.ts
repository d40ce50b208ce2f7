// Rows of StatefulSets whose pods are broken and mended while they run. The suite moves a file that a probe reads; here a readiness
// gate is the switch, which works on any node agent, also where containers are simulated. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { agnhost, condition, imageOf, living, minutes, olderAgnhost } from '../workloads.ts';

const classC = { class: 'C', timeout: minutes(6) } as const;
const gate = 'example.com/whole';
const hashLabel = 'controller-revision-hash';
const labels = { foo: 'bar', baz: 'blah' };

interface Scene {
  c: Context;
  sets: Resource;
  pods: Resource;
  make(name: string, replicas: number, more?: object): Promise<any>;
  scale(name: string, replicas: number): Promise<any>;
  /** These pods by name, all if none is named; only those that are there now. */
  turn(whole: boolean, ...names: string[]): Promise<void>;
  all(): Promise<any[]>;
}

async function scene(c: Context): Promise<Scene> {
  const namespace = await c.namespace();
  const [sets, pods] = [c.of('apps/v1', 'StatefulSet', namespace), c.of('v1', 'Pod', namespace)];
  const all = async () => (await pods.list({ labelSelector: 'foo=bar' })).items;
  return {
    c,
    sets,
    pods,
    all,
    make: (name, replicas, more = {}) =>
      sets.create({
        metadata: { name },
        spec: {
          replicas,
          serviceName: 'test',
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              terminationGracePeriodSeconds: 1,
              readinessGates: [{ conditionType: gate }],
              containers: [{ name: 'webserver', image: olderAgnhost, args: ['test-webserver'] }],
            },
          },
          ...more,
        },
      }),
    scale: (name, replicas) =>
      sets.change(name, (set) => {
        set.spec.replicas = replicas;
      }),
    async turn(whole, ...names) {
      const status = whole ? 'True' : 'False';
      for (const { metadata } of await living(pods, 'foo=bar'))
        if (!names.length || names.includes(metadata.name))
          await pods
            .patch(metadata.name, 'strategic', { status: { conditions: [{ type: gate, status }] } }, 'status')
            .catch(() => undefined);
    },
  };
}

const ready = (pod: any) => pod.status.phase === 'Running' && condition(pod, 'Ready')?.status === 'True';

/** Whole again, as each pod comes, until the set has so many that are ready and no other. */
const mended = (s: Scene, name: string, count: number) =>
  s.c.poll(1000, minutes(3), `${count} ready pods`, async () => {
    const all = await s.all();
    for (const pod of all) if (!ready(pod) && !pod.metadata.deletionTimestamp) await s.turn(true, pod.metadata.name);
    const { status, metadata } = await s.sets.get(name);
    const told = status.observedGeneration >= metadata.generation && (status.readyReplicas ?? 0) === count;
    return told && status.replicas === count && all.length === count;
  });

const broken = async (s: Scene, name: string) => {
  await s.turn(false);
  const none = async () => !(await s.sets.get(name)).status.readyReplicas && (await s.all()).every((p) => !ready(p));
  await s.c.poll(1000, minutes(1), 'no pod is ready', none);
};

/** For ten seconds there are exactly so many pods, and none on its way out. */
async function staysAt(s: Scene, count: number): Promise<void> {
  const end = Date.now() + s.c.short(10_000);
  do {
    assert.equal((await living(s.pods, 'foo=bar')).length, count);
    await s.c.sleep(s.c.short(1000));
  } while (Date.now() < end);
}

export const brokenStatefulSetRows: Row[] = [
  row(
    'apps.statefulset.ordered-scaling',
    async (c) => {
      const s = await scene(c);
      const { metadata } = await s.pods.list({ labelSelector: 'foo=bar' });
      const watch = await s.pods.watch({ labelSelector: 'foo=bar', resourceVersion: metadata.resourceVersion });
      c.after(() => watch.close());
      const inOrder = async (type: string, names: string[]) => {
        for (const name of names) {
          const event = await watch.until(`${type} ${name}`, (e) => e.type === type, minutes(1));
          assert.equal(event.object.metadata.name, name);
        }
      };
      await s.make('ss', 1);
      await mended(s, 'ss', 1);
      await broken(s, 'ss');
      await s.scale('ss', 3);
      await staysAt(s, 1);
      await mended(s, 'ss', 3);
      await inOrder('ADDED', ['ss-0', 'ss-1', 'ss-2']);
      await broken(s, 'ss');
      await s.scale('ss', 0);
      await staysAt(s, 3);
      await mended(s, 'ss', 0);
      await inOrder('DELETED', ['ss-2', 'ss-1', 'ss-0']);
    },
    classC,
  ),
  row(
    'apps.statefulset.burst-scaling',
    async (c) => {
      const s = await scene(c);
      await s.make('ss', 1, { podManagementPolicy: 'Parallel' });
      await mended(s, 'ss', 1);
      await broken(s, 'ss');
      await s.scale('ss', 3);
      await c.poll(1000, minutes(1), 'three pods', async () => (await s.all()).length === 3);
      await mended(s, 'ss', 3);
      await broken(s, 'ss');
      await s.scale('ss', 0);
      const none = async () => !(await s.all()).length && (await s.sets.get('ss')).status.replicas === 0;
      await c.poll(1000, minutes(2), 'no pod', none);
    },
    classC,
  ),
  row(
    'apps.statefulset.rolling-rollback',
    async (c) => {
      const s = await scene(c);
      await s.make('ss2', 3);
      await mended(s, 'ss2', 3);
      const revisions = async () => (await s.sets.get('ss2')).status;
      const complete = (image: string) =>
        c.poll(1000, minutes(3), `all pods have ${image}`, async () => {
          await mended(s, 'ss2', 3);
          const { currentRevision, updateRevision } = await revisions();
          const are = (pod: any) => imageOf(pod) === image && pod.metadata.labels[hashLabel] === updateRevision;
          return currentRevision === updateRevision && (await s.all()).every(are) && updateRevision;
        });
      const setImage = async (image: string) => {
        await s.turn(false, 'ss2-1');
        await c.poll(1000, minutes(1), 'ss2-1 is not ready', async () => !ready(await s.pods.get('ss2-1')));
        // Pods and sets come to the controller by two watches: it must have seen the broken pod before the new template.
        const known = async () => (await revisions()).readyReplicas === 2;
        await c.poll(1000, minutes(1), 'the controller knows of it', known);
        await s.sets.change('ss2', (set) => {
          set.spec.template.spec.containers[0].image = image;
        });
        await c.poll(1000, minutes(1), 'two revisions', async () => {
          const { currentRevision, updateRevision } = await revisions();
          return currentRevision !== updateRevision;
        });
        assert.ok(!(await s.all()).some((pod) => imageOf(pod) === image), 'nothing is updated while a pod is broken');
      };
      const first = await complete(olderAgnhost);
      await setImage(agnhost);
      assert.notEqual(await complete(agnhost), first);
      await setImage(olderAgnhost);
      assert.equal((await revisions()).updateRevision, first, 'equal data is used again');
      assert.equal(await complete(olderAgnhost), first);
    },
    classC,
  ),
];
