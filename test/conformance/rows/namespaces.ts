// Rows of namespaces, garbage collection and resource quotas as objects. The namespace and garbage collection controllers must run.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { notFound, refused } from '../harness/apiError.ts';
import { grew, holds, sameUid, validVersion } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';

const namespaces = (c: Context) => c.of('v1', 'Namespace');

export const namespaceRows: Row[] = [
  row('api.namespace.deletes-services', async (c) => {
    const services = (namespace: string) => c.of('v1', 'Service', namespace);
    const first = await c.namespace();
    const body = {
      metadata: { name: 'test-service' },
      spec: { ports: [{ port: 80, targetPort: 80 }], selector: { foo: 'bar' } },
    };
    const made = await services(first).create(body);
    assert.equal(made.metadata.namespace, first);
    const deleted = await namespaces(c).delete(first);
    assert.ok(deleted.kind === 'Status' || deleted.metadata.deletionTimestamp, 'a namespace goes by and by');
    await c.gone(namespaces(c), first, 60_000);
    await refused(services(first).get('test-service'), notFound);
    const second = await c.namespace();
    await refused(services(second).get('test-service'), notFound);
  }),
  row('api.namespace.patch', async (c) => {
    const name = `nspatchtest-${randomUUID()}-${String(Date.now() % 10_000)}`;
    assert.ok(name.length >= 50 && name.length <= 53, name);
    await c.namespace({}, name);
    const before = await namespaces(c).get(name);
    validVersion(before);
    const patched = await namespaces(c).patch(name, 'strategic', { metadata: { labels: { testLabel: 'testValue' } } });
    grew(before, patched);
    const after = await namespaces(c).get(name);
    sameUid(before, after);
    assert.equal(after.metadata.labels.testLabel, 'testValue');
    holds(after.metadata.labels, before.metadata.labels);
  }),
  row('api.namespace.status', async (c) => {
    const name = await c.namespace();
    const read = await c.dyn('v1', 'Namespace').get(name, 'status');
    assert.equal(read.status.phase, 'Active');
    const statusPatch = { type: 'StatusPatch', status: 'True', reason: 'E2E', message: 'Patched by an e2e test' };
    const patched = await namespaces(c).patch(
      name,
      'merge',
      { metadata: { annotations: { 'e2e-patched-ns-status': name } }, status: { conditions: [statusPatch] } },
      'status',
    );
    assert.equal(patched.metadata.annotations['e2e-patched-ns-status'], name);
    holds(patched.status.conditions.at(-1), statusPatch);
    const statusUpdate = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Updated by an e2e test' };
    const updated = await namespaces(c).change(
      name,
      (object) => void object.status.conditions.push(statusUpdate),
      'status',
    );
    holds(updated.status.conditions.at(-1), statusUpdate);
    assert.equal(updated.status.conditions.length, 2);
    assert.equal(
      (await namespaces(c).get(name)).metadata.annotations['e2e-patched-ns-status'],
      name,
      'metadata sent to /status is stored',
    );
  }),
  row('api.namespace.update', async (c) => {
    const name = await c.namespace();
    const updated = await namespaces(c).change(name, (object) => {
      object.metadata.labels = { ...object.metadata.labels, [name]: 'updated' };
    });
    assert.equal(updated.metadata.labels[name], 'updated');
  }),
  row('api.namespace.finalize', async (c) => {
    const name = await c.namespace();
    const fake = 'e2e.example.com/fakeFinalizer';
    const finalize = async (finalizers: (now: string[]) => string[]) => {
      const object = await namespaces(c).get(name);
      object.spec.finalizers = finalizers(object.spec.finalizers);
      return namespaces(c).update(object, 'finalize');
    };
    assert.ok((await finalize((now) => [...now, fake])).spec.finalizers.includes(fake));
    const without = await finalize((now) => now.filter((f) => f !== fake));
    assert.deepEqual(without.spec.finalizers, ['kubernetes']);
    assert.equal((await namespaces(c).get(name)).status.phase, 'Active', 'the namespace lives on');
  }),
  row('api.gc.dependency-cycle', async (c) => {
    const pods = c.of('v1', 'Pod', await c.namespace());
    const made: any[] = [];
    for (const name of ['pod1', 'pod2', 'pod3'])
      made.push(
        await pods.create({
          metadata: { name },
          spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'nginx', image: 'nginx' }] },
        }),
      );
    const own = async (i: number, by: number) => {
      const { name, uid } = made[by].metadata;
      const owner = { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true };
      const patched = await pods.patch(made[i].metadata.name, 'strategic', { metadata: { ownerReferences: [owner] } });
      assert.deepEqual(patched.metadata.ownerReferences, [owner]);
    };
    await own(0, 2);
    await own(1, 0);
    await own(2, 1);
    const left = async () => (await pods.list()).items.length;
    assert.equal(await left(), 3);
    await pods.delete('pod1', { propagationPolicy: 'Foreground', preconditions: { uid: made[0].metadata.uid } });
    await c.poll(5000, 150_000, 'no pods are left', async () => (await left()) === 0);
    for (const { metadata } of made) await refused(pods.get(metadata.name), notFound);
  }),
  row('api.quota.update-delete', async (c) => {
    const r = c.of('v1', 'ResourceQuota', await c.namespace());
    const quota = (cpu: string, memory: string) => ({
      metadata: { name: 'test-quota' },
      spec: { hard: { cpu, memory } },
    });
    const made = await r.create(quota('1', '500Mi'));
    assert.deepEqual(made.spec.hard, { cpu: '1', memory: '500Mi' });
    assert.deepEqual((await r.get('test-quota')).spec.hard, { cpu: '1', memory: '500Mi' });
    const updated = await r.update(quota('2', '1Gi'));
    assert.deepEqual(updated.spec.hard, { cpu: '2', memory: '1Gi' });
    assert.deepEqual((await r.get('test-quota')).spec.hard, { cpu: '2', memory: '1Gi' });
    await r.delete('test-quota');
    await refused(r.get('test-quota'), notFound);
  }),
  row('api.quota.lifecycle', async (c) => {
    const r = c.of('v1', 'ResourceQuota', await c.namespace());
    const name = c.unique('e2e-quota-');
    const labelSelector = `${name}=`;
    const hard = { cpu: '1', memory: '500Mi' };
    await r.create({ metadata: { name, labels: { [name]: '' } }, spec: { hard } });
    const found = await r.get(name);
    validVersion(found);
    assert.deepEqual(found.spec.hard, hard);
    const everywhere = await c.of('v1', 'ResourceQuota').list({ labelSelector });
    assert.deepEqual(
      everywhere.items.map((i: any) => i.metadata.uid),
      [found.metadata.uid],
    );
    const patched = await r.patch(name, 'strategic', {
      metadata: { labels: { [name]: 'patched' } },
      spec: { hard: { memory: '750Mi' } },
    });
    grew(found, patched);
    assert.equal(patched.metadata.labels[name], 'patched');
    assert.deepEqual(patched.spec.hard, { cpu: '1', memory: '750Mi' });
    await r.deleteCollection({ labelSelector: `${name}=patched` });
    await refused(r.get(name), notFound);
  }),
];
