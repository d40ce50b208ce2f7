import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  configMaps,
  deployments,
  endpointSlices,
  endpoints,
  events,
  namespaces,
  nodes,
  pods,
  type Resource,
  replicaSets,
  serviceAccounts,
  services,
} from '../../apimachinery/resources.ts';
import type { Deployment, KubeObject, Node, Pod, ReplicaSet } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { templateHash } from '../../controllers/deployment/hash.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, runPods, startManager } from './manager.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
let agents: { stop(): void };

beforeAll(async () => {
  server = await startTestApiServer({ process: true });
  client = await server.client();
  // Long grace, so that the stand-in nodes of other tests, which renew no Lease, stay as they are.
  // Without a bundle of its own, the manager publishes the one of its kubeconfig.
  manager = startManager(server, [
    '--node-monitor-grace-period=1h',
    '--node-startup-grace-period=1h',
    '--root-ca-file=',
  ]);
  agents = runPods(client);
  await client.create(nodes, { metadata: { name: 'node-1' }, status: {} } as never);
});
afterAll(async () => {
  agents.stop();
  await manager.stop();
  client.close();
  await server.stop();
});

const get = <T extends KubeObject>(r: Resource<T>, name: string, namespace?: string): Promise<T | undefined> =>
  client.get(r, name, namespace).catch(() => undefined);
const count = async (r: Resource<any>, namespace: string) => (await client.list(r, { namespace })).items.length;
let made = 0;
async function newNamespace(): Promise<string> {
  const name = `ns-${made++}`;
  await client.create(namespaces, { metadata: { name } });
  await until(async () => Boolean(await get(serviceAccounts, 'default', name)), 30_000, 'the default ServiceAccount');
  return name;
}
const labels = { app: 'web' };
const create = (namespace: string, o: { replicas?: number; image?: string; name?: string; spec?: object } = {}) =>
  client.create(deployments, {
    metadata: { name: o.name ?? 'web', namespace },
    spec: {
      replicas: o.replicas ?? 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: o.image ?? 'v1' }] } },
      ...o.spec,
    },
  } as never);
const edit = (namespace: string, patch: object) => client.patch(deployments, 'web', namespace, 'strategic', patch);
const image = (name: string) => ({ spec: { template: { spec: { containers: [{ name: 'c', image: name }] } } } });
const complete = (namespace: string) =>
  until(
    async () => {
      const d = (await get(deployments, 'web', namespace)) as Deployment;
      const n = d.spec?.replicas ?? 0;
      const s = d.status ?? {};
      return (
        (s.observedGeneration ?? 0) >= d.metadata.generation! &&
        (s.updatedReplicas ?? 0) === n &&
        (s.replicas ?? 0) === n &&
        (s.availableReplicas ?? 0) === n
      );
    },
    30_000,
    'the rollout',
  );
const condition = async (namespace: string, type: string) =>
  ((await get(deployments, 'web', namespace)) as Deployment).status?.conditions?.find((c) => c.type === type);

describe('a namespace', () => {
  it('gets its account and its bundle, also again', async () => {
    const ns = await newNamespace();
    await until(async () => Boolean(await get(configMaps, 'kube-root-ca.crt', ns)));
    await client.delete(configMaps, 'kube-root-ca.crt', ns);
    await until(
      async () => (await get(configMaps, 'kube-root-ca.crt', ns))?.data?.['ca.crt']?.startsWith('-----BEGIN') ?? false,
      30_000,
      'the bundle',
    );
  });

  it('goes with all it holds, pods first', async () => {
    const ns = await newNamespace();
    await client.create(configMaps, { metadata: { name: 'kept', namespace: ns } });
    await client.create(pods, {
      metadata: { name: 'slow', namespace: ns, finalizers: ['example.com/hold'] },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'v1' }] },
    } as never);
    await client.delete(namespaces, ns);
    await until(
      async () =>
        Boolean(
          (await get(namespaces, ns))?.status?.conditions?.some(
            (c) => c.type === 'NamespaceFinalizersRemaining' && c.status === 'True',
          ),
        ),
      30_000,
      'the condition',
    );
    const left = (await get(namespaces, ns))!;
    expect(left.status?.phase).toBe('Terminating');
    expect(left.status?.conditions?.find((c) => c.type === 'NamespaceFinalizersRemaining')?.message).toBe(
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    expect(await get(configMaps, 'kept', ns)).toBeDefined();
    await client.patch(pods, 'slow', ns, 'merge', { metadata: { finalizers: null } });
    await until(async () => !(await get(namespaces, ns)), 30_000, 'the end of the namespace');
  });
});

describe('a Deployment', () => {
  it('rolls out, on, and back, with revisions and Events', async () => {
    const ns = await newNamespace();
    await create(ns, { replicas: 3 });
    await complete(ns);
    expect(await condition(ns, 'Progressing')).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: expect.stringMatching(/^ReplicaSet "web-[^"]+" has successfully progressed\.$/),
    });
    expect(await condition(ns, 'Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' });
    const first = (await client.list(replicaSets, { namespace: ns })).items[0]! as ReplicaSet;
    await edit(ns, image('v2'));
    await complete(ns);
    const list = (await client.list(replicaSets, { namespace: ns })).items as ReplicaSet[];
    expect(
      list.map((rs) => [rs.spec?.replicas, rs.metadata.annotations?.['deployment.kubernetes.io/revision']]).sort(),
    ).toEqual([
      [0, '1'],
      [3, '2'],
    ]);
    await edit(ns, image('v1'));
    await complete(ns);
    const again = (await get(replicaSets, first.metadata.name, ns)) as ReplicaSet;
    expect([
      again.spec?.replicas,
      again.metadata.annotations?.['deployment.kubernetes.io/revision'],
      again.metadata.annotations?.['deployment.kubernetes.io/revision-history'],
    ]).toEqual([3, '3', '1']);
    const told = (await client.list(events, { namespace: ns })).items.filter((e) => e.reason === 'ScalingReplicaSet');
    expect(told.map((e) => e.message)).toContain(`Scaled up replica set ${first.metadata.name} from 0 to 3`);
    expect(told[0]!.source).toEqual({ component: 'deployment-controller' });
  });

  it('adopts a ReplicaSet and counts on from its revision, past 2^53', async () => {
    const ns = await newNamespace();
    const rs = {
      metadata: {
        name: 'old',
        namespace: ns,
        labels,
        annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' },
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      },
    };
    await client.create(replicaSets, rs as never);
    await until(async () => (await count(pods, ns)) === 1);
    await create(ns, { replicas: 1, image: 'v2' });
    await complete(ns);
    expect((await get(deployments, 'web', ns))!.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe(
      '3546343826724305833',
    );
    expect((await get(replicaSets, 'old', ns))!.spec?.replicas).toBe(0);
  });

  it('paused takes no new template; resumed it does', async () => {
    const ns = await newNamespace();
    await create(ns);
    await complete(ns);
    await edit(ns, { spec: { paused: true, replicas: 3, ...image('v2').spec } });
    await until(
      async () => (await condition(ns, 'Progressing'))?.reason === 'DeploymentPaused' && (await count(pods, ns)) === 3,
      30_000,
      'the pause',
    );
    expect(await count(replicaSets, ns)).toBe(1);
    await edit(ns, { spec: { paused: false } });
    await complete(ns);
    expect(await count(replicaSets, ns)).toBe(2);
  });

  it('that cannot go on says so after its deadline', async () => {
    const ns = await newNamespace();
    await create(ns, { image: 'broken', spec: { progressDeadlineSeconds: 2, minReadySeconds: 0 } });
    await until(
      async () => (await condition(ns, 'Progressing'))?.reason === 'ProgressDeadlineExceeded',
      30_000,
      'the deadline',
    );
    expect(await condition(ns, 'Progressing')).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/^ReplicaSet "web-.*" has timed out progressing\.$/),
    });
  });

  it('Recreate has no new pod before all old ones are gone', async () => {
    const ns = await newNamespace();
    await create(ns, { spec: { strategy: { type: 'Recreate' } } });
    await complete(ns);
    const watching = new AbortController();
    let mixed = false;
    const seen = (async () => {
      const living = new Map<string, string>();
      for await (const e of client.watch(pods, { namespace: ns }, watching.signal)) {
        const pod = e.object as Pod;
        if (e.type === 'DELETED') living.delete(pod.metadata.name);
        else if (e.type !== 'ERROR') living.set(pod.metadata.name, pod.spec!.containers[0]!.image!);
        mixed ||= new Set(living.values()).size > 1;
      }
    })();
    await edit(ns, image('v2'));
    await complete(ns);
    watching.abort();
    await seen;
    expect(mixed).toBe(false);
  });

  it('cleans up its history', async () => {
    const ns = await newNamespace();
    await create(ns, { spec: { revisionHistoryLimit: 0 } });
    await complete(ns);
    await edit(ns, image('v2'));
    await complete(ns);
    await until(async () => (await count(replicaSets, ns)) === 1, 30_000, 'the clean-up');
  });

  it('whose name for a ReplicaSet is taken finds another', async () => {
    const ns = await newNamespace();
    const d = (await create(ns, { spec: { paused: true } })) as Deployment;
    const taken = `web-${templateHash(d.spec!.template, undefined)}`;
    const other = { app: 'other' };
    const template = { metadata: { labels: other }, spec: { containers: [{ name: 'c', image: 'v1' }] } };
    await client.create(replicaSets, {
      metadata: { name: taken, namespace: ns },
      spec: { replicas: 0, selector: { matchLabels: other }, template },
    } as never);
    await edit(ns, { spec: { paused: false } });
    await complete(ns);
    expect(((await get(deployments, 'web', ns)) as Deployment).status?.collisionCount).toBe(1);
    expect(await count(replicaSets, ns)).toBe(2);
  });

  it('counts pods as available only after minReadySeconds', async () => {
    const ns = await newNamespace();
    await create(ns, { replicas: 1, spec: { minReadySeconds: 6 } });
    let ready: Deployment['status'];
    await until(
      async () => {
        ready = ((await get(deployments, 'web', ns)) as Deployment).status;
        return ready?.readyReplicas === 1;
      },
      30_000,
      'ready',
    );
    expect(ready?.availableReplicas).toBeUndefined();
    await complete(ns);
  });

  it('scaled in the middle of a rollout shares the pods out', async () => {
    const ns = await newNamespace();
    await create(ns, {
      replicas: 10,
      spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } },
    });
    await complete(ns);
    await edit(ns, image('broken'));
    const sizes = async () =>
      ((await client.list(replicaSets, { namespace: ns })).items as ReplicaSet[])
        .map((rs) => rs.spec?.replicas ?? 0)
        .sort((a, b) => a - b);
    await until(async () => String(await sizes()) === '5,8', 30_000, 'the stuck rollout');
    await edit(ns, { spec: { replicas: 30 } });
    await until(async () => String(await sizes()) === '13,20', 30_000, 'the shares');
  });

  it('reports what keeps its pods from being made', async () => {
    const ns = await newNamespace();
    await create(ns, {
      spec: {
        template: {
          metadata: { labels },
          spec: { serviceAccountName: 'absent', containers: [{ name: 'c', image: 'v1' }] },
        },
      },
    });
    await until(async () => (await condition(ns, 'ReplicaFailure'))?.status === 'True', 30_000, 'the failure');
    expect(await condition(ns, 'ReplicaFailure')).toMatchObject({
      reason: 'FailedCreate',
      message: expect.stringContaining('service account'),
    });
  });

  it('is written about in the journal with what caused each step', async () => {
    const ns = await newNamespace();
    await create(ns, { replicas: 1 });
    await complete(ns);
    const { items } = await client.raw<any>('GET', '/apis/trace.mini-k8s.io/v1/writes');
    const text = items
      .map((i: any) => JSON.stringify(i))
      .filter((t: string) => t.includes(`${ns}/`) || t.includes(`"${ns}"`));
    const rsCreated = text.find(
      (t: string) => t.includes('deployment-controller') && t.includes('replicasets') && t.includes('create'),
    );
    expect(rsCreated).toContain(`deployments.apps/${ns}/web@`);
    const podCreated = text.find(
      (t: string) => t.includes('replicaset-controller') && t.includes('"pods') && t.includes('create'),
    );
    expect(podCreated ?? text.find((t: string) => t.includes('replicaset-controller'))).toContain('replicasets.apps/');
  });
});

describe('a ReplicaSet', () => {
  it('replaces a pod that is gone, adopts one that fits, lets one go that no longer does', async () => {
    const ns = await newNamespace();
    await create(ns);
    await complete(ns);
    const [one, two] = (await client.list(pods, { namespace: ns })).items as Pod[];
    await client.delete(pods, one!.metadata.name, ns);
    await until(
      async () => (await count(pods, ns)) === 2 && !(await get(pods, one!.metadata.name, ns)),
      30_000,
      'the replacement',
    );
    await client.patch(pods, two!.metadata.name, ns, 'merge', { metadata: { labels: { app: 'other' } } });
    await until(
      async () =>
        (await count(pods, ns)) === 3 && !(await get(pods, two!.metadata.name, ns))?.metadata.ownerReferences?.length,
      30_000,
      'the release',
    );
    await client.patch(pods, two!.metadata.name, ns, 'merge', { metadata: { labels: { app: 'web' } } });
    await until(async () => (await count(pods, ns)) === 2, 30_000, 'the adoption');
  });
});

describe('a Service', () => {
  it('has the ready pods in Endpoints and EndpointSlices, and takes them along', async () => {
    const ns = await newNamespace();
    await client.create(services, {
      metadata: { name: 'web', namespace: ns },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    } as never);
    const addresses = async () =>
      ((await get(endpoints, 'web', ns))?.subsets ?? []).flatMap((s) => s.addresses ?? []).map((a) => a.ip);
    const inSlices = async () =>
      (await client.list(endpointSlices, { namespace: ns })).items.flatMap((s) =>
        (s.endpoints ?? []).filter((e) => e.conditions?.ready).flatMap((e) => e.addresses),
      );
    await until(async () => (await count(endpointSlices, ns)) === 1, 30_000, 'the placeholder');
    await create(ns, { replicas: 3 });
    await until(
      async () => (await addresses()).length === 3 && (await inSlices()).length === 3,
      30_000,
      'the endpoints',
    );
    expect((await inSlices()).sort()).toEqual((await addresses()).sort());
    await edit(ns, { spec: { replicas: 1 } });
    await until(
      async () => (await addresses()).length === 1 && (await inSlices()).length === 1,
      30_000,
      'fewer endpoints',
    );
    await client.delete(services, 'web', ns);
    await until(
      async () => !(await get(endpoints, 'web', ns)) && (await count(endpointSlices, ns)) === 0,
      30_000,
      'the clean-up',
    );
  });

  it('leaves Endpoints alone that nobody’s Service made', async () => {
    const ns = await newNamespace();
    await client.create(endpoints, {
      metadata: { name: 'own', namespace: ns },
      subsets: [{ addresses: [{ ip: '10.9.9.9' }], ports: [{ port: 80 }] }],
    } as never);
    await client.create(services, {
      metadata: { name: 'web', namespace: ns },
      spec: { selector: labels, ports: [{ port: 80 }] },
    } as never);
    await until(async () => Boolean(await get(endpoints, 'web', ns)));
    expect((await get(endpoints, 'own', ns))?.subsets?.[0]?.addresses?.[0]?.ip).toBe('10.9.9.9');
  });
});

describe('deleting', () => {
  it.each(['Background', 'Foreground'] as const)('%s takes ReplicaSets and pods along', async (propagationPolicy) => {
    const ns = await newNamespace();
    await create(ns);
    await complete(ns);
    await client.delete(deployments, 'web', ns, { propagationPolicy });
    if (propagationPolicy === 'Foreground') {
      await until(async () => !(await get(deployments, 'web', ns)), 30_000, 'the end of the Deployment');
      expect(await count(replicaSets, ns)).toBe(0);
    }
    await until(
      async () => (await count(pods, ns)) === 0 && (await count(replicaSets, ns)) === 0,
      30_000,
      'the collection',
    );
  });

  it('Orphan sets the ReplicaSet free', async () => {
    const ns = await newNamespace();
    await create(ns);
    await complete(ns);
    await client.delete(deployments, 'web', ns, { propagationPolicy: 'Orphan' });
    await until(async () => !(await get(deployments, 'web', ns)), 30_000, 'the end of the Deployment');
    const [rs] = (await client.list(replicaSets, { namespace: ns })).items;
    expect(rs!.metadata.ownerReferences).toBeUndefined();
    expect(await count(pods, ns)).toBe(2);
  });

  it('one of two owners in the foreground leaves what the other owns', async () => {
    const ns = await newNamespace();
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => client.create(configMaps, { metadata: { name, namespace: ns } })),
    );
    const owner = (o: KubeObject) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: o.metadata.name,
      uid: o.metadata.uid!,
      blockOwnerDeletion: true,
    });
    await client.create(configMaps, {
      metadata: { name: 'both', namespace: ns, ownerReferences: [owner(one!), owner(two!)] },
    });
    await client.create(configMaps, { metadata: { name: 'single', namespace: ns, ownerReferences: [owner(one!)] } });
    await client.delete(configMaps, 'one', ns, { propagationPolicy: 'Foreground' });
    await until(async () => !(await get(configMaps, 'one', ns)), 30_000, 'the end of the owner');
    expect(await get(configMaps, 'single', ns)).toBeUndefined();
    expect((await get(configMaps, 'both', ns))!.metadata.ownerReferences).toEqual([owner(two!)]);
  });

  it('a circle in the foreground ends', async () => {
    const ns = await newNamespace();
    const three = await Promise.all(
      ['a', 'b', 'c'].map((name) => client.create(configMaps, { metadata: { name, namespace: ns } })),
    );
    for (const [i, o] of three.entries()) {
      const next = three[(i + 2) % 3]!;
      const ownerReferences = [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: next.metadata.name,
          uid: next.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ];
      await client.patch(configMaps, o.metadata.name, ns, 'merge', { metadata: { ownerReferences } });
    }
    await client.delete(configMaps, 'a', ns, { propagationPolicy: 'Foreground' });
    await until(
      async () =>
        (await client.list(configMaps, { namespace: ns })).items.every((o) => o.metadata.name === 'kube-root-ca.crt'),
      30_000,
      'the end of the circle',
    );
  });
});

describe('a Node', () => {
  it('gets a range of its own', async () => {
    await Promise.all(
      ['a', 'b', 'c'].map((name) => client.create(nodes, { metadata: { name: `ranged-${name}` } } as never)),
    );
    const ranges = async () =>
      (await Promise.all(['a', 'b', 'c'].map((n) => get(nodes, `ranged-${n}`)))).map((n) => (n as Node).spec?.podCIDR);
    await until(async () => (await ranges()).every(Boolean), 30_000, 'the ranges');
    expect(new Set(await ranges()).size).toBe(3);
    expect((await ranges())[0]).toMatch(/^10\.244\.\d+\.0\/24$/);
  });
});

describe('a restart of the API server', () => {
  it('in the middle of a rollout loses nothing and doubles nothing', async () => {
    const ns = await newNamespace();
    await create(ns, { replicas: 30 });
    await until(async () => (await count(pods, ns)) > 3, 30_000, 'the first pods');
    await server.kill();
    await server.restart();
    await complete(ns);
    expect([await count(pods, ns), await count(replicaSets, ns)]).toEqual([30, 1]);
  });
});
