// Rows of CSI drivers, nodes and capacities, and of volume attachments. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { discovered } from '../course.ts';
import { exists, notFound, refused } from '../harness/apiError.ts';
import { grew, holds, names, sameUid } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';

const api = 'storage.k8s.io/v1';

/** Within 30 s no object has the label. */
const emptied = (c: Context, r: Resource, labelSelector: string) =>
  c.poll(
    1000,
    30_000,
    `no ${r.plural} with ${labelSelector}`,
    async () => (await r.list({ labelSelector })).items.length === 0,
  );

export const storageCsiRows: Row[] = [
  row('storage.csidriver.lifecycle', async (c) => {
    const r = c.of(api, 'CSIDriver');
    const unique = c.unique();
    const [one, two] = [`inline-driver-${randomUUID()}`, `inline-driver-${randomUUID()}`];
    const body = (name: string, volumeLifecycleModes: string[]) => ({
      metadata: { name, labels: { 'e2e-test': unique } },
      spec: { volumeLifecycleModes, fsGroupPolicy: 'ReadWriteOnceWithFSType' },
    });
    const first = c.mine(r, await r.create(body(one, ['Ephemeral'])));
    const second = c.mine(r, await r.create(body(two, ['Persistent', 'Ephemeral'])));
    holds(second.spec, { volumeLifecycleModes: ['Persistent', 'Ephemeral'], fsGroupPolicy: 'ReadWriteOnceWithFSType' });
    await refused(r.create(body(two, ['Persistent'])), exists);
    sameUid(first, await r.get(one));
    sameUid(second, await r.get(two));
    const patched = await r.patch(two, 'strategic', { metadata: { labels: { [two]: 'patched' } } });
    assert.equal(patched.metadata.labels[two], 'patched');
    grew(second, patched);
    const updated = await r.change(two, (object) => {
      object.metadata.labels[two] = 'updated';
    });
    assert.equal(updated.metadata.labels[two], 'updated');
    assert.deepEqual(names((await r.list({ labelSelector: `e2e-test=${unique}` })).items).sort(), [one, two].sort());
    await r.delete(one);
    await refused(r.get(one), notFound);
    await r.deleteCollection({ labelSelector: `${two}=updated` });
    await refused(r.get(two), notFound);
  }),
  row('storage.csinode.lifecycle', async (c) => {
    const r = c.of(api, 'CSINode');
    const create = async () => {
      const name = c.unique('e2e-csinode-');
      // A Go client writes a nil list as null.
      return c.mine(r, await c.dyn(api, 'CSINode').create({ metadata: { name }, spec: { drivers: null } }));
    };
    const first = await create();
    const name = first.metadata.name;
    sameUid(first, await r.get(name));
    const patched = await r.patch(name, 'strategic', { metadata: { labels: { [name]: 'patched' } } });
    grew(first, patched);
    assert.deepEqual(names((await r.list({ labelSelector: `${name}=patched` })).items), [name]);
    await r.delete(name);
    await emptied(c, r, `${name}=patched`);
    const second = await create();
    const other = second.metadata.name;
    sameUid(second, await r.get(other));
    const updated = await r.change(other, (object) => {
      object.metadata.labels = { [other]: 'updated' };
    });
    assert.equal(updated.metadata.labels[other], 'updated');
    await r.deleteCollection({ labelSelector: `${other}=updated` });
    await emptied(c, r, `${other}=updated`);
  }),
  row('storage.csistoragecapacity.api-operations', async (c) => {
    await discovered(c, api, ['csistoragecapacities']);
    const namespace = await c.namespace();
    const [r, everywhere] = [c.of(api, 'CSIStorageCapacity', namespace), c.of(api, 'CSIStorageCapacity')];
    const unique = c.unique();
    const labelSelector = `test=${unique}`;
    const body = (i: number) => ({
      metadata: { name: `${unique}-csc${i}`, labels: { test: unique } },
      storageClassName: 'e2e.example.com',
    });
    const made = [await r.create(body(1)), await r.create(body(2))];
    await refused(r.create(body(1)), exists);
    const watches = await Promise.all([r, everywhere].map((place) => place.watch({ labelSelector })));
    for (const watch of watches) {
      c.after(() => watch.close());
      const seen = [await watch.expect('ADDED', undefined, 60_000), await watch.expect('ADDED', undefined, 30_000)];
      assert.deepEqual(names(seen.map((e) => e.object)).sort(), names(made));
      for (const { object } of seen) assert.equal(object.kind, 'CSIStorageCapacity');
    }
    made.push(await r.create(body(3)));
    const third = made[2].metadata.name;
    sameUid(made[2], await r.get(third));
    for (const place of [r, everywhere]) assert.equal((await place.list({ labelSelector })).items.length, 3);
    const patched = await r.patch(third, 'merge', { metadata: { annotations: { patched: 'true' } } });
    assert.equal(patched.metadata.annotations.patched, 'true');
    grew(made[2], patched);
    patched.metadata.annotations.updated = 'true';
    const updated = await r.update(patched);
    holds(updated.metadata.annotations, { patched: 'true', updated: 'true' });
    for (const watch of watches) {
      const patch = await watch.until('the patch', (e) => e.object.metadata.annotations?.patched === 'true');
      assert.equal(patch.type, 'MODIFIED');
      await watch.until('the update', (e) => e.object.metadata.annotations?.updated === 'true');
    }
    await r.delete(third);
    await refused(r.get(third), notFound);
    assert.equal((await r.list({ labelSelector })).items.length, 2);
    await r.deleteCollection({ labelSelector });
    const { items } = await r.list({ labelSelector });
    assert.deepEqual(
      items.filter((i: any) => !i.metadata.deletionTimestamp || !i.metadata.finalizers?.length),
      [],
    );
  }),
  row('storage.volumeattachment.lifecycle', async (c) => {
    const r = c.of(api, 'VolumeAttachment');
    const node = await nodeName(c);
    const uid = randomUUID();
    const first = await attachment(c, r, node, { uid });
    const name = first.metadata.name;
    assert.notEqual(first.metadata.uid, uid, "the server replaces the body's own uid");
    sameUid(first, await r.get(name));
    const patched = await r.patch(name, 'merge', { metadata: { labels: { [name]: 'patched' } } });
    grew(first, patched);
    assert.deepEqual(names((await r.list({ labelSelector: `${name}=patched` })).items), [name]);
    await r.delete(name);
    await c.gone(r, name);
    const label = c.unique('updated-');
    const others = [await attachment(c, r, node), await attachment(c, r, node)];
    for (const { metadata } of others) {
      const updated = await r.change(metadata.name, (object) => {
        object.metadata.labels = { 'va-e2e': label };
      });
      assert.equal(updated.metadata.labels['va-e2e'], label);
    }
    assert.equal((await r.list({ labelSelector: `va-e2e=${label}` })).items.length, 2);
    await r.deleteCollection({ labelSelector: `va-e2e=${label}` });
    for (const { metadata } of others) await c.gone(r, metadata.name);
  }),
  row('storage.volumeattachment.status', async (c) => {
    const r = c.of(api, 'VolumeAttachment');
    const dyn = c.dyn(api, 'VolumeAttachment');
    const made = await attachment(c, r, await nodeName(c));
    const name = made.metadata.name;
    const read = await dyn.get(name, 'status');
    sameUid(made, read);
    assert.strictEqual(read.status.attached, false);
    const patched = await dyn.patch(name, 'merge', { status: { attached: true } }, 'status');
    assert.strictEqual(patched.status.attached, true);
    assert.strictEqual((await dyn.get(name)).status.attached, true);
    const updated = await dyn.change(
      name,
      (object) => {
        object.status.attached = false;
      },
      'status',
    );
    assert.strictEqual(updated.status.attached, false);
    await r.delete(name);
    await c.gone(r, name);
  }),
];

async function attachment(c: Context, r: Resource, node: string, metadata: object = {}): Promise<any> {
  const suffix = c.unique('');
  const spec = {
    attacher: 'e2e-test.storage.k8s.io',
    nodeName: node,
    source: { persistentVolumeName: `pv-e2e-${suffix}` },
  };
  const made = c.mine(r, await r.create({ metadata: { name: `va-e2e-${suffix}`, ...metadata }, spec }));
  assert.deepEqual(made.spec, spec);
  return made;
}

/** Of the cluster's first node, or of one that is made for the row. */
async function nodeName(c: Context): Promise<string> {
  const r = c.of('v1', 'Node');
  const { items } = await r.list();
  const found =
    items.find((n: any) => !n.metadata.name.startsWith('e2e-')) ??
    c.mine(r, await r.create({ metadata: { name: c.unique('e2e-node-') } }));
  return found.metadata.name;
}
