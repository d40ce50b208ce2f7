// Volumes with kubectl on a cluster as `up` starts it: the default StorageClass, a StatefulSet with claims of its own, volumes made by
// hand, and a pod's ephemeral volume. The newest kubectl.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlIn, type Ran, type UpCluster, upCluster } from '../../kit/upCluster.ts';

const kubectl = kubectls().at(-1);
let cluster: UpCluster;
let k: (args: string, input?: string) => Promise<Ran>;
beforeAll(async () => {
  if (!kubectl) return;
  cluster = await upCluster('--nodes', '2');
  k = kubectlIn(kubectl.path, cluster.kubeconfig, 'default');
});
afterAll(() => cluster?.stop());

async function ok(args: string, input?: string): Promise<string> {
  const ran = await k(args, input);
  expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout;
}
const test = kubectl
  ? (name: string, run: () => Promise<void>) => it(name, { timeout: 240_000 }, run)
  : (name: string, _: () => Promise<void>) => it(name, (c) => c.skip(kubectlMissing));
const field = (what: string, jsonpath: string) => ok(`get ${what} -o jsonpath={${jsonpath}}`);
/** Folders of all nodes. */
const folders = () =>
  readdirSync(join(cluster.dataDir, 'volumes'), { withFileTypes: true }).flatMap((d) =>
    readdirSync(join(cluster.dataDir, 'volumes', d.name)),
  );
const claim = (size: string) => `{accessModes: [ReadWriteOnce], resources: {requests: {storage: ${size}}}}`;

test('a StatefulSet keeps what its pods wrote; what the claims were goes with them', async () => {
  expect(await ok('get storageclass')).toMatch(
    /standard \(default\) +mini-k8s.io\/local-path +Delete +WaitForFirstConsumer/,
  );
  await ok(
    'apply -f -',
    `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: "nginx:1.27", volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: ${claim('1Gi')}
`,
  );
  await ok('rollout status statefulset/db --timeout=60s');
  expect(await ok('get pvc')).toMatch(/data-db-0 +Bound +pvc-\S+ +1Gi +RWO +standard/);
  expect(await ok('describe pvc data-db-0')).toContain('Used By:       db-0');
  // Events are written beside the deed, a moment later.
  const told = ['ExternalProvisioning', 'Provisioning', 'ProvisioningSucceeded'].map(
    (r) => new RegExp(`Normal +${r} `),
  );
  await until(async () => {
    const described = await ok('describe pvc data-db-0');
    return told.every((line) => line.test(described));
  });
  const node = await field('pod db-0', '.spec.nodeName');
  expect(await ok(`describe pv ${await field('pvc data-db-0', '.spec.volumeName')}`)).toContain(
    `kubernetes.io/hostname in [${node}]`,
  );
  await ok(`exec db-0 -- sh -c 'echo kept > /data/file'`);
  await ok('delete pod db-0');
  // kubectl does not wait for what is not there yet.
  await until(async () => (await k('get pod db-0')).code === 0);
  await ok('wait --for=condition=Ready pod/db-0 --timeout=60s');
  expect(await ok('exec db-0 -- cat /data/file')).toBe('kept\n');
  expect(await field('pod db-0', '.spec.nodeName')).toBe(node);

  await ok('delete statefulset db');
  await ok('wait --for=delete pod/db-0 pod/db-1 --timeout=60s');
  expect(folders()).toHaveLength(2);
  await ok('delete pvc --all --timeout=60s');
  await until(async () => (await ok('get pv -o name')) === '', 30_000, 'the end of the volumes');
  expect(folders()).toEqual([]);
});

test('a volume made by hand is bound, left behind, and given free again', async () => {
  await ok(
    'apply -f -',
    `
apiVersion: v1
kind: PersistentVolume
metadata: {name: by-hand}
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: manual
  hostPath: {path: ${join(cluster.dataDir, 'by-hand')}, type: DirectoryOrCreate}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mine}
spec: {storageClassName: manual, accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}
`,
  );
  await ok(`wait --for=jsonpath={.status.phase}=Bound pvc/mine --timeout=60s`);
  expect(await ok('get pvc mine')).toMatch(/mine +Bound +by-hand +5Gi +RWO +manual/);
  expect(await ok('get pv by-hand')).toMatch(/by-hand +5Gi +RWO +Retain +Bound +default\/mine +manual/);
  await ok('delete pvc mine');
  await ok('wait --for=jsonpath={.status.phase}=Released pv/by-hand --timeout=60s');
  await ok(`patch pv by-hand --type=json -p '[{"op":"remove","path":"/spec/claimRef"}]'`);
  await ok('wait --for=jsonpath={.status.phase}=Available pv/by-hand --timeout=60s');
});

test('a claim waits for its pod; an ephemeral one comes and goes with it', async () => {
  await ok(
    'apply -f -',
    `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: idle}, spec: ${claim('1Gi')}}`,
  );
  await until(async () =>
    (await ok('describe pvc idle')).includes('waiting for first consumer to be created before binding'),
  );
  await ok(
    'apply -f -',
    `
apiVersion: v1
kind: Pod
metadata: {name: scratch}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: "nginx:1.27", volumeMounts: [{name: s, mountPath: /s}]}]
  volumes: [{name: s, ephemeral: {volumeClaimTemplate: {spec: ${claim('1Gi')}}}}]
`,
  );
  await ok('wait --for=condition=Ready pod/scratch --timeout=60s');
  expect(await ok('get pvc')).toMatch(/idle +Pending/);
  expect(await ok('get pvc scratch-s')).toMatch(/scratch-s +Bound/);
  await ok('delete pod scratch');
  await ok('wait --for=delete pvc/scratch-s --timeout=60s');
});
