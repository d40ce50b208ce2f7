// What programs do with @kubernetes/client-node, the official client for JavaScript, against a cluster that `up` started: typed and
// dynamic objects, every patch, pages, watches, informers, exec, attach, port-forward, logs, copies.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import * as k8s from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../kit/apiServer.ts';
import { type UpCluster, upCluster } from '../kit/upCluster.ts';

const namespace = 'js';
let cluster: UpCluster;
let config: k8s.KubeConfig;
let core: k8s.CoreV1Api;
let apps: k8s.AppsV1Api;
let objects: k8s.KubernetesObjectApi;
const simulated = (name: string) => `simulated.mini-k8s.io/${name}`;

beforeAll(async () => {
  cluster = await upCluster('--nodes', '1');
  config = new k8s.KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  core = config.makeApiClient(k8s.CoreV1Api);
  apps = config.makeApiClient(k8s.AppsV1Api);
  objects = k8s.KubernetesObjectApi.makeApiClient(config);
  await core.createNamespace({ body: { metadata: { name: namespace, labels: { first: 'a' } } } });
});
/** Goes last: the library sets a file's times after it has said that all is copied. */
const copied = mkdtempSync(join(tmpdir(), 'mk8s-cp-'));
afterAll(async () => {
  await cluster?.stop();
  rmSync(copied, { recursive: true, force: true });
});

/** What a call failed with: code and the Status. */
const failure = async (call: Promise<unknown>): Promise<{ code: number; status: k8s.V1Status }> => {
  const error: any = await call.then(
    () => expect.fail('did not fail'),
    (e) => e,
  );
  return { code: error.code, status: typeof error.body === 'string' ? JSON.parse(error.body) : error.body };
};
const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels },
  data,
});
const text = (stream: PassThrough) => {
  let all = '';
  stream.on('data', (chunk) => {
    all += chunk;
  });
  return () => all;
};

describe('typed objects', () => {
  it('are created, read, replaced and deleted; what fails says why', async () => {
    const made = await core.createNamespacedConfigMap({ namespace, body: configMap('typed', { a: '1' }) });
    expect(made.metadata).toMatchObject({ name: 'typed', namespace, resourceVersion: expect.stringMatching(/^\d+$/) });
    expect(made.metadata!.creationTimestamp).toBeInstanceOf(Date);
    const newer = await core.replaceNamespacedConfigMap({
      name: 'typed',
      namespace,
      body: { ...made, data: { a: '2' } },
    });
    expect(newer.data).toEqual({ a: '2' });
    const stale = await failure(core.replaceNamespacedConfigMap({ name: 'typed', namespace, body: made }));
    expect(stale).toMatchObject({ code: 409, status: { reason: 'Conflict', details: { kind: 'configmaps' } } });
    const again = await failure(core.createNamespacedConfigMap({ namespace, body: configMap('typed') }));
    expect(again).toMatchObject({ code: 409, status: { reason: 'AlreadyExists' } });
    const bad = await failure(core.createNamespacedConfigMap({ namespace, body: configMap('Not_A_Name') }));
    expect(bad.status).toMatchObject({ reason: 'Invalid', details: { causes: [{ field: 'metadata.name' }] } });
    expect(await core.deleteNamespacedConfigMap({ name: 'typed', namespace })).toMatchObject({ status: 'Success' });
    expect((await failure(core.readNamespacedConfigMap({ name: 'typed', namespace }))).code).toBe(404);
  });

  it('are patched in every way', async () => {
    const options = (strategy: k8s.PatchStrategy) => k8s.setHeaderOptions('Content-Type', strategy);
    const name = namespace;
    const labels = (body: object, strategy: k8s.PatchStrategy) =>
      core.patchNamespace({ name, body }, options(strategy)).then((n) => n.metadata!.labels);
    const json = [{ op: 'replace', path: '/metadata/labels/first', value: 'b' }];
    expect(await labels(json, k8s.PatchStrategy.JsonPatch)).toMatchObject({ first: 'b' });
    const merge = { metadata: { labels: { second: 'c', first: null } } };
    expect(await labels(merge, k8s.PatchStrategy.MergePatch)).toEqual({
      second: 'c',
      'kubernetes.io/metadata.name': namespace,
    });
    const strategic = { metadata: { labels: { third: 'd' } } };
    expect(await labels(strategic, k8s.PatchStrategy.StrategicMergePatch)).toMatchObject({ second: 'c', third: 'd' });
  });

  it('are listed in pages, by labels and as metadata alone', async () => {
    for (const name of ['page-1', 'page-2', 'page-3'])
      await core.createNamespacedConfigMap({ namespace, body: configMap(name, { big: 'x' }, { part: 'pages' }) });
    const first = await core.listNamespacedConfigMap({ namespace, labelSelector: 'part=pages', limit: 2 });
    expect(first.items.map((c) => c.metadata!.name)).toEqual(['page-1', 'page-2']);
    const rest = await core.listNamespacedConfigMap({
      namespace,
      labelSelector: 'part=pages',
      limit: 2,
      _continue: first.metadata!._continue!,
    });
    expect(rest.items.map((c) => c.metadata!.name)).toEqual(['page-3']);
    expect(rest.metadata).toMatchObject({ resourceVersion: first.metadata!.resourceVersion });
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const lean = await core.listNamespacedConfigMap(
      { namespace, labelSelector: 'part in (pages)' },
      k8s.setHeaderOptions('Accept', accept),
    );
    expect(lean.kind).toBe('PartialObjectMetadataList');
    expect(lean.items.map((c) => [c.metadata!.name, c.data])).toEqual([1, 2, 3].map((n) => [`page-${n}`, undefined]));
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'part=pages' });
    expect((await core.listNamespacedConfigMap({ namespace, labelSelector: 'part=pages' })).items).toEqual([]);
  });

  it('have scale, token, reviews, eviction', async () => {
    const pod = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'web:1' }] } };
    const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: pod };
    await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'web' }, spec } });
    const scale = await apps.readNamespacedDeploymentScale({ name: 'web', namespace });
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'app=web' } });
    scale.spec!.replicas = 2;
    delete scale.metadata!.resourceVersion; // the controller writes at the same time
    await apps.replaceNamespacedDeploymentScale({ name: 'web', namespace, body: scale });
    const ready = async () => (await apps.readNamespacedDeployment({ name: 'web', namespace })).status?.readyReplicas;
    await until(async () => (await ready()) === 2);
    const podOf = (await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items[0]!.metadata!.name!;
    const body = { metadata: { name: podOf, namespace } };
    // The client makes an Eviction of every answer; what came is a Status.
    expect((await core.createNamespacedPodEviction({ name: podOf, namespace, body })).kind).toBe('Status');
    const token = await core.createNamespacedServiceAccountToken({
      name: 'default',
      namespace,
      body: { spec: { audiences: [], expirationSeconds: 600 } },
    });
    const review = await config
      .makeApiClient(k8s.AuthenticationV1Api)
      .createTokenReview({ body: { spec: { token: token.status?.token ?? '' } } });
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${namespace}:default` },
    });
    const access = await config
      .makeApiClient(k8s.AuthorizationV1Api)
      .createSelfSubjectAccessReview({ body: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } } });
    expect(access.status?.allowed).toBe(true);
    expect((await k8s.topNodes(core)).map((n) => n.Node.metadata!.name)).toEqual(['node-1']);
    expect(await new k8s.Health(config).readyz({})).toBe(true);
    expect((await config.makeApiClient(k8s.VersionApi).getCode()).minor).toBe('35');
  });
});

describe('objects of any kind', () => {
  it('are applied server-side, with conflicts and force', async () => {
    const apply = (data: Record<string, string>, manager: string, force?: boolean) => {
      const { labels: _, ...metadata } = configMap('applied').metadata;
      const object = { ...configMap('applied', data), metadata };
      return objects.patch(object, undefined, undefined, manager, force, k8s.PatchStrategy.ServerSideApply);
    };
    const first: any = await apply({ a: '1' }, 'one');
    expect(first.metadata.managedFields).toMatchObject([{ manager: 'one', operation: 'Apply' }]);
    const conflict = await failure(apply({ a: '2' }, 'two'));
    expect(conflict).toMatchObject({ code: 409, status: { details: { causes: [{ field: '.data.a' }] } } });
    expect(conflict.status.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.a');
    expect(await apply({ a: '2' }, 'two', true)).toMatchObject({ data: { a: '2' } });
  });

  it('a definition, and its objects', async () => {
    const properties = { spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } } };
    await objects.create({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'boats.js.example.com' },
      spec: {
        group: 'js.example.com',
        scope: 'Namespaced',
        names: { plural: 'boats', singular: 'boat', kind: 'Boat', listKind: 'BoatList' },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } },
        ],
      },
    } as k8s.V1CustomResourceDefinition);
    const boat = (size: number) => ({
      apiVersion: 'js.example.com/v1',
      kind: 'Boat',
      metadata: { name: 'small', namespace },
      spec: { size },
    });
    await until(() =>
      objects.create(boat(1)).then(
        () => true,
        () => false,
      ),
    );
    const listed = await objects.list<k8s.KubernetesObject>('js.example.com/v1', 'Boat', namespace);
    expect(listed.items).toHaveLength(1);
    expect(await objects.patch(boat(3), undefined, undefined, undefined, undefined, 'application/merge-patch+json')) //
      .toMatchObject({ spec: { size: 3 } });
    const refused = await failure(
      objects.patch(boat(0), undefined, undefined, undefined, undefined, 'application/merge-patch+json'),
    );
    expect(refused).toMatchObject({ code: 422, status: { details: { causes: [{ field: 'spec.size' }] } } });
    const read: any = await objects.read(boat(0));
    expect(await objects.replace({ ...read, spec: { size: 4 } })).toMatchObject({
      spec: { size: 4 },
      metadata: { generation: 3 },
    });
    expect(await objects.delete(boat(0))).toMatchObject({ status: 'Success', details: { kind: 'boats' } });
    expect((await failure(objects.read(boat(0)))).code).toBe(404);
  });

  it('from YAML with dates and int-or-string, and back', async () => {
    const service: k8s.V1Service = k8s.loadYaml(`
apiVersion: v1
kind: Service
metadata: {name: from-yaml, namespace: ${namespace}}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
`);
    const made = await core.createNamespacedService({ namespace, body: service });
    expect(made.spec).toMatchObject({ type: 'ClusterIP', clusterIP: expect.stringMatching(/^10\./) });
    expect(made.spec!.ports).toEqual([expect.objectContaining({ protocol: 'TCP', port: 80, targetPort: 'http' })]);
    expect(k8s.dumpYaml(made)).toContain('kind: Service');
  });
});

describe('watches', () => {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const watcher = () => new k8s.Watch(config);

  it('show what happened since a list, in order, and end at their time', async () => {
    const { metadata } = await core.listNamespacedConfigMap({ namespace });
    const body = configMap('watched', { n: '1' }, { part: 'watched' });
    await core.createNamespacedConfigMap({ namespace, body });
    await objects.patch(
      configMap('watched', { n: '2' }),
      undefined,
      undefined,
      undefined,
      undefined,
      'application/merge-patch+json',
    );
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'part=watched' });
    const seen: string[] = [];
    const query = { resourceVersion: metadata!.resourceVersion, timeoutSeconds: 1 };
    await new Promise((done) =>
      watcher().watch(
        path,
        query,
        (type, object) => seen.push(`${type} ${object.metadata.name} ${object.data?.n}`),
        done,
      ),
    );
    expect(seen).toEqual(['ADDED watched 1', 'MODIFIED watched 2', 'DELETED watched 2']);
  });

  it('begin with what is there, up to a bookmark that says so', async () => {
    const marks: any[] = [];
    const query = {
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
      timeoutSeconds: 5,
    };
    const controller = await watcher().watch(
      path,
      query,
      (type, object) => type === 'BOOKMARK' && marks.push(object.metadata),
      () => undefined,
    );
    await until(() => marks.length > 0);
    controller.abort();
    expect(marks[0].annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  it('informers follow a kind', async () => {
    const labelSelector = 'part=informed';
    const informer = k8s.makeInformer<k8s.V1ConfigMap>(
      config,
      path,
      () => core.listNamespacedConfigMap({ namespace, labelSelector }),
      labelSelector,
    );
    const seen: string[] = [];
    for (const verb of ['add', 'update', 'delete'] as const)
      informer.on(verb, (object: k8s.V1ConfigMap) => seen.push(`${verb} ${object.metadata!.name}`));
    await core.createNamespacedConfigMap({ namespace, body: configMap('before', {}, { part: 'informed' }) });
    await informer.start();
    await core.createNamespacedConfigMap({ namespace, body: configMap('after', {}, { part: 'informed' }) });
    await until(() => seen.includes('add after'));
    await objects.patch(
      configMap('after', { x: 'y' }),
      undefined,
      undefined,
      undefined,
      undefined,
      'application/merge-patch+json',
    );
    await core.deleteNamespacedConfigMap({ name: 'before', namespace });
    await until(() => seen.includes('delete before'));
    expect(seen).toEqual(['add before', 'add after', 'update after', 'delete before']);
    expect(informer.list().map((object) => object.data)).toEqual([{ x: 'y' }]);
    await informer.stop();
  });
});

describe('in pods', () => {
  const pod = 'box';
  /** A tar archive of one file, as the simulated container's tar prints it. */
  const archive = (name: string, content: string) => {
    const header = Buffer.alloc(512);
    const fields: [number, string][] = [
      [0, name],
      [100, '0000644\0'],
      [108, '0000000\0'],
      [116, '0000000\0'],
      [124, `${content.length.toString(8).padStart(11, '0')}\0`],
      [136, '00000000000\0'],
      [148, '        '],
      [156, '0'],
      [257, 'ustar\x0000'],
    ];
    for (const [at, value] of fields) header.write(value, at, 'latin1');
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return header.toString('latin1') + content.padEnd(512, '\0') + '\0'.repeat(1024);
  };

  beforeAll(async () => {
    const annotations = {
      [simulated('log-every')]: '100ms',
      [simulated('http-body')]: 'Hello from the box',
      [simulated('exec.packed')]: 'tar=0',
      [simulated('exec-stdout.packed')]: archive('note.txt', 'packed'),
    };
    const containers = ['main', 'packed'].map((name) => ({ name, image: 'box:1' }));
    const body = { metadata: { name: pod, annotations, labels: { app: pod } }, spec: { containers } };
    await core.createNamespacedPod({ namespace, body });
    await until(async () => {
      const { status } = await core.readNamespacedPod({ name: pod, namespace });
      return status?.containerStatuses?.every((c) => c.ready) ?? false;
    });
  });

  it('exec: output, errors, input, exit code', async () => {
    const run = async (command: string[], stdin: PassThrough | null = null) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const [out, err] = [text(stdout), text(stderr)];
      const status = await new Promise<k8s.V1Status>((resolve, reject) => {
        new k8s.Exec(config).exec(namespace, pod, 'main', command, stdout, stderr, stdin, false, resolve).catch(reject);
      });
      return { out: out(), err: err(), status };
    };
    const said = await run(['sh', '-c', 'echo out; echo err >&2']);
    expect([said.out, said.err, said.status.status]).toEqual(['out\n', 'err\n', 'Success']);
    const failed = await run(['sh', '-c', 'exit 3']);
    expect(failed.status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
    const stdin = new PassThrough();
    const shell = run(['sh'], stdin);
    stdin.write('echo one\n');
    stdin.write('exit 0\n');
    expect((await shell).out).toContain('one');
  });

  it('attach and logs', async () => {
    const attached = new PassThrough();
    const seen = text(attached);
    const socket = await new k8s.Attach(config).attach(namespace, pod, 'main', attached, null, null, false);
    await until(() => /line \d+\n/.test(seen()));
    socket.close();
    const whole = await core.readNamespacedPodLog({ name: pod, namespace, container: 'main', tailLines: 2 });
    expect(whole.trim().split('\n')).toHaveLength(2);
  });

  it('a log that is followed ends with its container', async () => {
    const annotations = { [simulated('exit-after')]: '2s', [simulated('log-every')]: '100ms' };
    const spec = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'box:1' }] };
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'brief', annotations }, spec } });
    await until(async () => {
      const { status } = await core.readNamespacedPod({ name: 'brief', namespace });
      return status?.phase !== 'Pending';
    });
    const stream = new PassThrough();
    const lines = text(stream);
    await new k8s.Log(config).log(namespace, 'brief', 'main', stream, { follow: true, timestamps: true });
    await once(stream, 'end');
    expect(lines()).toMatch(/^\d{4}-\d\d-\d\dT\S+Z simulated container main.*\n(\S+Z line \d+\n){3,}$/);
  });

  it('port-forward to a pod', async () => {
    const [input, output, error] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const answer = text(output);
    const socket = (await new k8s.PortForward(config).portForward(namespace, pod, [8080], output, error, input)) as any;
    input.write('GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n');
    await until(() => answer().includes('Hello from the box'));
    socket.close?.();
  });

  it('copies from a pod', async () => {
    await new k8s.Cp(config).cpFromPod(namespace, pod, 'packed', 'note.txt', copied, '/tmp');
    const file = join(copied, 'note.txt');
    await until(() => existsSync(file) && readFileSync(file, 'utf8') === 'packed');
  });
});
