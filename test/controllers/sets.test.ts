import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  controllerRevisions,
  daemonSets,
  events,
  namespaces,
  nodes,
  pods,
  type Resource,
  serviceAccounts,
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
}, 30_000);
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
    10_000,
    'the default ServiceAccount',
  );
  return name;
}

function kubectl(version: { path: string }, namespace: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(
      version.path,
      ['--kubeconfig', server.kubeconfig, '-n', namespace, ...args],
      { timeout: 30_000 },
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
      20_000,
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
    expect(await kubectl(oldest, ns, 'rollout', 'status', 'ds/ds', '--timeout=20s')).toContain(
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
    expect(await kubectl(newest, ns, 'rollout', 'status', 'ds/ds', '--timeout=20s')).toContain(
      'successfully rolled out',
    );
    await settled(ns, 3, 'v2');
    expect((await living(ns)).filter((p) => before.has(p.metadata.uid))).toEqual([]);
  }, 40_000);

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
    await until(async () => (await listed(controllerRevisions, ns)).length === 1, 10_000, 'one revision');
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
    await client.delete(controllerRevisions, first!.metadata.name, ns);
    await client.patch(daemonSets, 'ds', ns, 'strategic', image('v2'));
    await settled(ns, 3, 'v2');
    expect((await listed(controllerRevisions, ns)).map((r) => r.revision).sort()).toEqual([2, 3]);
    expect(first!.metadata.ownerReferences).toMatchObject([{ kind: 'DaemonSet', uid: ds.metadata.uid }]);
  });
});
