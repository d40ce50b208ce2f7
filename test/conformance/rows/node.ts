// Rows of what nodes read, ConfigMaps to RuntimeClasses, Leases and Nodes themselves, as far as the API server alone decides.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { course } from '../course.ts';
import { exists, invalid, notFound, refused } from '../harness/apiError.ts';
import { grew, holds, names, sameUid, withoutVersion } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';

const busybox = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';
const container = (rest: object = {}) => ({ name: 'test-container', image: busybox, ...rest });
const pods = async (c: Context) => c.of('v1', 'Pod', await c.namespace());

export const nodeRows: Row[] = [
  row('node.configmap.empty-key', async (c) => emptyKey(c.of('v1', 'ConfigMap', await c.namespace()), 'value-1')),
  row('node.secret.empty-key', async (c) => emptyKey(c.of('v1', 'Secret', await c.namespace()), 'dmFsdWUtMQo=')),
  row('node.configmap.lifecycle', async (c) => {
    const r = c.of('v1', 'ConfigMap', await c.namespace());
    const name = 'test-configmap';
    // Other runs have the facts' labels too: those that are listed over all namespaces get the namespace as their value.
    const patchedLabel = c.unique('patched-');
    const labels = { 'test-configmap-static': 'true' };
    await r.create({ metadata: { name, labels }, data: { valueName: 'value' } });
    const found = await r.get(name);
    assert.deepEqual(found.data, { valueName: 'value' });
    assert.deepEqual(found.metadata.labels, labels);
    await r.patch(name, 'strategic', {
      metadata: { labels: { 'test-configmap': patchedLabel } },
      data: { valueName: 'value1' },
    });
    const { items } = await c.of('v1', 'ConfigMap').list({ labelSelector: `test-configmap=${patchedLabel}` });
    assert.equal(items.length, 1);
    sameUid(found, items[0]);
    assert.deepEqual(items[0].metadata.labels, { ...labels, 'test-configmap': patchedLabel });
    assert.deepEqual(items[0].data, { valueName: 'value1' });
    await r.deleteCollection({ labelSelector: 'test-configmap-static=true' });
    assert.deepEqual((await r.list({ labelSelector: 'test-configmap-static=true' })).items, []);
  }),
  row('node.configmap.update', async (c) => {
    const r = c.of('v1', 'ConfigMap', await c.namespace());
    const name = c.unique('configmap-test-');
    const made = await r.create({
      metadata: { name },
      data: { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' },
    });
    await r.update({ metadata: { name }, data: { data: 'value' } });
    const found = await r.get(name);
    sameUid(made, found);
    assert.deepEqual(found.data, { data: 'value' });
  }),
  row('node.secret.patch', async (c) => {
    const namespace = await c.namespace();
    const r = c.of('v1', 'Secret', namespace);
    const name = 'test-secret';
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const made = await r.create({
      metadata: { name, labels: { 'testsecret-constant': namespace } },
      data: { key: base64('value') },
      type: 'Opaque',
    });
    const everywhere = async () =>
      names((await c.of('v1', 'Secret').list({ labelSelector: `testsecret-constant=${namespace}` })).items);
    assert.deepEqual(await everywhere(), [name]);
    await r.patch(name, 'strategic', { metadata: { labels: { testsecret: 'true' } }, data: { key: base64('value1') } });
    const found = await r.get(name);
    grew(made, found);
    assert.deepEqual(found.data, { key: base64('value1') });
    assert.equal(found.metadata.labels.testsecret, 'true');
    await r.deleteCollection({ labelSelector: 'testsecret=true' });
    assert.deepEqual(await everywhere(), []);
  }),
  row('node.kubelet.failing-delete', async (c) => {
    const r = await pods(c);
    const name = c.unique('bin-false-');
    const made = await r.create({
      metadata: { name },
      spec: { restartPolicy: 'Never', containers: [container({ command: ['/bin/false'] })] },
    });
    const deleted = await r.delete(name);
    const uid = deleted.kind === 'Pod' ? deleted.metadata.uid : deleted.details?.uid;
    assert.equal(uid, made.metadata.uid, 'the answer names what was deleted');
    const left = await r.get(name).catch((error) => error);
    assert.ok(left.reason === 'NotFound' || left.metadata?.deletionTimestamp, String(left));
  }),
  row('node.pods.qos-guaranteed', async (c) => {
    const r = await pods(c);
    const name = c.unique('pod-qos-class-');
    const both = { cpu: '100m', memory: '100Mi' };
    await r.create({
      metadata: { name },
      spec: { containers: [container({ resources: { limits: both, requests: both } })] },
    });
    assert.equal((await r.get(name)).status.qosClass, 'Guaranteed');
  }),
  row('node.sysctl.invalid-rejected', async (c) => {
    const r = await pods(c);
    const sysctls = { 'foo-': 'bar', 'kernel.shmmax': '100000000', 'safe-and-unsafe': '100000000', 'bar..': '42' };
    const error = await refused(
      r.create({
        metadata: { name: c.unique('sysctl-') },
        spec: {
          securityContext: { sysctls: Object.entries(sysctls).map(([name, value]) => ({ name, value })) },
          containers: [container()],
        },
      }),
      { ...invalid, texts: ['Invalid value: "foo-"', 'Invalid value: "bar.."'] },
    );
    for (const valid of ['safe-and-unsafe', 'kernel.shmmax'])
      assert.ok(!error.status.message.includes(valid), error.message);
  }),
  row('node.runtimeclass.missing-rejected', async (c) => {
    const r = await pods(c);
    const missing = c.unique('nonexistent-');
    await refused(r.create(podOfClass(missing), { dryRun: 'All' }), {
      code: 403,
      reason: 'Forbidden',
      texts: [missing],
    });
    assert.deepEqual((await r.list()).items, []);
  }),
  row('node.runtimeclass.deleted-rejected', async (c) => {
    const r = await pods(c);
    const classes = c.of('node.k8s.io/v1', 'RuntimeClass');
    const name = c.unique('delete-me-');
    await classes.create({ metadata: { name }, handler: 'runc' });
    await c.poll(1000, 60_000, 'the class may be used', () =>
      r.create(podOfClass(name), { dryRun: 'All' }).catch(() => undefined),
    );
    await classes.delete(name);
    await c.gone(classes, name, 60_000);
    await c.poll(1000, 300_000, 'pods of the class are refused', () =>
      r.create(podOfClass(name), { dryRun: 'All' }).then(
        () => false,
        (error) => error.reason === 'Forbidden',
      ),
    );
    await refused(r.create(podOfClass(name), { dryRun: 'All' }), { code: 403, reason: 'Forbidden' });
    assert.deepEqual((await r.list()).items, []);
  }),
  row('node.runtimeclass.api', async (c) => {
    const r = c.of('node.k8s.io/v1', 'RuntimeClass');
    const unique = c.unique();
    const bodies = [1, 2, 3].map((i) => ({
      metadata: { name: `${unique}-runtimeclass${i}`, labels: { test: unique } },
      handler: 'test-handler',
    }));
    const made = c.mine(r, await r.create({ ...bodies[0]!, metadata: { name: c.unique() } }));
    await refused(r.create({ metadata: { name: made.metadata.name }, handler: 'test-handler' }), exists);
    await course(c, { r, dyn: c.dyn('node.k8s.io/v1', 'RuntimeClass'), bodies, labelSelector: `test=${unique}` });
  }),
  row('node.lease.crud', async (c) => {
    const namespace = await c.namespace();
    const r = c.of('coordination.k8s.io/v1', 'Lease', namespace);
    const spec = (holderIdentity: string, n: number) => ({
      holderIdentity,
      leaseDurationSeconds: 30 + n,
      acquireTime: `0001-01-01T00:00:0${2 + n}.000000Z`,
      renewTime: `0001-01-01T00:00:0${5 + n}.123456Z`,
      leaseTransitions: n,
    });
    const name = 'lease';
    await r.create({ metadata: { name }, spec: spec('holder', 0) });
    const found = await r.get(name);
    assert.deepEqual(found.spec, spec('holder', 0));
    await r.update({ ...found, spec: spec('holder2', 1) });
    assert.deepEqual((await r.get(name)).spec, spec('holder2', 1));
    await r.patch(name, 'strategic', { spec: spec('holder3', 2) });
    assert.deepEqual((await r.get(name)).spec, spec('holder3', 2));
    await r.create({ metadata: { name: 'lease2', labels: { deletecollection: 'true' } }, spec: spec('holder', 0) });
    assert.deepEqual(names((await r.list()).items), ['lease', 'lease2']);
    await r.deleteCollection({ labelSelector: 'deletecollection=true' });
    assert.deepEqual(names((await r.list()).items), ['lease']);
    await r.delete(name);
    await refused(r.get(name), notFound);
    const everywhere = await c.of('coordination.k8s.io/v1', 'Lease').list();
    assert.deepEqual(
      everywhere.items.filter((l: any) => l.metadata.namespace === namespace),
      [],
    );
  }),
  row('node.nodeobject.lifecycle', async (c) => {
    const r = c.of('v1', 'Node');
    const name = c.unique('e2e-fake-node-');
    const ready = { type: 'Ready', status: 'True', message: 'Set from e2e test' };
    const made = c.mine(
      r,
      await r.create({
        metadata: { name },
        spec: { unschedulable: true },
        status: { phase: 'Running', conditions: [ready] },
      }),
    );
    holds(made.status.conditions, [ready]);
    const found = await r.get(name);
    sameUid(made, found);
    assert.equal(found.spec.unschedulable, true);
    const patched = await r.patch(name, 'strategic', { metadata: { labels: { [name]: 'patched' } } });
    grew(made, patched);
    assert.deepEqual(names((await r.list({ labelSelector: `${name}=patched` })).items), [name]);
    const updated = await r.change(name, (object) => {
      object.metadata.labels[name] = 'updated';
    });
    assert.equal(updated.metadata.labels[name], 'updated');
    await r.delete(name);
    await c.gone(r, name, 180_000);
  }),
  row('node.podtemplate.lifecycle', async (c) => {
    const namespace = await c.namespace();
    const r = c.of('v1', 'PodTemplate', namespace);
    const labelSelector = `podtemplate-static=${namespace}`;
    const everywhere = async () => names((await c.of('v1', 'PodTemplate').list({ labelSelector })).items);
    assert.deepEqual(await everywhere(), []);
    const name = 'nginx-pod-template';
    const made = await r.create({ metadata: { name, labels: { 'podtemplate-static': namespace } }, template });
    sameUid(made, await r.get(name));
    assert.deepEqual(await everywhere(), [name]);
    const patched = await r.patch(name, 'strategic', { metadata: { labels: { podtemplate: 'patched' } } });
    grew(made, patched);
    assert.equal((await r.get(name)).metadata.labels.podtemplate, 'patched');
    await r.delete(name);
    assert.deepEqual(await everywhere(), []);
  }),
  row('node.podtemplate.delete-collection', async (c) => {
    const r = c.of('v1', 'PodTemplate', await c.namespace());
    const labelSelector = 'podtemplate-set=true';
    for (const i of [1, 2, 3])
      await r.create({ metadata: { name: `test-podtemplate-${i}`, labels: { 'podtemplate-set': 'true' } }, template });
    assert.equal((await r.list({ labelSelector })).items.length, 3);
    await r.deleteCollection({ labelSelector });
    await c.poll(1000, 60_000, 'none is left', async () => (await r.list({ labelSelector })).items.length === 0);
  }),
  row('node.podtemplate.replace', async (c) => {
    const r = c.of('v1', 'PodTemplate', await c.namespace());
    const name = c.unique('podtemplate-');
    const made = await r.create({ metadata: { name }, template });
    const updated = await r.change(name, (object) => {
      object.metadata.annotations = { updated: 'true' };
    });
    assert.equal(updated.metadata.annotations.updated, 'true');
    assert.deepEqual(withoutVersion(updated).template, withoutVersion(made).template);
  }),
];

const template = {
  metadata: { labels: { 'podtemplate-static': 'true' } },
  spec: { containers: [{ name: 'nginx', image: 'registry.k8s.io/e2e-test-images/nginx:1.14-4' }] },
};

const podOfClass = (runtimeClassName: string) => ({
  metadata: { generateName: `test-runtimeclass-${runtimeClassName}-` },
  spec: {
    runtimeClassName,
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    containers: [container({ command: ['true'] })],
  },
});

/** The key alone is what is wrong: the same object with a letter for a key is accepted. */
async function emptyKey(r: Resource, value: string): Promise<void> {
  const body = (key: string) => ({ metadata: { name: 'empty-key' }, data: { [key]: value } });
  await refused(r.create(body('')), { ...invalid, texts: ['data[]'] });
  assert.equal((await r.create(body('a'))).data.a, value);
}
