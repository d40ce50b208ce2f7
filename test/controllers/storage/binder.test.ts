import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  events,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  serviceAccounts,
  storageClasses,
} from '../../../apimachinery/resources.ts';
import type { Client } from '../../../client/client.ts';
import { newClaim } from '../../../controllers/ephemeralVolume.ts';
import { planExpansion } from '../../../controllers/volumeExpansion.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type RunningManager, startManager } from '../manager.ts';
import { makeClaim, makeVolume } from './objects.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
const flags = ['--pvclaimbinder-sync-period=500ms', '--enable-hostpath-provisioner'];
beforeAll(async () => {
  server = await startTestApiServer({ process: true });
  client = await server.client();
  manager = startManager(server, flags);
  await until(async () => Boolean(await client.get(serviceAccounts, 'default', 'default').catch(() => undefined)));
});
afterAll(async () => {
  await manager?.stop();
  client?.close();
  await server?.stop();
});

const namespace = 'default';
const size = (storage: string) => ({ requests: { storage } });
const claim = (name: string, spec: object = {}, metadata: object = {}) =>
  client.create(persistentVolumeClaims, {
    metadata: { name, namespace, ...metadata },
    spec: { accessModes: ['ReadWriteOnce'], resources: size('1Gi'), ...spec },
  } as never);
const volume = (name: string, spec: object = {}, metadata: object = {}) =>
  client.create(persistentVolumes, {
    metadata: { name, ...metadata },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'd.example', volumeHandle: name },
      ...spec,
    },
  } as never);
const classOf = (name: string, more: object = {}) =>
  client.create(storageClasses, { metadata: { name }, provisioner: 'p.example', ...more } as never);
const getClaim = (name: string): Promise<any> => client.get(persistentVolumeClaims, name, namespace);
const getVolume = (name: string): Promise<any> => client.get(persistentVolumes, name);
const claimIs = (name: string, phase: string) =>
  until(async () => (await getClaim(name)).status?.phase === phase, 30_000, `claim ${name} to be ${phase}`);
const volumeIs = (name: string, phase: string) =>
  until(async () => (await getVolume(name)).status?.phase === phase, 30_000, `volume ${name} to be ${phase}`);
const told = async (about: string, reason: string): Promise<any> => {
  let found: any;
  const look = async () => {
    found = (await client.list(events, { fieldSelector })).items[0];
    return Boolean(found);
  };
  const fieldSelector = `involvedObject.name=${about},reason=${reason}`;
  await until(look, 30_000, `event ${reason} on ${about}`);
  return found;
};
const gone = (get: () => Promise<any>) => until(async () => !(await get().catch(() => undefined)), 30_000, 'its end');

it('binds the smallest that fits, keeps it when the claim goes, and finishes what a person began', async () => {
  const storageClassName = 'static';
  await volume('large', { storageClassName, capacity: { storage: '9Gi' } });
  await volume('fitting', { storageClassName, capacity: { storage: '3Gi' } });
  await volumeIs('fitting', 'Available');
  await claim('one', { storageClassName, resources: size('2Gi') });
  await claimIs('one', 'Bound');
  const bound = await getClaim('one');
  expect(bound.spec.volumeName).toBe('fitting');
  expect(bound.status).toMatchObject({ accessModes: ['ReadWriteOnce'], capacity: { storage: '3Gi' } });
  expect(bound.metadata.annotations).toEqual({
    'pv.kubernetes.io/bind-completed': 'yes',
    'pv.kubernetes.io/bound-by-controller': 'yes',
  });
  const v = await getVolume('fitting');
  expect(v.spec.claimRef).toMatchObject({
    kind: 'PersistentVolumeClaim',
    namespace,
    name: 'one',
    uid: bound.metadata.uid,
  });
  expect(v.status.phase).toBe('Bound');
  expect(v.status.lastPhaseTransitionTime).toBeTruthy();

  await client.delete(persistentVolumeClaims, 'one', namespace);
  await volumeIs('fitting', 'Released');
  // The next of that name gets another: what the first wrote there is not its own.
  await claim('one', { storageClassName, resources: size('2Gi') });
  await claimIs('one', 'Bound');
  expect((await getClaim('one')).spec.volumeName).toBe('large');
  // An administrator sets it free.
  await client.patch(persistentVolumes, 'fitting', undefined, 'merge', { spec: { claimRef: null } });
  await volumeIs('fitting', 'Available');

  await volume('reserved', { storageClassName, claimRef: { namespace, name: 'awaited' } });
  await claim('other', { storageClassName, volumeName: 'reserved' });
  expect((await told('other', 'FailedBinding')).message).toBe('volume "reserved" already bound to a different claim.');
  await claim('awaited', { storageClassName });
  await claimIs('awaited', 'Bound');
  const awaited = await getClaim('awaited');
  expect(awaited.spec.volumeName).toBe('reserved');
  expect((await getVolume('reserved')).spec.claimRef.uid).toBe(awaited.metadata.uid);
  expect((await getVolume('reserved')).metadata.annotations).toBeUndefined();

  await client.delete(persistentVolumes, 'reserved');
  await client.patch(persistentVolumes, 'reserved', undefined, 'merge', { metadata: { finalizers: null } });
  await claimIs('awaited', 'Lost');
  expect((await told('awaited', 'ClaimLost')).message).toBe(
    'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  );
});

it('a claim that waits for a pod says so, and is made when a node is chosen; what an outside provisioner makes is bound', async () => {
  await classOf('later', { volumeBindingMode: 'WaitForFirstConsumer' });
  await claim('lazy', { storageClassName: 'later' });
  const event = await told('lazy', 'WaitForFirstConsumer');
  expect(event.message).toBe('waiting for first consumer to be created before binding');
  expect(event.source.component).toBe('persistentvolume-controller');
  await client.create(pods, {
    metadata: { name: 'consumer', namespace },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      schedulingGates: [{ name: 'a.b/c' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'lazy' } }],
    },
  } as never);
  expect((await told('lazy', 'WaitForPodScheduled')).message).toBe('waiting for pod consumer to be scheduled');
  const annotations = { 'volume.kubernetes.io/selected-node': 'n1' };
  await client.patch(persistentVolumeClaims, 'lazy', namespace, 'merge', { metadata: { annotations } });
  expect((await told('lazy', 'ExternalProvisioning')).message).toBe(
    "Waiting for a volume to be created either by the external provisioner 'p.example' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
  );
  const waiting = await getClaim('lazy');
  expect(waiting.metadata.annotations).toMatchObject({
    'volume.beta.kubernetes.io/storage-provisioner': 'p.example',
    'volume.kubernetes.io/storage-provisioner': 'p.example',
  });
  const made = { 'pv.kubernetes.io/provisioned-by': 'p.example' };
  const { uid } = waiting.metadata;
  await volume(
    'made',
    { storageClassName: 'later', persistentVolumeReclaimPolicy: 'Delete', claimRef: { namespace, name: 'lazy', uid } },
    { annotations: made },
  );
  await claimIs('lazy', 'Bound');
  await client.delete(pods, 'consumer', namespace, { gracePeriodSeconds: 0 });
  await client.delete(persistentVolumeClaims, 'lazy', namespace);
  // To delete it is for the provisioner.
  await volumeIs('made', 'Released');
});

it('claims without a class get the default one when it comes; without any they say what is missing', async () => {
  await claim('plain');
  expect((await told('plain', 'FailedBinding')).message).toBe(
    'no persistent volumes available for this claim and no storage class is set',
  );
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  await client.create(storageClasses, {
    metadata: { name: 'std', annotations },
    provisioner: 'kubernetes.io/no-provisioner',
  } as never);
  await until(async () => (await getClaim('plain')).spec.storageClassName === 'std');
  expect((await told('plain', 'ProvisioningFailed')).message).toBe(
    'no volume plugin matched name: kubernetes.io/no-provisioner',
  );
  await client.delete(storageClasses, 'std');
  await claim('lost-class', { storageClassName: 'nowhere' });
  expect((await told('lost-class', 'ProvisioningFailed')).message).toBe(
    'storageclass.storage.k8s.io "nowhere" not found',
  );
});

it('the built-in provisioner makes and deletes directories; recycling is refused', async () => {
  await classOf('here', { provisioner: 'kubernetes.io/host-path' });
  await claim('dir', { storageClassName: 'here' });
  await claimIs('dir', 'Bound');
  const bound = await getClaim('dir');
  const name = `pvc-${bound.metadata.uid}`;
  const made = await getVolume(name);
  expect(made.spec.hostPath.path).toBe(`/tmp/hostpath_pv/${bound.metadata.uid}`);
  expect(made.metadata.finalizers.sort()).toEqual(['kubernetes.io/pv-controller', 'kubernetes.io/pv-protection']);
  expect(made.metadata.annotations).toMatchObject({ 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/host-path' });
  await client.delete(persistentVolumeClaims, 'dir', namespace);
  await gone(() => getVolume(name));

  const ends = async (policy: string, spec: object, reason: string, message: string) => {
    const storageClassName = `ends-${policy.toLowerCase()}`;
    await volume(storageClassName, {
      storageClassName,
      persistentVolumeReclaimPolicy: policy,
      csi: undefined,
      ...spec,
    });
    await claim(storageClassName, { storageClassName });
    await claimIs(storageClassName, 'Bound');
    await client.delete(persistentVolumeClaims, storageClassName, namespace);
    await volumeIs(storageClassName, 'Failed');
    expect((await told(storageClassName, reason)).message).toBe(message);
    expect((await getVolume(storageClassName)).status.message).toBe(message);
  };
  await ends(
    'Recycle',
    { nfs: { server: 'x', path: '/' } },
    'VolumeFailedRecycle',
    'No recycler plugin found for the volume!',
  );
  await ends(
    'Delete',
    { hostPath: { path: '/data' } },
    'VolumeFailedDelete',
    'host_path deleter only supports /tmp/.+ but received provided /data',
  );
});

it('claims of ephemeral volumes are the pod’s own, and a stranger of that name is refused', async () => {
  const volumeClaimTemplate = {
    metadata: { labels: { a: 'b' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: size('1Gi'), storageClassName: 'none' },
  };
  const pod = (name: string) =>
    client.create(pods, {
      metadata: { name, namespace },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate } }],
      },
    } as never);
  const owner = await pod('owner');
  await until(async () => Boolean(await getClaim('owner-scratch').catch(() => undefined)));
  const made = await getClaim('owner-scratch');
  expect(made.metadata.labels).toEqual({ a: 'b' });
  expect(made.metadata.ownerReferences).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'owner',
      uid: owner.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  // Someone deletes it: it is made again.
  await client.delete(persistentVolumeClaims, 'owner-scratch', namespace);
  await until(async () => (await getClaim('owner-scratch').catch(() => made)).metadata.uid !== made.metadata.uid);
  await claim('thief-scratch', { storageClassName: 'none' });
  await pod('thief');
  const event = await told('thief', 'FailedBinding');
  expect(event.message).toBe(
    'ephemeral volume scratch: PVC default/thief-scratch was not created for pod default/thief (pod is not owner)',
  );
  expect(event.source.component).toBe('ephemeral_volume');
  expect(newClaim(owner as never, { name: 'scratch', ephemeral: { volumeClaimTemplate } } as never).metadata.name).toBe(
    'owner-scratch',
  );
});

it('a claim that grows is told who is expected to act', async () => {
  await classOf('elastic', { allowVolumeExpansion: true });
  await volume('stretch', { storageClassName: 'elastic' });
  await claim('growing', { storageClassName: 'elastic' });
  await claimIs('growing', 'Bound');
  await client.patch(persistentVolumeClaims, 'growing', namespace, 'merge', { spec: { resources: size('2Gi') } });
  const event = await told('growing', 'ExternalExpanding');
  expect([event.type, event.source.component, event.message]).toEqual([
    'Normal',
    'volume_expand',
    'waiting for an external controller to expand this PVC',
  ]);
  expect((await getClaim('growing')).status.capacity).toEqual({ storage: '1Gi' });
  const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
  expect(planExpansion(makeClaim('c', { size: '1Gi', status }), makeVolume('v'))).toBeUndefined();
  const disk = makeVolume('v', { spec: { csi: undefined, awsElasticBlockStore: {} } });
  expect(planExpansion(makeClaim('c', { size: '2Gi', status }), disk)).toEqual({
    message: 'CSI migration enabled for kubernetes.io/aws-ebs; waiting for external resizer to expand the pvc',
    driver: 'ebs.csi.aws.com',
  });
});
