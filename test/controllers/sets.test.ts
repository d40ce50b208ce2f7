import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  controllerRevisions,
  daemonSets,
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  pods,
  type Resource,
  replicationControllers,
  serviceAccounts,
  statefulSets,
} from '../../apimachinery/resources.ts';
import type { KubeObject, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { kubectls } from '../kit/kubectls.ts';
import { type RunningManager, runPods, startManager } from './manager.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
let agents: { stop(): void };
const all = kubectls();
const [oldest, newest] = [all[0]!, all.at(-1)!];

beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  // Long grace: these nodes renew no Lease.
  manager = startManager(server, ['--node-monitor-grace-period=1h', '--node-startup-grace-period=1h']);
  agents = runPods(client);
  for (const name of ['node-1', 'node-2', 'node-3'])
    await client.create(nodes, {
      metadata: { name },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    } as never);
  for (const { metadata } of (await client.list(nodes)).items)
    await client.patch(nodes, metadata.name, undefined, 'merge', { spec: { taints: null } });
});
afterAll(async () => {
  agents.stop();
  await manager.stop();
  client.close();
  await server.stop();
});

let made = 0;
async function newNamespace(): Promise<string> {
  const name = `ns-${made++}`;
  await client.create(namespaces, { metadata: { name } });
  await until(
    async () => Boolean(await client.get(serviceAccounts, 'default', name).catch(() => undefined)),
    30_000,
    'the default ServiceAccount',
  );
  return name;
}

function kubectl(version: { path: string }, namespace: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(
      version.path,
      ['--kubeconfig', server.kubeconfig, '-n', namespace, ...args],
      { timeout: 90_000 },
      (error, out, err) => (error ? reject(new Error(`${args.join(' ')}: ${err || error}`)) : resolve(out)),
    ),
  );
}

const labels = { app: 'web' };
const template = (image = 'v1') => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image }] },
});
const image = (name: string) => ({ spec: { template: { spec: { containers: [{ name: 'c', image: name }] } } } });
const listed = async <T extends KubeObject>(r: Resource<T>, namespace: string) =>
  (await client.list(r, { namespace })).items;
const living = async (namespace: string) =>
  ((await listed(pods, namespace)) as Pod[]).filter((p) => !p.metadata.deletionTimestamp);
const messages = async (namespace: string, reason: string) =>
  (await listed(events, namespace)).filter((e) => e.reason === reason).map((e) => e.message);

describe('a DaemonSet', () => {
  const create = (namespace: string, spec: object = {}) =>
    client.create(daemonSets, {
      metadata: { name: 'ds', namespace },
      spec: { selector: { matchLabels: labels }, template: template(), ...spec },
    } as never);
  const settled = (namespace: string, count: number, imageName = 'v1') =>
    until(
      async () => {
        const { status, metadata } = await client.get(daemonSets, 'ds', namespace);
        const images = (await living(namespace)).map((p) => p.spec?.containers[0]?.image);
        return (
          status?.observedGeneration === metadata.generation &&
          status?.desiredNumberScheduled === count &&
          status?.currentNumberScheduled === count &&
          (status?.numberAvailable ?? 0) === count &&
          (status?.updatedNumberScheduled ?? 0) === count &&
          images.length === count &&
          images.every((i) => i === imageName)
        );
      },
      30_000,
      `${count} pods of ${imageName}`,
    );
  const onNodes = async (namespace: string) => (await living(namespace)).map((p) => p.spec?.nodeName).sort();

  it('has a pod on every node, again after one is deleted or fails', async () => {
    const ns = await newNamespace();
    await create(ns);
    await settled(ns, 3);
    expect(await onNodes(ns)).toEqual(['node-1', 'node-2', 'node-3']);
    const [first, second] = await living(ns);
    await client.delete(pods, first!.metadata.name, ns);
    await until(async () => !(await living(ns)).some((p) => p.metadata.uid === first!.metadata.uid));
    await settled(ns, 3);
    const failed = { status: { phase: 'Failed', conditions: [{ type: 'Ready', status: 'False' }] } };
    await client.patch(pods, second!.metadata.name, ns, 'merge', failed, { subresource: 'status' });
    await until(async () => !(await living(ns)).some((p) => p.metadata.uid === second!.metadata.uid));
    await settled(ns, 3);
    await until(async () => (await messages(ns, 'FailedDaemonPod')).length > 0);
    expect(await messages(ns, 'FailedDaemonPod')).toEqual([
      `Found failed daemon pod ${ns}/${second!.metadata.name} on node ${second!.spec?.nodeName}, will try to kill it`,
    ]);
  });

  it('follows the labels of nodes', async () => {
    const ns = await newNamespace();
    await create(ns, { template: { ...template(), spec: { ...template().spec, nodeSelector: { color: 'blue' } } } });
    await settled(ns, 0);
    const paint = (color: string | null) =>
      client.patch(nodes, 'node-2', undefined, 'merge', { metadata: { labels: { color } } });
    await paint('blue');
    await settled(ns, 1);
    expect(await onNodes(ns)).toEqual(['node-2']);
    await paint('green');
    await settled(ns, 0);
    const green = { spec: { template: { spec: { nodeSelector: { color: 'green' } } } } };
    await client.patch(daemonSets, 'ds', ns, 'strategic', green);
    await settled(ns, 1);
    await paint(null);
    await settled(ns, 0);
  });

  it('rolls out, back, and is restarted, as kubectl sees it', async () => {
    const ns = await newNamespace();
    await create(ns);
    await settled(ns, 3);
    const revisions = await listed(controllerRevisions, ns);
    expect(revisions.map((r) => r.revision)).toEqual([1]);
    const [first] = revisions;
    const hash = first!.metadata.labels?.['controller-revision-hash'];
    expect(first!.metadata.name).toBe(`ds-${hash}`);
    expect((await living(ns)).map((p) => p.metadata.labels?.['controller-revision-hash'])).toEqual([hash, hash, hash]);
    const { spec } = await client.get(daemonSets, 'ds', ns);
    expect(first!.data).toEqual({ spec: { template: { ...spec!.template, $patch: 'replace' } } });
    await kubectl(newest, ns, 'set', 'image', 'ds/ds', 'c=v2');
    expect(await kubectl(oldest, ns, 'rollout', 'status', 'ds/ds', '--timeout=60s')).toContain(
      'daemon set "ds" successfully rolled out',
    );
    await settled(ns, 3, 'v2');
    expect(await kubectl(newest, ns, 'rollout', 'history', 'ds/ds')).toMatch(/^1 .*\n2 /m);
    expect(await kubectl(oldest, ns, 'rollout', 'history', 'ds/ds', '--revision=1')).toMatch(/Image:\s+v1/);
    await kubectl(oldest, ns, 'rollout', 'undo', 'ds/ds');
    await settled(ns, 3, 'v1');
    const numbers = (await listed(controllerRevisions, ns)).map((r) => [
      r.metadata.name === first!.metadata.name,
      r.revision,
    ]);
    expect(numbers.sort()).toEqual([
      [false, 2],
      [true, 3],
    ]);
    await kubectl(newest, ns, 'rollout', 'undo', 'ds/ds', '--to-revision=2');
    await settled(ns, 3, 'v2');
    const before = new Set((await living(ns)).map((p) => p.metadata.uid));
    await kubectl(newest, ns, 'rollout', 'restart', 'ds/ds');
    expect(await kubectl(newest, ns, 'rollout', 'status', 'ds/ds', '--timeout=60s')).toContain(
      'successfully rolled out',
    );
    await settled(ns, 3, 'v2');
    expect((await living(ns)).filter((p) => before.has(p.metadata.uid))).toEqual([]);
  });

  it('OnDelete waits for the pods to be deleted; old revisions are forgotten', async () => {
    const ns = await newNamespace();
    await create(ns, { updateStrategy: { type: 'OnDelete' }, revisionHistoryLimit: 0 });
    await settled(ns, 3);
    await client.patch(daemonSets, 'ds', ns, 'strategic', image('v2'));
    await until(async () => (await client.get(daemonSets, 'ds', ns)).status?.observedGeneration === 2);
    expect((await client.get(daemonSets, 'ds', ns)).status?.updatedNumberScheduled).toBeUndefined();
    expect((await listed(controllerRevisions, ns)).length).toBe(2);
    await client.deleteCollection(pods, { namespace: ns });
    await settled(ns, 3, 'v2');
    await until(async () => (await listed(controllerRevisions, ns)).length === 1, 30_000, 'one revision');
  });

  it('takes no revision of its own away that was made by hand, and counts on from it', async () => {
    const ns = await newNamespace();
    const ds = await create(ns);
    await settled(ns, 3);
    const [first] = await listed(controllerRevisions, ns);
    await client.create(controllerRevisions, {
      ...first!,
      metadata: {
        name: 'by-hand',
        namespace: ns,
        labels: { ...labels, 'controller-revision-hash': 'by-hand' },
        ownerReferences: first!.metadata.ownerReferences,
      },
      revision: 2,
    } as never);
    // The controller may have taken it away itself: two revisions of the same content are one too many.
    await client.delete(controllerRevisions, first!.metadata.name, ns).catch(() => undefined);
    await client.patch(daemonSets, 'ds', ns, 'strategic', image('v2'));
    await settled(ns, 3, 'v2');
    expect((await listed(controllerRevisions, ns)).map((r) => r.revision).sort()).toEqual([2, 3]);
    expect(first!.metadata.ownerReferences).toMatchObject([{ kind: 'DaemonSet', uid: ds.metadata.uid }]);
  });
});

describe('a StatefulSet', () => {
  const claimTemplate = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const create = (namespace: string, spec: object = {}) =>
    client.create(statefulSets, {
      metadata: { name: 'web', namespace },
      spec: { replicas: 3, serviceName: 'web', selector: { matchLabels: labels }, template: template(), ...spec },
    } as never);
  const edit = (namespace: string, spec: object) => client.patch(statefulSets, 'web', namespace, 'strategic', { spec });
  const podImages = async (namespace: string) =>
    Object.fromEntries((await living(namespace)).map((p) => [p.metadata.name, p.spec?.containers[0]?.image]));
  const settled = (namespace: string, images: Record<string, string>) =>
    until(
      async () => {
        const { status, metadata, spec } = await client.get(statefulSets, 'web', namespace);
        const count = Object.keys(images).length;
        const are = await podImages(namespace);
        return (
          status?.observedGeneration === metadata.generation &&
          spec?.replicas === count &&
          (await listed(pods, namespace)).length === count &&
          [status?.replicas, status?.readyReplicas ?? 0, status?.availableReplicas].every((n) => n === count) &&
          Object.entries(images).every(([name, wanted]) => are[name] === wanted)
        );
      },
      30_000,
      JSON.stringify(images),
    );
  const all = (image: string, count = 3) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`web-${i}`, image]));
  const revisionsOf = async (namespace: string) => (await client.get(statefulSets, 'web', namespace)).status!;

  it('makes pods and claims in order, tells of them, and keeps the claims', async () => {
    const ns = await newNamespace();
    await create(ns, { volumeClaimTemplates: [claimTemplate] });
    await settled(ns, all('v1'));
    const made = (await living(ns)).sort(
      (a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion),
    );
    expect(made.map((p) => p.metadata.name)).toEqual(['web-0', 'web-1', 'web-2']);
    expect(made[1]!.metadata.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'web-1',
      'apps.kubernetes.io/pod-index': '1',
      'controller-revision-hash': (await revisionsOf(ns)).updateRevision,
    });
    expect(made[1]!.spec).toMatchObject({ hostname: 'web-1', subdomain: 'web' });
    await until(async () => (await messages(ns, 'SuccessfulCreate')).length === 6);
    expect((await messages(ns, 'SuccessfulCreate')).sort()).toEqual([
      ...[0, 1, 2].map((n) => `create Claim data-web-${n} Pod web-${n} in StatefulSet web success`),
      ...[0, 1, 2].map((n) => `create Pod web-${n} in StatefulSet web successful`),
    ]);
    const [deleted] = made;
    await client.delete(pods, 'web-0', ns);
    await until(async () =>
      (await living(ns)).some((p) => p.metadata.name === 'web-0' && p.metadata.uid !== deleted!.metadata.uid),
    );
    await settled(ns, all('v1'));
    await edit(ns, { replicas: 1 });
    await settled(ns, all('v1', 1));
    await until(async () => (await messages(ns, 'SuccessfulDelete')).length === 2);
    expect(await messages(ns, 'SuccessfulDelete')).toEqual([
      'delete Pod web-2 in StatefulSet web successful',
      'delete Pod web-1 in StatefulSet web successful',
    ]);
    expect((await listed(persistentVolumeClaims, ns)).map((c) => c.metadata.name)).toEqual(
      [0, 1, 2].map((n) => `data-web-${n}`),
    );
  });

  it('deletes claims when its policy says so', async () => {
    const ns = await newNamespace();
    await create(ns, {
      volumeClaimTemplates: [claimTemplate],
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' },
    });
    await settled(ns, all('v1'));
    await edit(ns, { replicas: 1 });
    const names = async () => (await listed(persistentVolumeClaims, ns)).map((c) => c.metadata.name);
    await until(async () => (await names()).length === 1, 30_000, 'one claim');
    expect(await names()).toEqual(['data-web-0']);
    await edit(ns, {
      replicas: 2,
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Delete' },
    });
    await settled(ns, all('v1', 2));
    await until(
      async () =>
        (await listed(persistentVolumeClaims, ns)).every(
          (c) => c.metadata.ownerReferences?.[0]?.kind === 'StatefulSet',
        ),
      30_000,
      'owners',
    );
    await client.delete(statefulSets, 'web', ns);
    await until(async () => (await names()).length === 0, 30_000, 'no claim');
  });

  it('is updated in parts: partition, deletion, the rest', async () => {
    const ns = await newNamespace();
    const rolling = (partition: number) => ({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
    });
    await create(ns, rolling(3));
    await settled(ns, all('v1'));
    const first = await revisionsOf(ns);
    expect(first.currentRevision).toBe(first.updateRevision);
    await edit(ns, image('v2').spec);
    await until(async () => (await revisionsOf(ns)).updateRevision !== first.updateRevision);
    await settled(ns, all('v1'));
    await edit(ns, rolling(2));
    await settled(ns, { ...all('v1'), 'web-2': 'v2' });
    for (const name of ['web-0', 'web-2']) await client.delete(pods, name, ns);
    await settled(ns, { ...all('v1'), 'web-2': 'v2' });
    await edit(ns, rolling(1));
    await settled(ns, { ...all('v2'), 'web-0': 'v1' });
    expect((await revisionsOf(ns)).currentRevision).toBe(first.currentRevision);
    await edit(ns, rolling(0));
    await settled(ns, all('v2'));
    await until(async () => (await revisionsOf(ns)).currentRevision !== first.currentRevision);
    // Back to the first template: its revision is used again, under its old name.
    await edit(ns, image('v1').spec);
    await settled(ns, all('v1'));
    await until(
      async () => (await revisionsOf(ns)).currentRevision === first.currentRevision,
      30_000,
      'the first revision',
    );
  });

  it('rolls out, back, and is restarted, as kubectl sees it', async () => {
    const ns = await newNamespace();
    await create(ns, { podManagementPolicy: 'Parallel' });
    await settled(ns, all('v1'));
    await kubectl(oldest, ns, 'set', 'image', 'sts/web', 'c=v2');
    expect(await kubectl(oldest, ns, 'rollout', 'status', 'sts/web', '--timeout=60s')).toMatch(
      /partitioned roll out complete|statefulset rolling update complete 3 pods at revision/,
    );
    await settled(ns, all('v2'));
    expect(await kubectl(newest, ns, 'rollout', 'history', 'sts/web')).toMatch(/^1 .*\n2 /m);
    expect(await kubectl(newest, ns, 'rollout', 'history', 'sts/web', '--revision=1')).toMatch(/Image:\s+v1/);
    await kubectl(newest, ns, 'rollout', 'undo', 'sts/web');
    await settled(ns, all('v1'));
    await kubectl(oldest, ns, 'rollout', 'undo', 'sts/web', '--to-revision=2');
    await settled(ns, all('v2'));
    const before = new Set((await living(ns)).map((p) => p.metadata.uid));
    await kubectl(newest, ns, 'rollout', 'restart', 'sts/web');
    await kubectl(newest, ns, 'rollout', 'status', 'sts/web', '--timeout=60s');
    await settled(ns, all('v2'));
    expect((await living(ns)).filter((p) => before.has(p.metadata.uid))).toEqual([]);
    await kubectl(newest, ns, 'scale', 'sts/web', '--replicas=1');
    await settled(ns, all('v2', 1));
  });

  it('makes failed pods again, and waits for a broken one', async () => {
    const ns = await newNamespace();
    await create(ns, { replicas: 1 });
    await settled(ns, all('v1', 1));
    const [first] = await living(ns);
    const failed = { status: { phase: 'Failed', conditions: [{ type: 'Ready', status: 'False' }] } };
    await client.patch(pods, 'web-0', ns, 'merge', failed, { subresource: 'status' });
    await until(async () => {
      const [pod] = await living(ns);
      return pod !== undefined && pod.metadata.uid !== first!.metadata.uid;
    });
    await settled(ns, all('v1', 1));
    const ready = (status: string) =>
      client.patch(
        pods,
        'web-0',
        ns,
        'strategic',
        { status: { conditions: [{ type: 'Ready', status }] } },
        { subresource: 'status' },
      );
    await ready('False');
    await until(async () => !(await revisionsOf(ns)).readyReplicas);
    await edit(ns, { replicas: 2 });
    await until(async () => (await revisionsOf(ns)).observedGeneration === 2);
    expect((await listed(pods, ns)).length).toBe(1);
    await ready('True');
    await settled(ns, all('v1', 2));
  });
});

describe('a ReplicationController', () => {
  const get = (namespace: string) => client.get(replicationControllers, 'rc', namespace);
  const create = (namespace: string, replicas = 2) =>
    client.create(replicationControllers, {
      metadata: { name: 'rc', namespace },
      spec: { replicas, template: template() },
    } as never);
  const ready = (namespace: string, count: number) =>
    until(
      async () => {
        const { status, metadata } = await get(namespace);
        return (
          status?.observedGeneration === metadata.generation &&
          [status?.replicas, status?.readyReplicas ?? 0, status?.availableReplicas ?? 0].every((n) => n === count)
        );
      },
      30_000,
      `${count} replicas`,
    );

  it('makes pods, adopts what it selects and lets go what it does not', async () => {
    const ns = await newNamespace();
    const bare = await client.create(pods, {
      metadata: { name: 'bare', namespace: ns, labels },
      spec: template().spec,
    } as never);
    // Pods and their owners come to the controllers by two watches.
    await until(async () => (await client.get(pods, 'bare', ns)).status?.phase === 'Running');
    await create(ns, 1);
    await ready(ns, 1);
    const owner = async () => (await client.get(pods, 'bare', ns)).metadata.ownerReferences?.[0];
    expect(await owner()).toMatchObject({
      apiVersion: 'v1',
      kind: 'ReplicationController',
      name: 'rc',
      controller: true,
    });
    expect((await living(ns)).map((p) => p.metadata.uid)).toEqual([bare.metadata.uid]);
    await client.patch(pods, 'bare', ns, 'merge', { metadata: { labels: { app: 'other' } } });
    await until(async () => (await owner()) === undefined);
    await until(async () => (await living(ns)).length === 2);
    await ready(ns, 1);
    expect((await get(ns)).status).not.toHaveProperty('terminatingReplicas');
    await kubectl(newest, ns, 'scale', 'rc/rc', '--replicas=3');
    await ready(ns, 3);
    await until(async () => (await messages(ns, 'SuccessfulCreate')).length === 3);
    expect((await listed(events, ns)).find((e) => e.reason === 'SuccessfulCreate')?.source?.component).toBe(
      'replication-controller',
    );
  });

  it('says when it cannot make pods, until it can', async () => {
    const ns = await newNamespace();
    await client.create(replicationControllers, {
      metadata: { name: 'rc', namespace: ns },
      spec: { replicas: 1, template: { ...template(), spec: { ...template().spec, serviceAccountName: 'absent' } } },
    } as never);
    const failure = async () => (await get(ns)).status?.conditions?.find((c) => c.type === 'ReplicaFailure');
    await until(async () => (await failure())?.reason === 'FailedCreate');
    await client.patch(replicationControllers, 'rc', ns, 'merge', { spec: { replicas: 0 } });
    await until(async () => (await failure()) === undefined);
  });
});
