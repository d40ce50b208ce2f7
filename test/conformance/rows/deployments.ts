// Rows of Deployments: they need nodes, a scheduler and something that runs pods. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { holds } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import {
  agnhost,
  condition,
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
const revisionAnnotation = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';

type Labels = Record<string, string>;

interface Scene {
  c: Context;
  namespace: string;
  r: Resource;
  sets: Resource;
  pods: Resource;
}

async function scene(c: Context): Promise<Scene> {
  const namespace = await c.namespace();
  const of = (apiVersion: string, kind: string) => c.of(apiVersion, kind, namespace);
  return {
    c,
    namespace,
    r: of('apps/v1', 'Deployment'),
    sets: of('apps/v1', 'ReplicaSet'),
    pods: of('v1', 'Pod'),
  };
}

const template = (labels: Labels, image: string, name = 'agnhost', grace = 0) => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: grace, containers: [{ name, image }] },
});
const deployment = (name: string, labels: Labels, replicas: number, image: string, spec: object = {}) => ({
  metadata: { name, labels },
  spec: { replicas, selector: { matchLabels: labels }, template: template(labels, image), ...spec },
});
const imageIn = (o: any): string => imageOf(o.spec.template);

/** A ReplicaSet of one running pod that a Deployment of these labels will adopt. */
async function readySet({ c, sets, pods }: Scene, name: string, labels: Labels, annotations: Labels = {}) {
  const spec = { replicas: 1, selector: { matchLabels: labels }, template: template(labels, pause, 'nginx') };
  const made = await sets.create({ metadata: { name, labels, annotations }, spec });
  await c.poll(2000, minutes(2), 'its pod is ready', async () => {
    const all = await living(pods);
    return all.length === 1 && all.every(isReady);
  });
  return made;
}

const controllerUid = (o: any): string | undefined => o.metadata.ownerReferences?.find((x: any) => x.controller)?.uid;
const owned = async ({ sets }: Scene, d: any): Promise<any[]> =>
  (await sets.list()).items.filter((rs: any) => controllerUid(rs) === d.metadata.uid);

/** The one whose template is the Deployment's but for the hash; and the others. */
async function setsOf(s: Scene, name: string): Promise<{ d: any; current: any; old: any[] }> {
  const d = await s.r.get(name);
  const all = await owned(s, d);
  const plain = (t: any) => ({ ...t, metadata: { ...t.metadata, labels: { ...t.metadata.labels, [hashLabel]: '' } } });
  const text = (t: any) => JSON.stringify(plain(t), (_, v) => (v === null ? undefined : sortedKeys(v)));
  const current = all.find((rs) => text(rs.spec.template) === text(d.spec.template));
  return { d, current, old: all.filter((rs) => rs !== current) };
}
const sortedKeys = (v: any): any =>
  v && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v;

/** Deployment and new ReplicaSet both say the revision and have the image. */
const hasRevision = (s: Scene, name: string, revision: bigint, image: string) =>
  s.c.poll(1000, minutes(1), `revision ${revision} with ${image}`, async () => {
    const { d, current } = await setsOf(s, name);
    if (!current) return undefined;
    assert.ok(current.metadata.labels[hashLabel], 'the label of a ReplicaSet');
    assert.equal(current.spec.selector.matchLabels[hashLabel], current.metadata.labels[hashLabel]);
    return [d, current].every(
      (o) => BigInt(o.metadata.annotations?.[revisionAnnotation] ?? 0) === revision && imageIn(o) === image,
    );
  });

const isComplete = ({ metadata, spec, status = {} }: any): boolean =>
  [status.updatedReplicas, status.replicas, status.availableReplicas].every((n) => n === spec.replicas) &&
  (status.observedGeneration ?? 0) >= metadata.generation;

const completes = ({ c, r }: Scene, name: string, look: (d: any) => unknown = () => {}) =>
  c.poll(2000, minutes(5), `${name} is complete`, async () => {
    const d = await r.get(name);
    await look(d);
    return isComplete(d);
  });

const setImage = (name: string, image: string) => ({ spec: { template: { spec: { containers: [{ name, image }] } } } });

export const deploymentRows: Row[] = [
  row(
    'apps.deployment.rolling-update',
    async (c) => {
      const s = await scene(c);
      const before = 3546343826724305832n;
      const labels = { name: 'sample-pod', pod: 'agnhost' };
      const set = await readySet(s, 'test-rolling-update-controller', labels, { [revisionAnnotation]: `${before}` });
      const name = 'test-rolling-update-deployment';
      const spec = { selector: { matchLabels: { name: 'sample-pod' } }, template: template(labels, agnhost) };
      const d = await s.r.create(deployment(name, labels, 1, agnhost, spec));
      await hasRevision(s, name, before + 1n, agnhost);
      await completes(s, name);
      const { old } = await setsOf(s, name);
      assert.deepEqual(
        old.map((rs) => [rs.metadata.uid, rs.spec.replicas, controllerUid(rs)]),
        [[set.metadata.uid, 0, d.metadata.uid]],
      );
    },
    classB,
  ),
  row(
    'apps.deployment.recreate',
    async (c) => {
      const s = await scene(c);
      const name = 'test-recreate-deployment';
      const labels = { name: 'sample-pod-3' };
      await s.r.create(deployment(name, labels, 1, olderAgnhost, { strategy: { type: 'Recreate' } }));
      await hasRevision(s, name, 1n, olderAgnhost);
      await completes(s, name);
      const { generation, resourceVersion } = (await s.r.patch(name, 'strategic', setImage('agnhost', agnhost)))
        .metadata;
      const watch = await s.r.watch({ fieldSelector: `metadata.name=${name}`, resourceVersion });
      c.after(() => watch.close());
      await watch.until(
        'the end of the rollout',
        ({ object: { spec, status } }) => {
          const { replicas = 0, updatedReplicas = 0, observedGeneration = 0 } = status;
          if (observedGeneration >= generation && updatedReplicas > 0)
            assert.equal(replicas, updatedReplicas, 'no new pod beside old ones');
          return observedGeneration >= generation && replicas === spec.replicas && updatedReplicas === spec.replicas;
        },
        minutes(2),
      );
      await hasRevision(s, name, 2n, agnhost);
    },
    classB,
  ),
  row(
    'apps.deployment.history-limit',
    async (c) => {
      const s = await scene(c);
      const labels = { name: 'cleanup-pod', pod: 'agnhost' };
      await readySet(s, 'test-cleanup-controller', labels);
      const watch = await s.pods.watch({ resourceVersion: (await s.pods.list()).metadata.resourceVersion });
      c.after(() => watch.close());
      const name = 'test-cleanup-deployment';
      const spec = { revisionHistoryLimit: 0, selector: { matchLabels: { name: 'cleanup-pod' } } };
      await s.r.create(deployment(name, labels, 1, agnhost, spec));
      await c.poll(2000, minutes(1), 'old ReplicaSets are gone', async () => {
        const { current, old } = await setsOf(s, name);
        return current && !old.length && (await s.sets.list()).items.length === 1;
      });
      await completes(s, name);
      const added = watch.pending().filter((e) => e.type === 'ADDED');
      assert.deepEqual(
        added.map((e) => e.object.spec.containers[0].name),
        ['agnhost'],
      );
    },
    classB,
  ),
  row(
    'apps.deployment.rollover',
    async (c) => {
      const s = await scene(c);
      const labels = { name: 'rollover-pod', pod: 'agnhost' };
      const first = await readySet(s, 'test-rollover-controller', labels);
      const name = 'test-rollover-deployment';
      const broken = 'gcr.io/google_samples/gb-redisslave:nonexistent';
      const spec = {
        minReadySeconds: 10,
        selector: { matchLabels: { name: 'rollover-pod' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: template(labels, broken, 'redis-slave'),
      };
      await s.r.create(deployment(name, labels, 1, broken, spec));
      const updated = async () => ((await s.r.get(name)).status.updatedReplicas ?? 0) >= 1;
      await c.poll(2000, minutes(2), 'a pod of the first template', updated);
      await hasRevision(s, name, 1n, broken);
      const second = await c.poll(2000, minutes(1), 'one replica of each', async () => {
        const all = await owned(s, await s.r.get(name));
        const one = all.length === 2 && all.every((rs) => rs.spec.replicas === 1 && rs.status.replicas === 1);
        return one && all.find((rs) => rs.metadata.uid !== first.metadata.uid);
      });
      const d = await s.r.change(name, (o) => {
        Object.assign(o.spec.template.spec.containers[0], { name: 'agnhost', image: agnhost });
      });
      await c.poll(2000, minutes(1), 'it is observed', async () => {
        return (await s.r.get(name)).status.observedGeneration >= d.metadata.generation;
      });
      await hasRevision(s, name, 2n, agnhost);
      await completes(s, name, async () => {
        const all = await owned(s, d);
        const sum = (of: (rs: any) => number) => all.reduce((n, rs) => n + of(rs), 0);
        assert.ok(sum((rs) => rs.spec.replicas) <= 2, 'never more than maxSurge above');
        assert.ok(sum((rs) => rs.status.availableReplicas ?? 0) >= 1, 'never more than maxUnavailable below');
        const serving = (await s.pods.list()).items.filter(isReady);
        assert.ok(serving.length >= 1, 'a pod serves at any moment');
      });
      for (const rs of [first, second]) {
        const { spec, status } = await s.sets.get(rs.metadata.name);
        assert.deepEqual([spec.replicas, status.replicas], [0, 0]);
      }
    },
    classB,
  ),
  row(
    'apps.deployment.proportional-scaling',
    async (c) => {
      const s = await scene(c);
      const name = 'webserver-deployment';
      const labels = { name: 'webserver' };
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
      await s.r.create(deployment(name, labels, 10, agnhost, { strategy }));
      await completes(s, name);
      const [first] = await owned(s, await s.r.get(name));
      await s.r.patch(name, 'strategic', setImage('agnhost', 'webserver:404'));
      const sizes = (wanted: [object, object], status: [object, object] = [{}, {}]) =>
        c.poll(2000, minutes(1), `sizes ${JSON.stringify([wanted, status])}`, async () => {
          const { current } = await setsOf(s, name);
          if (!current) return undefined;
          const both = [await s.sets.get(first.metadata.name), current];
          return both.every((rs, i) => {
            const has = (o: any, part: object) => Object.entries(part).every(([k, v]) => (o[k] ?? 0) === v);
            return has(rs.spec, wanted[i]!) && has(rs.status, status[i]!);
          });
        });
      await sizes(
        [{ replicas: 8 }, { replicas: 5 }],
        [
          { replicas: 8, availableReplicas: 8 },
          { replicas: 5, availableReplicas: 0 },
        ],
      );
      const enough = async () => ((await s.r.get(name)).status.availableReplicas ?? 0) >= 8;
      await c.poll(2000, minutes(1), 'the Deployment has 8 available', enough);
      await s.r.patch(name, 'merge', { spec: { replicas: 30 } });
      await sizes([{ replicas: 20 }, { replicas: 13 }]);
    },
    classB,
  ),
  row(
    'apps.deployment.scale-subresource',
    async (c) => {
      const s = await scene(c);
      const name = 'test-new-deployment';
      await s.r.create(deployment(name, { name }, 1, agnhost));
      await completes(s, name);
      const scale = await s.r.get(name, 'scale');
      assert.deepEqual([scale.spec.replicas, scale.status.replicas], [1, 1]);
      await scaleCourse(c, s.r, name, [2, 4]);
    },
    classB,
  ),
  row(
    'apps.deployment.lifecycle',
    async (c) => {
      const s = await scene(c);
      const name = 'test-deployment';
      const key = c.unique('test-deployment-static-');
      const labels = { [key]: 'true' };
      const dyn = c.dyn('apps/v1', 'Deployment', s.namespace);
      const everywhere = c.dyn('apps/v1', 'Deployment');
      const labelSelector = `${key}=true`;
      const { resourceVersion } = (await everywhere.list({ labelSelector })).metadata;
      const watch = await everywhere.watch({ labelSelector, resourceVersion });
      c.after(() => watch.close());
      await s.r.create(
        deployment(name, labels, 2, olderAgnhost, { template: template(labels, olderAgnhost, name, 1) }),
      );
      await watch.until('ADDED', ({ type, object }) => type === 'ADDED' && object.metadata.name === name);
      const seen = (what: string, fits: (o: any) => boolean) =>
        watch.until(what, ({ type, object }) => type === 'MODIFIED' && fits(object), minutes(2));
      const counts = (n: number) => (o: any) =>
        o.status.readyReplicas === n && o.status.updatedReplicas === n && !o.status.unavailableReplicas;
      await seen('2 are ready', ({ status }) => status.readyReplicas === 2);

      const pod = { terminationGracePeriodSeconds: 2, containers: [{ name, image: pause }] };
      const patch = {
        metadata: { labels: { 'test-deployment': 'patched' } },
        spec: { replicas: 1, template: { spec: pod } },
      };
      holds(await s.r.patch(name, 'strategic', patch), patch.metadata.labels && { spec: { replicas: 1 } });
      const isPatched = (o: any) =>
        o.metadata.labels['test-deployment'] === 'patched' &&
        o.spec.replicas === 1 &&
        o.spec.template.spec.terminationGracePeriodSeconds === 2 &&
        imageIn(o) === pause;
      await seen('the patch', isPatched);
      await seen('1 of the new template is ready', (o) => isPatched(o) && counts(1)(o));
      const listed = (await everywhere.list({ labelSelector })).items;
      assert.deepEqual(
        listed.map((o: any) => [o.metadata.name, o.metadata.namespace]),
        [[name, s.namespace]],
      );

      const whole = await dyn.get(name);
      whole.metadata.resourceVersion = undefined;
      whole.metadata.labels['test-deployment'] = 'updated';
      whole.spec.replicas = 2;
      whole.spec.template.spec.containers[0].image = agnhost;
      await dyn.update(whole);
      await seen('the update', (o) => o.metadata.labels['test-deployment'] === 'updated' && imageIn(o) === agnhost);
      const shown = await dyn.get(name, 'status');
      assert.deepEqual([imageIn(shown), shown.metadata.labels['test-deployment']], [agnhost, 'updated']);
      await seen('2 of the new template are ready', (o) => imageIn(o) === agnhost && counts(2)(o));

      const none = { status: { readyReplicas: 0, availableReplicas: 0 } };
      const written = await s.r.patch(name, 'strategic', none, 'status');
      assert.equal(written.status.readyReplicas ?? 0, 0);
      await seen('the status that was written', ({ status }) => !status.readyReplicas);
      await seen('the controller puts it right', (o) => counts(2)(o) && o.status.availableReplicas === 2);
      await s.r.deleteCollection({ labelSelector }, { gracePeriodSeconds: 1 });
      await watch.until('DELETED', ({ type }) => type === 'DELETED', minutes(1));
    },
    classB,
  ),
  row(
    'apps.deployment.status',
    async (c) => {
      const s = await scene(c);
      const name = c.unique('test-deployment-');
      const own = { e2e: c.unique() };
      const labels = { name: 'agnhost', e2e: 'testing' };
      const spec = { selector: { matchLabels: labels }, template: template(labels, agnhost) };
      await s.r.create({ ...deployment(name, labels, 1, agnhost, spec), metadata: { name, labels: own } });
      await hasRevision(s, name, 1n, agnhost);
      await completes(s, name);
      assert.equal(condition(await s.r.get(name), 'Available')?.reason, 'MinimumReplicasAvailable');
      await statusTwice(c, c.dyn('apps/v1', 'Deployment', s.namespace), name, `e2e=${own.e2e}`);
    },
    classB,
  ),
];
