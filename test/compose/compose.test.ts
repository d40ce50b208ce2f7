// The cluster of compose.yaml, the real thing: etcd, leader election, two nodes with containerd, pod network and Services.
// The tests build on each other, in order: one cluster goes through all of it. Takes some minutes; npm run test:compose.
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  deployments,
  leases,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicaSets,
  services,
} from '../../apimachinery/resources.ts';
import type { Node, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { until } from '../kit/apiServer.ts';
import { noDocker } from '../kit/docker.ts';
import { noBusybox } from '../kit/podImages.ts';
import { answers } from '../kit/realNode.ts';
import { busyboxImage, type ComposeCluster, startComposeCluster } from './cluster.ts';

const have = (program: string) => spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;
const why =
  noDocker() ??
  noBusybox() ??
  (have('kubectl') ? undefined : 'kubectl is missing; get it from https://kubernetes.io/docs/tasks/tools/');

/** What the machine itself must keep. */
const hostState = () => [
  execFileSync('iptables-save', { encoding: 'utf8' })
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, ''),
  execFileSync('ip', ['route', 'show', 'table', 'all'], { encoding: 'utf8' }),
  execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).replace(/^\d+: (\S+): .*$/gm, '$1'),
];

const isTrue = (conditions: { type: string; status: string }[] | undefined, type: string) =>
  !!conditions?.some((c) => c.type === type && c.status === 'True');
const isReady = (object: Pod | Node) => isTrue(object.status?.conditions, 'Ready');
/** Serves the pod's name. */
const server =
  'mkdir -p /tmp/www; hostname > /tmp/www/index.html; echo "serving as $(hostname)"; exec httpd -f -p 8080 -h /tmp/www';

describe.skipIf(why !== undefined)(`compose${why ? ` (${why})` : ''}`, { timeout: 300_000 }, () => {
  let before: string[];
  let cluster: ComposeCluster;
  let client: Client;

  beforeAll(async () => {
    before = hostState();
    cluster = await startComposeCluster();
    client = cluster.client;
  }, 1_200_000);

  afterAll(async () => {
    client?.close();
    await cluster?.stop();
    expect(hostState()).toEqual(before);
  });

  const podsOf = async (app: string) =>
    (await client.list(pods, { namespace: 'default', labelSelector: `app=${app}` })).items;
  const deploy = (app: string, replicas: number, more: object = {}) =>
    client.create(deployments, {
      metadata: { name: app, namespace: 'default' },
      spec: {
        replicas,
        selector: { matchLabels: { app } },
        template: {
          metadata: { labels: { app } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{ name: 'main', image: busyboxImage, command: ['sh', '-c', 'sleep 100000'], ...more }],
          },
        },
      },
    } as any);
  const untilReplicas = (app: string, count: number, ms = 60_000) =>
    until(
      async () => {
        const all = await podsOf(app);
        return all.length === count && all.every(isReady);
      },
      ms,
      `${count} ready pods of ${app}`,
    ).catch(async (error) => {
      throw new Error(`${error.message}:\n${await cluster.kubectl('get', 'pods,nodes', '-o', 'wide')}`);
    });
  const untilNodes = (ready: string[], ms = 60_000) =>
    until(
      async () => {
        const found = (await client.list(nodes)).items.filter(isReady).map((n) => n.metadata.name);
        return ready.every((name) => found.includes(name));
      },
      ms,
      `ready nodes ${ready}`,
    ).catch((error) => {
      throw new Error(`${error.message}:\n${cluster.compose('logs', '--tail=20')}`);
    });
  const ctr = (node: string, ...args: string[]) => cluster.exec(node, 'ctr', '--namespace', 'k8s.io', ...args);
  let asked = 0;
  const inPod = (pod: Pod, ...command: string[]) => {
    const id = pod.status!.containerStatuses![0]!.containerID!.slice('containerd://'.length);
    return ctr(pod.spec!.nodeName!, 'tasks', 'exec', '--exec-id', `in-${asked++}`, id, ...command);
  };
  /** Asks `host:port` for its page from inside a pod. */
  const ask = (from: Pod, host: string, port: number) => {
    const script = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${host} ${port}`;
    return inPod(from, 'sh', '-c', script).trim().split('\n').at(-1);
  };
  const holder = async (name: string) => (await client.get(leases, name, 'kube-system')).spec?.holderIdentity ?? '';
  /** Containers that run on a node, without those that hold namespaces, each as namespace/pod/name. */
  const running = (node: string): string[] => {
    const each =
      'for id in $(ctr -n k8s.io tasks ls | sed -n "s/ .*RUNNING.*//p"); do ctr -n k8s.io containers info $id | tr -d "\\n"; echo; done';
    const lines = cluster.exec(node, 'sh', '-c', each).trim().split('\n').filter(Boolean);
    const infos = lines.map((line) => JSON.parse(line).Labels as Record<string, string>);
    return infos
      .filter((l) => l['io.cri-containerd.kind'] === 'container')
      .map(
        (l) =>
          `${l['io.kubernetes.pod.namespace']}/${l['io.kubernetes.pod.name']}/${l['io.kubernetes.container.name']}`,
      );
  };

  test('both nodes join and become ready; the kubeconfig of the host folder works', async () => {
    await untilNodes(['node-1', 'node-2']);
    for (const node of ['node-1', 'node-2']) cluster.importImage(node);
    expect(await cluster.kubectl('get', 'nodes', '--no-headers')).toMatch(/^node-1 +Ready.*\nnode-2 +Ready/);
    expect(await cluster.kubectl('auth', 'can-i', '*', '*')).toBe('yes\n');
  });

  test('pods of a Deployment run on both nodes and reach each other by address and through a Service', async () => {
    await deploy('web', 4, {
      command: ['sh', '-c', server],
      ports: [{ containerPort: 8080 }],
      readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
    });
    await client.create(services, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    } as any);
    await untilReplicas('web', 4);
    const all = await podsOf('web');
    expect([...new Set(all.map((p) => p.spec?.nodeName))].sort()).toEqual(['node-1', 'node-2']);
    const from = all[0]!;
    // A node may hear of another's range a moment after its pods are ready.
    for (const to of all)
      await until(() => answers(() => expect(ask(from, to.status!.podIP!, 8080)).toBe(to.metadata.name)));
    const { clusterIP } = (await client.get(services, 'web', 'default')).spec!;
    // Pods may be ready a moment before each node's proxy has heard of it.
    const answered = new Set<string | undefined>();
    const all4 = () => answers(() => answered.add(ask(from, clusterIP!, 80))) && answered.size === 4;
    await until(all4, 60_000, 'answers of all four behind the Service');
    expect([...answered].sort()).toEqual(all.map((p) => p.metadata.name).sort());
  });

  test("pods find the API server's Service, and names through the node's DNS", async () => {
    for (const pod of await podsOf('web')) {
      inPod(pod, 'sh', '-c', 'nc -w 3 10.96.0.1 443 </dev/null');
      expect(inPod(pod, 'nslookup', 'apiserver')).toMatch(/Name:\s+apiserver\nAddress: \d/);
    }
  });

  test('a privileged pod may mount; one of a user may not even write', async () => {
    const script = 'mount -t tmpfs none /etc && touch /etc/x && echo "$(id -u) wrote"; sleep 1000';
    const pod = (name: string, securityContext: object) =>
      client.create(pods, {
        metadata: { name, namespace: 'default', labels: { app: 'rights' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: busyboxImage, command: ['sh', '-c', script], securityContext }],
        },
      } as any);
    await pod('privileged', { privileged: true });
    await pod('user', { runAsUser: 1000 });
    const log = (name: string) => cluster.kubectl('logs', name).catch(() => '');
    await until(async () => (await log('privileged')) === '0 wrote\n', 30_000, 'what the privileged pod says');
    await until(async () => /permi/.test(await log('user')), 30_000, 'what the other says');
  });

  test('kubectl logs, from either node', async () => {
    for (const pod of await podsOf('web')) {
      expect(await cluster.kubectl('logs', pod.metadata.name!)).toBe(`serving as ${pod.metadata.name}\n`);
    }
  });

  test('a claim of the default class is a folder on the disk of its pod’s node, and goes with the claim', async () => {
    await client.create(persistentVolumeClaims, {
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    } as any);
    await client.create(pods, {
      metadata: { name: 'writer', namespace: 'default' },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'main',
            image: busyboxImage,
            command: ['sh', '-c', 'echo kept > /data/file; sleep 100000'],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    } as any);
    await until(async () => isReady(await client.get(pods, 'writer', 'default')), 60_000, 'a pod with a claim');
    const node = (await client.get(pods, 'writer', 'default')).spec!.nodeName!;
    const name = (await client.get(persistentVolumeClaims, 'data', 'default')).spec!.volumeName!;
    const folder = (await client.get(persistentVolumes, name)).spec!.local!.path;
    expect(folder).toBe(`/var/lib/node/volumes/${node}/${name}_default_data`);
    await until(() => answers(() => expect(cluster.exec(node, 'cat', `${folder}/file`)).toBe('kept\n')), 10_000);
    await client.delete(pods, 'writer', 'default');
    await client.delete(persistentVolumeClaims, 'data', 'default');
    await until(async () => (await client.list(persistentVolumes)).items.length === 0, 30_000, 'the end of the volume');
    expect(cluster.exec(node, 'ls', `/var/lib/node/volumes/${node}`)).toBe('');
  });

  test('etcdctl shows the objects under their names', () => {
    const keys = cluster.exec('etcd', 'etcdctl', 'get', '/registry', '--prefix', '--keys-only').split('\n');
    const wanted = [
      'deployments/default/web',
      'services/specs/default/web',
      'services/endpoints/default/web',
      'minions/node-1',
      'leases/kube-system/kube-scheduler',
    ];
    expect(keys).toEqual(expect.arrayContaining(wanted.map((key) => `/registry/${key}`)));
    expect(keys.filter((k) => k.startsWith('/registry/pods/default/web-'))).toHaveLength(4);
    const stored = cluster.exec('etcd', 'etcdctl', 'get', '/registry/deployments/default/web', '--print-value-only');
    expect(JSON.parse(stored)).toMatchObject({ kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 4 } });
  });

  test('the leading scheduler and the leading controller manager killed under load: nothing lost, nothing doubled', async () => {
    const leaders = {
      'kube-scheduler': await holder('kube-scheduler'),
      'kube-controller-manager': await holder('kube-controller-manager'),
    };
    // Every binding that there ever is, by the pod.
    const bound = new Map<string, Set<string>>();
    const watching = new AbortController();
    const watch = (async () => {
      const options = { namespace: 'default', labelSelector: 'load' };
      for await (const event of client.watch(pods, options, watching.signal)) {
        const object = event.object as Pod;
        const seen = bound.get(object.metadata.uid!) ?? new Set();
        bound.set(object.metadata.uid!, object.spec?.nodeName ? seen.add(object.spec.nodeName) : seen);
      }
    })().catch(() => {});
    const apps = Array.from({ length: 8 }, (_, i) => `load-${i}`);
    for (const [i, app] of apps.entries()) {
      await deployLoad(app);
      if (i === 3) {
        for (const leader of Object.values(leaders)) cluster.compose('kill', '-s', 'SIGKILL', leader.split('_')[0]!);
      }
    }
    for (const app of apps) await untilReplicas(app, 3);
    for (const [name, old] of Object.entries(leaders)) expect(await holder(name)).not.toBe(old);
    const all = (await client.list(pods, { namespace: 'default', labelSelector: 'load' })).items;
    const sets = (await client.list(replicaSets, { namespace: 'default', labelSelector: 'load' })).items;
    expect([all.length, sets.length]).toEqual([24, 8]);
    watching.abort();
    await watch;
    expect([...bound.values()].every((names) => names.size <= 1)).toBe(true);
    expect(bound.size).toBe(24);
    const containers = ['node-1', 'node-2'].flatMap(running).filter((c) => c.startsWith('default/load-'));
    expect(containers.sort()).toEqual(all.map((p) => `default/${p.metadata.name}/main`).sort());
    cluster.compose('start', ...Object.values(leaders).map((l) => l.split('_')[0]!));
    for (const app of apps) await client.delete(deployments, app, 'default');
    await until(
      async () => !(await client.list(pods, { namespace: 'default', labelSelector: 'load' })).items.length,
      60_000,
      'the end of the load',
    );
  });

  const deployLoad = (app: string) =>
    client.create(deployments, {
      metadata: { name: app, namespace: 'default' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app } },
        template: {
          metadata: { labels: { app, load: '' } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{ name: 'main', image: busyboxImage, command: ['sleep', '100000'] }],
          },
        },
      },
    } as any);

  test('a node is stopped: its pods move; it comes back: nothing of them is left on it', async () => {
    cluster.compose('stop', '--timeout', '2', 'node-2');
    await until(
      async () => {
        const left = (await podsOf('web')).filter((p) => !p.metadata.deletionTimestamp);
        return left.length === 4 && left.every((p) => isReady(p) && p.spec?.nodeName === 'node-1');
      },
      120_000,
      'four pods on node-1',
    ).catch(async (error) => {
      throw new Error(`${error.message}:\n${await cluster.kubectl('get', 'pods,nodes', '-o', 'wide')}`);
    });
    const node = await client.get(nodes, 'node-2');
    expect(node.status?.conditions?.find((c) => c.type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    cluster.compose('start', 'node-2');
    await untilNodes(['node-1', 'node-2']);
    await untilReplicas('web', 4);
    await until(() => running('node-2').length === 0, 30_000, 'an empty node-2');
  });

  test('down and up: objects, nodes and their pods are there again', async () => {
    const uids = async () => (await client.list(nodes)).items.map((n) => [n.metadata.name, n.metadata.uid]);
    const nodesBefore = await uids();
    const webBefore = (await podsOf('web')).map((p) => p.metadata.name).sort();
    cluster.compose('down', '--timeout', '2');
    cluster.compose('up', '-d', '--no-build', '--scale', 'node=1');
    await until(async () => !!(await client.raw('GET', '/readyz').catch(() => undefined)), 60_000, 'the API server');
    await untilNodes(['node-1', 'node-2']);
    await untilReplicas('web', 4);
    expect((await podsOf('web')).map((p) => p.metadata.name).sort()).toEqual(webBefore);
    expect(await uids()).toEqual(expect.arrayContaining(nodesBefore));
    // Their status may be of the time before until the kubelets have spoken; then they answer at their new addresses.
    const meet = async () => {
      const [from, to] = await podsOf('web');
      return answers(() => expect(ask(from!, to!.status!.podIP!, 8080)).toBe(to!.metadata.name));
    };
    await until(meet, 30_000, 'pods that reach each other');
    await untilReplicas('web', 4);
  });

  test('--scale: a further node joins with the token, named after its container', async () => {
    const names = (await client.list(nodes)).items.map((n) => n.metadata.name);
    const id = cluster.idOf('node');
    await untilNodes([id.slice(0, 12)]);
    expect(names.length).toBeLessThanOrEqual(3);
    cluster.importImage('node');
    await client.create(pods, {
      metadata: { name: 'further', namespace: 'default', labels: { app: 'further' } },
      spec: {
        nodeName: id.slice(0, 12),
        containers: [{ name: 'main', image: busyboxImage, command: ['sh', '-c', 'echo far; sleep 1000'] }],
      },
    } as any);
    await untilReplicas('further', 1);
    await until(async () => (await cluster.kubectl('logs', 'further').catch(() => '')) === 'far\n', 60_000, 'its log');
  });
});
