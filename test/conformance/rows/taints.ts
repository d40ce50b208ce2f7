// Rows of nodes that take pods, and of NoExecute taints, which take them away again. What is put on a node would evict others'
// pods: these rows run alone. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { condition, minutes, pause } from '../workloads.ts';

const alone = { class: 'B', serial: true, timeout: minutes(5) } as const;
const key = 'kubernetes.io/e2e-evict-taint-key';
const taint = { key, value: 'evictTaintVal', effect: 'NoExecute' };

/** The facts' seconds, of which as many as the shorter waits leave room for. */
const seconds = (c: Context, full: number, short: number) => (c.full ? full : short);

async function runPod(c: Context, pods: Resource, name: string, tolerationSeconds: number, node?: string) {
  const toleration = { key, operator: 'Equal', value: taint.value, effect: taint.effect, tolerationSeconds };
  await pods.create({
    metadata: { name, labels: { group: 'taint-eviction' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      tolerations: [toleration],
      containers: [{ name: 'pause', image: pause }],
      ...(node ? { nodeSelector: { 'kubernetes.io/hostname': node } } : {}),
    },
  });
  return c.poll(500, minutes(2), `${name} runs`, async () => {
    const pod = await pods.get(name);
    return pod.status.phase === 'Running' ? pod.spec.nodeName : undefined;
  });
}

/** Puts the taint on, or takes it off, beside whatever taints there are. */
async function setTaint(c: Context, node: string, on: boolean): Promise<void> {
  await c.of('v1', 'Node').change(node, (object) => {
    const others = (object.spec.taints ?? []).filter((t: any) => t.key !== key);
    object.spec.taints = on ? [...others, taint] : others;
  });
}

export const taintRows: Row[] = [
  row(
    'architecture.nodes.two-untainted',
    async (c) => {
      const nodes = c.of('v1', 'Node');
      const isFree = (node: any) =>
        condition(node, 'Ready')?.status === 'True' &&
        !node.spec.unschedulable &&
        !(node.spec.taints ?? []).some((t: any) => ['NoSchedule', 'NoExecute'].includes(t.effect));
      const free = await c.poll(2000, minutes(10), 'nodes are ready', async () => {
        const list = (await nodes.list()).items;
        const found = list.filter(isFree);
        return list.length > 0 && found.length > 0 ? found : undefined;
      });
      assert.ok(free.length >= 2, `${free.length} of the nodes can take pods`);
    },
    { class: 'B' },
  ),
  row(
    'node.taint.removal-cancels-eviction',
    async (c) => {
      const pods = c.of('v1', 'Pod', await c.namespace());
      const node = await runPod(c, pods, 'taint-eviction-1', seconds(c, 10, 5));
      const { metadata } = await pods.list();
      const watch = await pods.watch({ resourceVersion: metadata.resourceVersion });
      c.after(() => watch.close());
      c.after(() => setTaint(c, node, false));
      await setTaint(c, node, true);
      await setTaint(c, node, false);
      await c.sleep(Math.max(c.short(75_000), 7000));
      assert.ok(!watch.closed() && !watch.pending().some((e) => e.type === 'DELETED'), 'the pod was deleted');
      assert.equal((await pods.get('taint-eviction-1')).metadata.deletionTimestamp, undefined);
    },
    alone,
  ),
  row(
    'node.taint.toleration-seconds',
    async (c) => {
      const pods = c.of('v1', 'Pod', await c.namespace());
      const node = await runPod(c, pods, 'taint-eviction-b1', seconds(c, 5, 1));
      const host = (await c.of('v1', 'Node').get(node)).metadata.labels['kubernetes.io/hostname'];
      assert.equal(await runPod(c, pods, 'taint-eviction-b2', seconds(c, 25, 3), host), node);
      const { metadata } = await pods.list();
      const watch = await pods.watch({ resourceVersion: metadata.resourceVersion });
      c.after(() => watch.close());
      c.after(() => setTaint(c, node, false));
      const start = Date.now();
      await setTaint(c, node, true);
      const gone = (name: string) =>
        watch.until(`${name} is deleted`, (e) => e.type === 'DELETED' && e.object.metadata.name === name, 110_000);
      await gone('taint-eviction-b1');
      assert.ok(Date.now() - start >= seconds(c, 5, 1) * 1000, 'not before its time');
      await gone('taint-eviction-b2');
      assert.ok(Date.now() - start >= seconds(c, 25, 3) * 1000, 'not before its time');
    },
    alone,
  ),
];
