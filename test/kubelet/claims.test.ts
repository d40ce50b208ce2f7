// Volumes behind claims: mounted once they are bound, and what is said while they are not or cannot be.
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, pods } from '../../apimachinery/resources.ts';
import { connectRuntime, type RuntimeConnection } from '../../cri/client.ts';
import { ready, startTestNode, type TestNode, until } from './testNode.ts';

let node: TestNode;
let cri: RuntimeConnection;
beforeAll(async () => {
  node = await startTestNode();
  cri = connectRuntime(`unix://${join(node.folder, 'cri.sock')}`);
});
afterAll(async () => {
  cri.close();
  await node.stop();
});

const namespace = 'default';
const only = (name: string) => ({
  required: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }],
  },
});
const claim = (name: string) =>
  node.client.create(persistentVolumeClaims, {
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } },
  } as never);
/** What the binder does. */
async function bind(name: string, source: object): Promise<void> {
  const { uid } = (await node.client.get(persistentVolumeClaims, name, namespace)).metadata;
  await node.client.create(persistentVolumes, {
    metadata: { name: `pv-${name}` },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      claimRef: { namespace, name, uid },
      ...source,
    },
  } as never);
  await node.client.patch(persistentVolumeClaims, name, namespace, 'merge', { spec: { volumeName: `pv-${name}` } });
  const status = { phase: 'Bound' };
  await node.client.patch(persistentVolumeClaims, name, namespace, 'merge', { status }, { subresource: 'status' });
}
const mounting = (name: string, more: object = {}, mount: object = {}) => ({
  containers: [{ name: 'main', image: 'nginx:1', volumeMounts: [{ name: 'data', mountPath: '/data', ...mount }] }],
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name, ...more } }],
});
const told = async (pod: string, text: string) =>
  until(
    async () => (await node.events(pod)).some((e) => e.reason === 'FailedMount' && e.message?.includes(text)),
    30_000,
    `FailedMount of ${pod}: ${text}`,
  );
async function mountOf(pod: string) {
  const id = (await node.pod(pod))!.status!.containerStatuses![0]!.containerID!.replace(/^.*:\/\//, '');
  const { status } = await cri.runtime.containerStatus({ containerId: id, verbose: true });
  return status!.mounts.find((m) => m.containerPath === '/data')!;
}

test('a pod waits for its claim, then runs on its volume; the claim may be deleted meanwhile', async () => {
  const path = join(node.folder, 'made', 'here');
  await node.run('waits', mounting('later', {}, { subPath: 'sub' }));
  const wait =
    'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: error processing PVC default/later: ';
  await told('waits', `${wait}failed to fetch PVC from API server: persistentvolumeclaims "later" not found`);
  await claim('later');
  await told('waits', `${wait}PVC default/later has non-bound phase ("Pending") or empty pvc.Spec.VolumeName ("")`);
  await bind('later', { hostPath: { path, type: 'DirectoryOrCreate' }, nodeAffinity: only(node.nodeName) });
  await node.until('waits', ready);
  expect((await mountOf('waits')).hostPath).toBe(join(path, 'sub'));
  expect(statSync(path).isDirectory()).toBe(true);
  await node.client.delete(persistentVolumeClaims, 'later', namespace);
  await node.stopKubelet();
  await node.startKubelet();
  await node.client.patch(pods, 'waits', namespace, 'merge', { metadata: { labels: { look: 'again' } } });
  await node.until('waits', ready);
  await node.client.delete(pods, 'waits', namespace, { gracePeriodSeconds: 0 });
  await node.untilGone('waits');
  expect(statSync(path).isDirectory()).toBe(true);
});

test('local volumes must be there; read-only claims are mounted so; ephemeral claims are the pod’s own', async () => {
  const path = join(node.folder, 'disk');
  await claim('disk');
  await bind('disk', { local: { path }, nodeAffinity: only(node.nodeName) });
  await node.run('local', { ...mounting('disk', { readOnly: true }), securityContext: { fsGroup: 1234 } });
  await told(
    'local',
    `MountVolume.NewMounter initialization failed for volume "pv-disk" : path "${path}" does not exist`,
  );
  mkdirSync(path);
  await node.until('local', ready);
  expect(await mountOf('local')).toMatchObject({ hostPath: path, readonly: true });
  if (process.getuid?.() === 0) expect(statSync(path).gid).toBe(1234);
  rmSync(path, { recursive: true });
  await claim('own-data');
  const volumeClaimTemplate = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
  await node.run('own', { ...mounting(''), volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate } }] });
  await told('own', 'PVC default/own-data was not created for pod default/own (pod is not owner)');
});

test('what cannot be mounted here is told in upstream’s words', async () => {
  const cases: [string, object, string][] = [
    [
      'csi',
      { csi: { driver: 'd.example', volumeHandle: 'h' } },
      'MountVolume.MountDevice failed for volume "pv-csi" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name d.example not found in the list of registered CSI drivers',
    ],
    [
      'far',
      { local: { path: '/x' }, nodeAffinity: only('elsewhere') },
      'MountVolume.NodeAffinity check failed for volume "pv-far" : no matching NodeSelectorTerms',
    ],
    [
      'iscsi',
      { iscsi: { targetPortal: 'a', iqn: 'iqn.2000-01.a:b', lun: 0 } },
      'MountVolume.SetUp failed for volume "pv-iscsi" : unsupported volume type',
    ],
  ];
  await Promise.all(
    cases.map(async ([name, source, text]) => {
      await claim(name);
      await bind(name, source);
      await node.run(`p-${name}`, mounting(name));
      await told(`p-${name}`, text);
    }),
  );
  await node.run('inline', { ...mounting(''), volumes: [{ name: 'data', csi: { driver: 'e2e.example.com' } }] });
  await told(
    'inline',
    'MountVolume.SetUp failed for volume "data" : kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name e2e.example.com not found in the list of registered CSI drivers',
  );
  expect((await node.pod('inline'))!.status!.containerStatuses![0]!.state!.waiting!.reason).toBe('ContainerCreating');
});
