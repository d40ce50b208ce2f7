// What a pod's containers are given: environment, files that stay current, tokens, hosts file; and what is said when it is missing.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMaps, pods, secrets, services } from '../../apimachinery/resources.ts';
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

const container = (more: object) => [{ name: 'main', image: 'nginx:1', ...more }];
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The mounts of the pod's only container, by path in the container. */
async function mountsOf(name: string): Promise<Map<string, string>> {
  const pod = (await node.pod(name))!;
  const id = pod.status!.containerStatuses![0]!.containerID!.replace(/^.*:\/\//, '');
  const { status } = await cri.runtime.containerStatus({ containerId: id, verbose: true });
  return new Map(status!.mounts.map((m) => [m.containerPath, m.hostPath]));
}

test('files of configMap, secret, downward API and token; updated in place', async () => {
  await node.client.create(configMaps, { metadata: { name: 'cfg', namespace: 'default' }, data: { 'a.txt': 'one' } });
  await node.client.create(secrets, {
    metadata: { name: 'sec', namespace: 'default' },
    data: { key: base64('hidden') },
  });
  await node.run('files', {
    containers: container({
      volumeMounts: [
        { name: 'all', mountPath: '/all' },
        { name: 'cfg', mountPath: '/cfg' },
        { name: 'data', mountPath: '/data', subPath: 'deep/er' },
      ],
    }),
    volumes: [
      { name: 'cfg', configMap: { name: 'cfg' } },
      { name: 'data', emptyDir: {} },
      {
        name: 'all',
        projected: {
          sources: [
            { configMap: { name: 'cfg', items: [{ key: 'a.txt', path: 'sub/b.txt', mode: 0o400 }] } },
            { secret: { name: 'sec' } },
            { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.name' } }] } },
            { serviceAccountToken: { path: 'token', audience: 'me' } },
          ],
        },
      },
    ],
  });
  await node.until('files', ready);
  const mounts = await mountsOf('files');
  const all = mounts.get('/all')!;
  expect(readFileSync(join(all, 'sub/b.txt'), 'utf8')).toBe('one');
  expect(statSync(join(all, 'sub/b.txt')).mode & 0o777).toBe(0o400);
  expect(readFileSync(join(all, 'key'), 'utf8')).toBe('hidden');
  expect(readFileSync(join(all, 'labels'), 'utf8')).toBe('files');
  const claims = JSON.parse(
    Buffer.from(readFileSync(join(all, 'token'), 'utf8').split('.')[1]!, 'base64url').toString(),
  );
  expect(claims).toMatchObject({ aud: ['me'], sub: 'system:serviceaccount:default:default' });
  expect(claims['kubernetes.io'].pod.name).toBe('files');
  expect(mounts.get('/data')).toMatch(/deep\/er$/);
  expect(readFileSync(mounts.get('/etc/hosts')!, 'utf8')).toMatch(/^# Kubernetes-managed hosts file\.\n/);
  expect(readFileSync(mounts.get('/etc/hosts')!, 'utf8')).toContain((await node.pod('files'))!.status!.podIP!);

  await node.client.patch(configMaps, 'cfg', 'default', 'merge', { data: { 'a.txt': 'two' } });
  await until(() => readFileSync(join(mounts.get('/cfg')!, 'a.txt'), 'utf8') === 'two');
  await until(() => readFileSync(join(all, 'sub/b.txt'), 'utf8') === 'two');
  await node.client.delete(pods, 'files', 'default', { gracePeriodSeconds: 1 });
  await node.untilGone('files');
  expect(() => statSync(all)).toThrow('ENOENT');
});

test('environment: fields, references, services, expansion', async () => {
  await node.client.create(configMaps, { metadata: { name: 'env', namespace: 'default' }, data: { 'data-1': 'v1' } });
  await node.client.create(services, {
    metadata: { name: 'fooservice', namespace: 'default' },
    spec: { ports: [{ port: 8765, targetPort: 8080 }] },
  } as any);
  await node.run('env', {
    containers: container({
      command: ['sh', '-c', 'echo $(TEST) $(nope); sleep 600'],
      resources: { limits: { cpu: '250m', memory: '64Mi' } },
      envFrom: [{ prefix: 'p-', configMapRef: { name: 'env' } }],
      env: [
        { name: 'TEST', value: 'x-$(IP)' },
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        { name: 'AFTER', value: '$(IP)' },
      ],
    }),
  });
  const pod = await node.until('env', ready);
  const id = pod.status!.containerStatuses![0]!.containerID!.replace(/^.*:\/\//, '');
  const { info } = await cri.runtime.containerStatus({ containerId: id, verbose: true });
  const text = JSON.stringify(info);
  for (const wanted of ['p-data-1', 'FOOSERVICE_SERVICE_HOST', 'KUBERNETES_SERVICE_HOST']) {
    if (text.includes('envs')) expect(text).toContain(wanted);
  }
});

test('a ConfigMap that is not there: the volume waits, and so does the container; both go on when it comes', async () => {
  await node.run('late', {
    containers: container({ volumeMounts: [{ name: 'cfg', mountPath: '/cfg' }] }),
    volumes: [{ name: 'cfg', configMap: { name: 'late' } }],
  });
  await node.run('late-env', {
    containers: container({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'late', key: 'k' } } }] }),
  });
  await until(async () => (await node.events('late')).some((e) => e.reason === 'FailedMount'));
  const mount = (await node.events('late')).find((e) => e.reason === 'FailedMount')!;
  expect(mount.message).toBe('MountVolume.SetUp failed for volume "cfg" : configmap "late" not found');
  const waiting = await node.until(
    'late-env',
    (p) => p.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  );
  expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('configmap "late" not found');
  await until(async () =>
    (await node.events('late-env')).some((e) => e.message === 'Error: configmap "late" not found'),
  );
  await node.client.create(configMaps, { metadata: { name: 'late', namespace: 'default' }, data: { k: 'v' } });
  await node.until('late', ready);
  await node.until('late-env', ready);
});

test.each([
  ['..', /must not contain '\.\.'/],
  ['/tmp', /must not be an absolute path/],
])('a subPathExpr of %s is refused', async (value, message) => {
  const name = `sub-${value === '..' ? 'dots' : 'abs'}`;
  await node.run(name, {
    containers: container({
      env: [{ name: 'POD_NAME', value }],
      volumeMounts: [{ name: 'data', mountPath: '/data', subPathExpr: '$(POD_NAME)' }],
    }),
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  const pod = await node.until(
    name,
    (p) => p.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  );
  expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(message);
  expect(pod.status?.phase).toBe('Pending');
});

test('hostPath is checked by its type', async () => {
  const file = join(node.folder, 'a-file');
  writeFileSync(file, '');
  const spec = (type: string) => ({
    containers: container({ volumeMounts: [{ name: 'h', mountPath: '/h' }] }),
    volumes: [{ name: 'h', hostPath: { path: file, type } }],
  });
  await node.run('host-file', spec('File'));
  await node.until('host-file', ready);
  await node.run('host-dir', spec('Directory'));
  await until(async () => (await node.events('host-dir')).some((e) => e.reason === 'FailedMount'));
  const event = (await node.events('host-dir')).find((e) => e.reason === 'FailedMount')!;
  expect(event.message).toBe(
    `MountVolume.SetUp failed for volume "h" : hostPath type check failed: ${file} is not a directory`,
  );
});
