// Rows of DaemonSets and their ControllerRevisions: they need nodes, a scheduler and something that runs pods. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { grew, holds } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { agnhost, imageOf, isReady, living, minutes, olderAgnhost, statusTwice } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(6) } as const;
const hashLabel = 'controller-revision-hash';
const name = 'daemon-set';

interface Scene {
  c: Context;
  sets: Resource;
  dyn: Resource;
  pods: Resource;
  revisions: Resource;
  label: string;
}

async function scene(c: Context): Promise<Scene> {
  const namespace = await c.namespace();
  const of = (apiVersion: string, kind: string) => c.of(apiVersion, kind, namespace);
  return {
    c,
    sets: of('apps/v1', 'DaemonSet'),
    dyn: c.dyn('apps/v1', 'DaemonSet', namespace),
    pods: of('v1', 'Pod'),
    revisions: of('apps/v1', 'ControllerRevision'),
    label: `daemonset-name=${c.unique()}`,
  };
}

const labelsOf = (label: string) => Object.fromEntries([label.split('=')]);
const body = (label: string, spec: object = {}, podSpec: object = {}) => ({
  metadata: { name, labels: labelsOf(label) },
  spec: {
    selector: { matchLabels: labelsOf(label) },
    template: {
      metadata: { labels: labelsOf(label) },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'app', image: agnhost, args: ['serve-hostname'], ports: [{ containerPort: 9376 }] }],
        ...podSpec,
      },
    },
    ...spec,
  },
});
const setImage = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'app', image }] } } } });

/** A daemon tolerates its own taints; of others those that keep pods away count. */
async function eligible({ c }: Scene): Promise<string[]> {
  const own =
    /^node\.kubernetes\.io\/(not-ready|unreachable|disk-pressure|memory-pressure|pid-pressure|unschedulable)$/;
  const { items } = await c.of('v1', 'Node').list();
  const free = items.filter((n: any) =>
    (n.spec.taints ?? []).every((t: any) => own.test(t.key) || t.effect === 'PreferNoSchedule'),
  );
  return free.map((n: any) => n.metadata.name).sort();
}

async function isOnExactly({ pods, label }: Scene, nodes: string[]): Promise<boolean> {
  const all = await living(pods, label);
  return all.every(isReady) && JSON.stringify(all.map((p) => p.spec.nodeName).sort()) === JSON.stringify(nodes);
}

const onAllNodes = (s: Scene) =>
  s.c.poll(1000, minutes(5), 'a pod on every eligible node', async () => isOnExactly(s, await eligible(s)));

const countsAgree = ({ c, sets }: Scene, count: number) =>
  c.poll(1000, minutes(1), `the counts are ${count}`, async () => {
    const { status } = await sets.get(name);
    const n = [status.desiredNumberScheduled, status.currentNumberScheduled, status.numberReady];
    return n.every((x: number) => x === count);
  });

/** Polls until all pods have the image; never may more than one node be without an available pod. */
async function rolled(s: Scene, image: string): Promise<void> {
  const nodes = await eligible(s);
  await s.c.poll(1000, minutes(5), `all pods have ${image}`, async () => {
    const all = await living(s.pods, s.label);
    const away = nodes.filter((node) => !all.some((p) => p.spec.nodeName === node && isReady(p)));
    assert.ok(away.length <= 1, `${away} have no available pod`);
    return all.length === nodes.length && all.every((p) => imageOf(p) === image && isReady(p));
  });
}

/** The revisions, each with the bytes that belong to a template; and the one that is the set's. */
async function currentRevision(s: Scene): Promise<{ all: any[]; current: any }> {
  const { items } = await s.revisions.list({ labelSelector: s.label });
  const set = await s.dyn.get(name);
  const sorted = (value: any): any =>
    value === null || typeof value !== 'object'
      ? value
      : Array.isArray(value)
        ? value.map(sorted)
        : Object.fromEntries(
            Object.keys(value)
              .sort()
              .map((k) => [k, sorted(value[k])]),
          );
  const bytes = JSON.stringify(sorted({ spec: { template: { ...set.spec.template, $patch: 'replace' } } }));
  for (const item of items) {
    const reply = await s.c.raw(s.revisions.path(item.metadata.name), { accept: 'application/json' });
    if (reply.text.includes(bytes)) return { all: items, current: item };
  }
  return assert.fail(`no revision holds ${bytes}`);
}

export const daemonSetRows: Row[] = [
  row(
    'apps.daemonset.run-simple',
    async (c) => {
      const s = await scene(c);
      await s.sets.create(body(s.label));
      await onAllNodes(s);
      await countsAgree(s, (await eligible(s)).length);
      const [first] = await living(s.pods, s.label);
      await s.pods.delete(first.metadata.name);
      await s.c.gone(s.pods, first.metadata.name);
      await onAllNodes(s);
    },
    classB,
  ),
  row(
    'apps.daemonset.node-selector',
    async (c) => {
      const s = await scene(c);
      const key = c.unique('color-');
      await s.sets.create(body(s.label, {}, { nodeSelector: { [key]: 'blue' } }));
      await countsAgree(s, 0);
      assert.deepEqual(await living(s.pods, s.label), []);
      const [node = ''] = await eligible(s);
      const nodes = c.of('v1', 'Node');
      c.after(() => nodes.patch(node, 'merge', { metadata: { labels: { [key]: null } } }));
      const paint = (color: string) =>
        nodes.change(node, (n) => {
          n.metadata.labels[key] = color;
        });
      const onlyOn = (where: string[]) => c.poll(1000, minutes(5), `pods on ${where}`, () => isOnExactly(s, where));
      await paint('blue');
      await onlyOn([node]);
      await countsAgree(s, 1);
      await paint('green');
      await onlyOn([]);
      await s.sets.patch(name, 'strategic', {
        spec: { updateStrategy: { type: 'RollingUpdate' }, template: { spec: { nodeSelector: { [key]: 'green' } } } },
      });
      await onlyOn([node]);
      await countsAgree(s, 1);
    },
    classB,
  ),
  row(
    'apps.daemonset.retry-failed-pod',
    async (c) => {
      const s = await scene(c);
      await s.sets.create(body(s.label));
      await onAllNodes(s);
      const [pod] = await living(s.pods, s.label);
      pod.metadata.resourceVersion = '';
      pod.status.phase = 'Failed';
      await s.pods.update(pod, 'status');
      await c.gone(s.pods, pod.metadata.name, minutes(5));
      await onAllNodes(s);
    },
    classB,
  ),
  row(
    'apps.daemonset.rolling-update',
    async (c) => {
      const s = await scene(c);
      const made = await s.sets.create(body(s.label, { updateStrategy: { type: 'RollingUpdate' } }));
      await onAllNodes(s);
      const first = await currentRevision(s);
      assert.deepEqual(
        first.all.map((r) => Number(r.revision)),
        [1],
      );
      const hash = first.current.metadata.labels[hashLabel];
      assert.ok(hash);
      for (const pod of await living(s.pods, s.label)) assert.equal(pod.metadata.labels[hashLabel], hash);
      grew(made, await s.sets.patch(name, 'strategic', setImage(olderAgnhost)));
      await rolled(s, olderAgnhost);
      const second = await currentRevision(s);
      assert.equal(second.all.length, 2);
      assert.equal(Number(second.current.revision), 2);
      for (const pod of await living(s.pods, s.label))
        assert.equal(pod.metadata.labels[hashLabel], second.current.metadata.labels[hashLabel]);
    },
    classB,
  ),
  row(
    'apps.daemonset.rollback',
    async (c) => {
      const s = await scene(c);
      assert.ok((await eligible(s)).length >= 2, 'two nodes are needed');
      await s.sets.create(body(s.label, { updateStrategy: { type: 'RollingUpdate' } }));
      await onAllNodes(s);
      await s.sets.change(name, (set) => {
        set.spec.template.spec.containers[0].image = 'foo:non-existent';
      });
      const kept = await c.poll(1000, minutes(5), 'a pod has the image that is none', async () => {
        const all = await living(s.pods, s.label);
        const isMixed = all.some((p) => imageOf(p) === 'foo:non-existent');
        return isMixed ? all.filter((p) => imageOf(p) === agnhost) : undefined;
      });
      assert.ok(kept.length, 'old pods are still there');
      await s.sets.change(name, (set) => {
        set.spec.template.spec.containers[0].image = agnhost;
      });
      await rolled(s, agnhost);
      const after = (await living(s.pods, s.label)).map((p) => p.metadata.uid);
      for (const pod of kept) assert.ok(after.includes(pod.metadata.uid), `${pod.metadata.name} lived on`);
    },
    classB,
  ),
  row(
    'apps.daemonset.list-delete-collection',
    async (c) => {
      const s = await scene(c);
      await s.sets.create(body(s.label));
      await onAllNodes(s);
      const everywhere = c.of('apps/v1', 'DaemonSet');
      assert.equal((await everywhere.list({ labelSelector: s.label })).items.length, 1);
      await s.sets.deleteCollection({ labelSelector: s.label }, { gracePeriodSeconds: 1 });
      assert.deepEqual((await s.sets.list({ labelSelector: s.label })).items, []);
    },
    classB,
  ),
  row(
    'apps.daemonset.status',
    async (c) => {
      const s = await scene(c);
      await s.sets.create(body(s.label));
      await onAllNodes(s);
      const zero = {
        metadata: { creationTimestamp: null },
        spec: {
          selector: null,
          template: { metadata: { creationTimestamp: null }, spec: { containers: null } },
          updateStrategy: {},
        },
        status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
      };
      await statusTwice(c, s.dyn, name, s.label, zero);
    },
    classB,
  ),
  row(
    'apps.controllerrevision.lifecycle',
    async (c) => {
      const s = await scene(c);
      const set = await s.sets.create(body(s.label));
      await onAllNodes(s);
      await countsAgree(s, (await eligible(s)).length);
      const everywhere = c.of('apps/v1', 'ControllerRevision');
      const listed = async () => (await everywhere.list({ labelSelector: s.label })).items;
      const [first, ...others] = await listed();
      assert.deepEqual(others, []);
      holds(first.metadata.ownerReferences[0], { kind: 'DaemonSet', uid: set.metadata.uid });
      const own = first.metadata.name;
      const patched = await s.revisions.patch(own, 'strategic', { metadata: { labels: { [own]: 'patched' } } });
      assert.equal((await s.revisions.get(own)).metadata.labels[own], 'patched');
      grew(first, patched);
      const mine = `${name}-${c.unique('')}`;
      await s.revisions.create({
        metadata: {
          name: mine,
          labels: { ...labelsOf(s.label), [hashLabel]: c.unique('') },
          ownerReferences: first.metadata.ownerReferences,
        },
        data: first.data,
        revision: 2,
      });
      await c.poll(1000, minutes(1), 'two revisions', async () => (await listed()).length === 2);
      await s.revisions.delete(own);
      await c.poll(1000, minutes(1), 'one is left', async () => (await listed()).length === 1);
      await s.revisions.change(mine, (r) => {
        r.metadata.labels[mine] = 'updated';
      });
      const stray = { stray: 1, spec: { template: { spec: { terminationGracePeriodSeconds: 1, hostname: 'h' } } } };
      await s.sets.patch(name, 'strategic', stray);
      await c.poll(1000, minutes(1), 'two again', async () => (await listed()).length === 2);
      await s.revisions.deleteCollection({ labelSelector: `${mine}=updated` });
      const left = await c.poll(1000, minutes(1), 'the new one is left', async () => {
        const all = await listed();
        return all.length === 1 ? all : undefined;
      });
      assert.equal(Number(left[0].revision), 3);
    },
    classB,
  ),
];
