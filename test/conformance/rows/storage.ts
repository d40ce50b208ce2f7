// Rows of storage's objects: immutable ConfigMaps and Secrets, inline volumes, volumes' status and storage classes.
// CSI's own kinds and attachments stand in storageCsi.ts. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { exists, invalid, notFound, refused } from '../harness/apiError.ts';
import { grew, holds, names, sameUid } from '../harness/check.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';

export const storageRows: Row[] = [
  row('storage.configmap.immutable', async (c) =>
    immutable(c.of('v1', 'ConfigMap', await c.namespace()), (value) => value),
  ),
  row('storage.secret.immutable', async (c) =>
    immutable(c.of('v1', 'Secret', await c.namespace()), (value) => Buffer.from(value).toString('base64')),
  ),
  row('storage.csi.inline-volume-pod-api', async (c) => {
    const r = c.of('v1', 'Pod', await c.namespace());
    const name = 'pod-csi-inline-volumes';
    const volumes = [
      { name: 'pod-csi-inline-vol1', csi: { driver: 'e2e.example.com' } },
      { name: 'pod-csi-inline-vol2', csi: { driver: 'e2e.example.com', fsType: 'ext4', readOnly: true } },
    ];
    const body = {
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'pod-csi-inline-volumes',
            image: 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1',
            volumeMounts: volumes.map((v) => ({ name: v.name, mountPath: `/mnt/${v.name}` })),
          },
        ],
        volumes,
      },
    };
    const made = await r.create(body);
    await refused(r.create(body), exists);
    const found = await r.get(name);
    sameUid(made, found);
    holds(found.spec.volumes.slice(0, 2), volumes);
    assert.deepEqual(names((await r.list()).items), [name]);
    const patched = await r.patch(name, 'merge', { metadata: { annotations: { patched: 'true' } } });
    assert.equal(patched.metadata.annotations.patched, 'true');
    await r.delete(name);
    const left = await r.get(name).catch((error) => error);
    assert.ok(left.reason === 'NotFound' || left.metadata?.deletionTimestamp, String(left));
  }),
  row('storage.persistentvolume.pv-pvc-status', async (c) => {
    const namespace = await c.namespace();
    const [volumes, claims] = [c.of('v1', 'PersistentVolume'), c.of('v1', 'PersistentVolumeClaim', namespace)];
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName: namespace };
    const pv = await volumes.create({
      metadata: { generateName: `${namespace}-`, labels: { 'e2e-pv-pool': namespace } },
      spec: {
        ...spec,
        capacity: { storage: '2Gi' },
        persistentVolumeReclaimPolicy: 'Retain',
        csi: { driver: 'e2e-driver-name', volumeHandle: 'e2e-status-conformance' },
      },
    });
    c.mine(volumes, pv);
    const pvc = await claims.create({
      metadata: { generateName: 'pvc-' },
      spec: { ...spec, resources: { requests: { storage: '2Gi' } } },
    });
    const [pvName, pvcName] = [pv.metadata.name, pvc.metadata.name];
    const phase = async (r: Resource, name: string) => (await r.get(name, 'status')).status.phase;
    const dyn = { pv: c.dyn('v1', 'PersistentVolume'), pvc: c.dyn('v1', 'PersistentVolumeClaim', namespace) };
    assert.ok(['Pending', 'Bound'].includes(await phase(dyn.pvc, pvcName)));
    assert.ok(['Pending', 'Available', 'Bound'].includes(await phase(dyn.pv, pvName)));

    const condition = (type: string, reason: string) => ({
      type,
      status: 'True',
      reason,
      message: 'Set from e2e test',
    });
    const [first, second] = [
      condition('StatusPatched', 'E2E patchedStatus'),
      condition('StatusUpdated', 'E2E updateStatus'),
    ];
    const find = (object: any, type: string) => object.status.conditions.find((x: any) => x.type === type);
    const patchedClaim = await claims.patch(pvcName, 'merge', { status: { conditions: [first] } }, 'status');
    holds(find(patchedClaim, 'StatusPatched'), first);
    const reasons = { reason: 'E2E patchStatus', message: 'StatusPatched' };
    holds((await volumes.patch(pvName, 'merge', { status: reasons }, 'status')).status, reasons);
    const updatedClaim = await claims.change(pvcName, (object) => void object.status.conditions.push(second), 'status');
    holds(find(updatedClaim, 'StatusUpdated'), second);
    holds(find(updatedClaim, 'StatusPatched'), first);
    const later = { reason: 'E2E updateStatus', message: 'StatusUpdated' };
    const updated = await volumes.change(pvName, (object) => void Object.assign(object.status, later), 'status');
    holds(updated.status, later);
    holds((await volumes.get(pvName)).status, later);
    holds(find(await claims.get(pvcName), 'StatusUpdated'), second);
  }),
  row('storage.storageclass.lifecycle', async (c) => {
    const r = c.of('storage.k8s.io/v1', 'StorageClass');
    const body = (generateName: string) => ({
      metadata: { generateName },
      provisioner: 'e2e-fake-provisioner',
      // Upstream's body is as bare; what is defaulted must be there.
    });
    const found = async (label: string) => (await r.list({ labelSelector: label })).items;
    const first = c.mine(r, await r.create(body('e2e-')));
    const { name } = first.metadata;
    holds(first, { provisioner: 'e2e-fake-provisioner', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
    sameUid(first, await r.get(name));
    const patched = await r.patch(name, 'strategic', { metadata: { labels: { [name]: 'patched' } } });
    grew(first, patched);
    assert.deepEqual(names(await found(`${name}=patched`)), [name]);
    await r.delete(name);
    await c.poll(1000, 60_000, 'it is deleted', async () => (await found(`${name}=patched`)).length === 0);
    const second = c.mine(r, await r.create(body('e2e-v2-')));
    const updated = await r.change(second.metadata.name, (object) => {
      object.metadata.labels = { [second.metadata.name]: 'updated' };
    });
    grew(second, updated);
    const label = `${second.metadata.name}=updated`;
    assert.deepEqual(names(await found(label)), [second.metadata.name]);
    await r.deleteCollection({ labelSelector: label });
    await c.poll(1000, 60_000, 'all are deleted', async () => (await found(label)).length === 0);
  }),
];

/** Data may be added until `immutable` is true; then only metadata changes, and it stays true. */
async function immutable(r: Resource, encode: (value: string) => string): Promise<void> {
  const name = 'immutable';
  const data = (last: number) =>
    Object.fromEntries(Array.from({ length: last }, (_, i) => [`data-${i + 1}`, encode(`value-${i + 1}\n`)]));
  await r.create({ metadata: { name }, data: data(3) });
  const put = (change: (object: any) => void) => r.change(name, change);
  assert.deepEqual((await put((o) => void Object.assign(o, { data: data(4) }))).data, data(4));
  assert.equal((await put((o) => void Object.assign(o, { immutable: true }))).immutable, true);
  await refused(
    put((o) => void Object.assign(o, { data: data(5) })),
    { ...invalid, texts: ['immutable'] },
  );
  const found = await r.get(name);
  assert.equal(found.immutable, true);
  assert.deepEqual(found.data, data(4));
  await refused(
    put((o) => void Object.assign(o, { immutable: false })),
    { ...invalid, texts: ['immutable'] },
  );
  const labelled = await put((o) => void Object.assign(o.metadata, { labels: { label1: 'value1' } }));
  assert.equal(labelled.metadata.labels.label1, 'value1');
  await r.delete(name);
  await refused(r.get(name), notFound);
}
