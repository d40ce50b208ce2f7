// Rows of storage that need controllers or nodes: volumes and claims that are bound and protected, classes of attributes, and pods with
// many volumes. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { grew, names, sameUid, validVersion } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { agnhost, isReady, living, minutes, pause } from '../workloads.ts';

const storage = { requests: { storage: '2Gi' } };
const minute = 60_000;

/** A volume and a claim of a class that is nowhere, so that nothing but each other will do for them. */
async function pair(c: Context, namespace: string, volumes: Resource, claims: Resource) {
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: namespace };
  const volume = await volumes.create({
    metadata: { generateName: `${namespace}-`, labels: { 'e2e-pv-pool': namespace } },
    spec: {
      ...spec,
      capacity: { storage: '2Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: 'e2e-driver-name', volumeHandle: 'e2e-conformance' },
    },
  });
  c.mine(volumes, volume);
  const claim = await claims.create({ metadata: { generateName: 'pvc-' }, spec: { ...spec, resources: storage } });
  for (const made of [volume, claim]) validVersion(made);
  return { volume, claim };
}

const found = async (r: Resource, labelSelector?: string): Promise<string[]> =>
  names((await r.list({ labelSelector })).items);

async function volumeLifecycle(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const volumes = c.of('v1', 'PersistentVolume');
  const claims = c.of('v1', 'PersistentVolumeClaim', namespace);
  const pool = `e2e-pv-pool=${namespace}`;
  const first = await pair(c, namespace, volumes, claims);
  const [pv, pvc] = [first.volume.metadata.name, first.claim.metadata.name];
  assert.deepEqual(await found(volumes, pool), [pv]);
  assert.deepEqual(await found(claims), [pvc]);
  for (const [r, name, made] of [
    [volumes, pv, first.volume],
    [claims, pvc, first.claim],
  ] as const) {
    const patched = await r.patch(name, 'strategic', { metadata: { labels: { [name]: 'patched' } } });
    assert.equal(patched.metadata.labels[name], 'patched');
    grew(made, patched);
    sameUid(made, await r.get(name));
  }
  await claims.delete(pvc);
  await c.gone(claims, pvc, minute);
  await volumes.delete(pv);
  await c.gone(volumes, pv, minute);

  const second = await pair(c, namespace, volumes, claims);
  const labels: string[] = [];
  for (const [r, made] of [
    [volumes, second.volume],
    [claims, second.claim],
  ] as const) {
    const { name } = made.metadata;
    const updated = await r.change(name, (object) => {
      object.metadata.labels = { ...object.metadata.labels, [name]: 'updated' };
    });
    grew(made, updated);
    labels.push(`${name}=updated`);
  }
  const [ofVolume, ofClaim] = labels as [string, string];
  assert.deepEqual(await found(c.of('v1', 'PersistentVolumeClaim'), ofClaim), [second.claim.metadata.name]);
  await claims.deleteCollection({ labelSelector: ofClaim });
  await c.poll(1000, minute, 'no claim is left', async () => (await found(claims, ofClaim)).length === 0);
  await volumes.deleteCollection({ labelSelector: ofVolume });
  await c.poll(1000, minute, 'no volume is left', async () => (await found(volumes, ofVolume)).length === 0);
}

async function attributesLifecycle(c: Context): Promise<void> {
  const r = c.of('storage.k8s.io/v1', 'VolumeAttributesClass');
  const body = (generateName: string) => ({
    metadata: { generateName },
    driverName: 'e2e-fake-csi-driver',
    parameters: { foo: 'bar' },
  });
  const first = c.mine(r, await r.create(body('e2e-')));
  const { name } = first.metadata;
  sameUid(first, await r.get(name));
  const patched = await r.patch(name, 'strategic', { metadata: { labels: { [name]: 'patched' } } });
  grew(first, patched);
  assert.deepEqual(await found(r, `${name}=patched`), [name]);
  await r.delete(name);
  await c.poll(1000, minute, 'it is deleted', async () => (await found(r, `${name}=patched`)).length === 0);
  const second = c.mine(r, await r.create(body('e2e-v2-')));
  const updated = await r.change(second.metadata.name, (object) => {
    object.metadata.labels = { [second.metadata.name]: 'updated' };
  });
  grew(second, updated);
  const label = `${second.metadata.name}=updated`;
  assert.deepEqual(await found(r, label), [second.metadata.name]);
  await r.deleteCollection({ labelSelector: label });
  await c.poll(1000, minute, 'all are deleted', async () => (await found(r, label)).length === 0);
}

/** A Secret and a ConfigMap of one name and key in one pod. */
async function noConflict(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const name = c.unique('emptydir-wrapper-test-');
  const data = { 'data-1': Buffer.from('value-1\n').toString('base64') };
  await c.of('v1', 'Secret', namespace).create({ metadata: { name }, data });
  await c.of('v1', 'ConfigMap', namespace).create({ metadata: { name }, binaryData: data });
  const pods = c.of('v1', 'Pod', namespace);
  await pods.create({
    metadata: { name: 'pod-secrets' },
    spec: {
      containers: [
        {
          name: 'secret-test',
          image: agnhost,
          args: ['test-webserver'],
          volumeMounts: [
            { name: 'secret-volume', mountPath: '/etc/secret-volume', readOnly: true },
            { name: 'configmap-volume', mountPath: '/etc/configmap-volume' },
          ],
        },
      ],
      volumes: [
        { name: 'secret-volume', secret: { secretName: name } },
        { name: 'configmap-volume', configMap: { name } },
      ],
    },
  });
  await c.poll(2000, minutes(5), 'the pod is ready', async () => isReady(await pods.get('pod-secrets')));
}

async function configMapRace(c: Context): Promise<void> {
  const namespace = await c.namespace();
  const maps = c.of('v1', 'ConfigMap', namespace);
  const mapNames = Array.from({ length: 50 }, (_, i) => `racey-configmap-${i}`);
  for (const name of mapNames) await maps.create({ metadata: { name }, data: { 'data-1': 'value-1' } });
  const [node] = (await c.of('v1', 'Node').list()).items;
  const onNode = [
    { key: 'kubernetes.io/hostname', operator: 'In', values: [node.metadata.labels['kubernetes.io/hostname']] },
  ];
  const volumes = mapNames.map((name, i) => ({
    name: `racey-configmap-${i}`,
    configMap: { name, items: [{ key: 'data-1', path: 'data-1' }] },
  }));
  const controllers = c.of('v1', 'ReplicationController', namespace);
  const pods = c.of('v1', 'Pod', namespace);
  for (let i = 0; i < 3; i++) {
    const name = c.unique('wrapped-volume-race-');
    await controllers.create({
      metadata: { name },
      spec: {
        replicas: 5,
        selector: { name },
        template: {
          metadata: { labels: { name } },
          spec: {
            containers: [
              {
                name: 'test-container',
                image: pause,
                volumeMounts: volumes.map((v, at) => ({ name: v.name, mountPath: `/etc/config-${at}` })),
              },
            ],
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: onNode }] },
              },
            },
            dnsPolicy: 'Default',
            volumes,
          },
        },
      },
    });
    await c.poll(2000, minutes(5), 'all five run', async () => {
      const all = await living(pods, `name=${name}`);
      const nodes = new Set(all.map((p) => p.spec.nodeName));
      return all.length === 5 && nodes.size === 1 && all.every((p) => p.status.phase === 'Running');
    });
    await controllers.delete(name);
  }
}

export const storageVolumeRows: Row[] = [
  row('storage.persistentvolume.pv-pvc-lifecycle', volumeLifecycle, { class: 'B' }),
  row('storage.volumeattributesclass.lifecycle', attributesLifecycle, { class: 'B' }),
  row('storage.emptydir-wrapper.no-conflict', noConflict, { class: 'C', timeout: minutes(6) }),
  row('storage.emptydir-wrapper.configmap-race', configMapRace, { class: 'C', serial: true, timeout: minutes(15) }),
];
