// A Deployment's journey through real processes: what each part did, said and recorded, and what `mini-k8s trace` makes of it.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deployments,
  endpointSlices,
  endpoints,
  events,
  nodes,
  pods,
  replicaSets,
  services,
} from '../../apimachinery/resources.ts';
import { type WriteRecord, writes } from '../../apimachinery/trace.ts';
import type { Deployment, Pod, ReplicaSet } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/transport.ts';
import { until } from '../kit/apiServer.ts';
import { type UpCluster, upCluster } from '../kit/upCluster.ts';

const namespace = 'default';
const labels = { app: 'web' };
const account = (name: string) => `system:serviceaccount:kube-system:${name}`;
let cluster: UpCluster;
let client: Client;
let podList: Pod[];
let replicaSet: ReplicaSet;

beforeAll(async () => {
  cluster = await upCluster();
  client = createClient(await loadKubeconfig(cluster.kubeconfig), { component: 'person' });
  await client.create(services, {
    metadata: { name: 'web', namespace },
    spec: { selector: labels, ports: [{ port: 80 }] },
  } as never);
  await client.create(deployments, {
    metadata: { name: 'web', namespace },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } },
    },
  } as never);
  await available(3);
  await until(async () => (await slices()).length === 3, 30_000, 'the endpoints');
  // By another controller, in its own time.
  await until(async () => (await addresses()).length === 3, 30_000, 'the addresses in Endpoints');
  podList = (await client.list(pods, { namespace })).items;
  replicaSet = (await client.list(replicaSets, { namespace })).items[0]!;
});
afterAll(async () => {
  client?.close();
  await cluster?.stop();
});

const deployment = (): Promise<Deployment> => client.get(deployments, 'web', namespace);
const available = (count: number) =>
  until(async () => (await deployment()).status?.availableReplicas === count, 30_000, `${count} available pods`);
const slices = async () =>
  (await client.list(endpointSlices, { namespace, labelSelector: 'kubernetes.io/service-name=web' })).items.flatMap(
    (s) => (s.endpoints ?? []).filter((e) => e.conditions?.ready).map((e) => e.addresses[0]!),
  );
const addresses = async () =>
  ((await client.get(endpoints, 'web', namespace)).subsets ?? []).flatMap((s) => s.addresses ?? []);
const trace = (...more: string[]) => cluster.mini('trace', 'deployment/web', ...more);
const lines = async () => (await trace()).trimEnd().split('\n');
const hasOwner = (o: Pod | ReplicaSet, owner: Deployment | ReplicaSet) =>
  o.metadata.ownerReferences?.some((r) => r.uid === owner.metadata.uid && r.controller);

describe('what came of it', () => {
  it('one ReplicaSet of the Deployment, three pods of the ReplicaSet, on ready nodes', async () => {
    expect(hasOwner(replicaSet, await deployment())).toBe(true);
    expect(podList).toHaveLength(3);
    const names = (await client.list(nodes)).items.map((n) => n.metadata.name);
    for (const pod of podList) {
      expect(hasOwner(pod, replicaSet)).toBe(true);
      expect(names).toContain(pod.spec?.nodeName);
      expect(pod.status).toMatchObject({ phase: 'Running', containerStatuses: [{ ready: true, restartCount: 0 }] });
    }
  });

  it('an address for each pod from its node’s range, in Endpoints and EndpointSlices', async () => {
    const ips = podList.map((p) => p.status!.podIP!).sort();
    expect(new Set(ips).size).toBe(3);
    const ranges = new Map((await client.list(nodes)).items.map((n) => [n.metadata.name, n.spec?.podCIDR ?? '']));
    expect(new Set(ranges.values()).size).toBe(3);
    for (const pod of podList) {
      const prefix = ranges.get(pod.spec!.nodeName!)!.replace(/\.0\/24$/, '.');
      expect(pod.status!.podIP!.startsWith(prefix), `${pod.status!.podIP} in ${prefix}`).toBe(true);
    }
    expect((await slices()).sort()).toEqual(ips);
    expect((await addresses()).map((a) => [a.ip, a.targetRef?.name]).sort()).toEqual(
      podList.map((p) => [p.status!.podIP, p.metadata.name]).sort(),
    );
  });

  it('events say who did what', async () => {
    const rs = () => replicaSet.metadata.name;
    const expected = () => [
      ['Deployment', 'web', 'ScalingReplicaSet', 'deployment-controller', `Scaled up replica set ${rs()} from 0 to 3`],
      ...podList.flatMap(({ metadata: { name }, spec }) => [
        ['ReplicaSet', rs(), 'SuccessfulCreate', 'replicaset-controller', `Created pod: ${name}`],
        ['Pod', name, 'Scheduled', 'default-scheduler', `Successfully assigned default/${name} to ${spec!.nodeName}`],
        ['Pod', name, 'Created', 'kubelet', 'Container created'],
        ['Pod', name, 'Started', 'kubelet', 'Container started'],
      ]),
    ];
    const told = async () =>
      (await client.list(events, { namespace })).items.map((e) => ({
        row: [
          e.involvedObject.kind,
          e.involvedObject.name,
          e.reason,
          e.source?.component || e.reportingComponent,
          e.message,
        ],
        type: e.type,
      }));
    // Events are written beside the deed, a moment later.
    await until(
      async () => {
        const rows = (await told()).map((e) => JSON.stringify(e.row));
        return expected().every((row) => rows.filter((r) => r === JSON.stringify(row)).length === 1);
      },
      30_000,
      'the events',
    ).catch(async () => expect((await told()).map((e) => e.row)).toEqual(expect.arrayContaining(expected())));
    expect((await told()).flatMap((e) => (e.type === 'Normal' ? [] : [e.row.join(': ')]))).toEqual([]);
  });
});

describe('the journal', () => {
  type Hop = [verb: string, resource: string, user: string, cause: RegExp | 'none', count: number];
  const stem = (text: string) => text.split('@')[0]!;

  it('holds every hop with its writer and its cause', async () => {
    const rs = `replicasets.apps/default/${replicaSet.metadata.name}`;
    const onNode = /^pods\/default\/web-/;
    const hops: Hop[] = [
      ['create', 'deployments.apps', 'kubernetes-admin', 'none', 1],
      ['create', 'replicasets.apps', account('deployment-controller'), /^deployments\.apps\/default\/web$/, 1],
      ['create', 'pods', account('replicaset-controller'), new RegExp(`^${rs}$`), 3],
      ['create', 'pods/binding', 'system:kube-scheduler', onNode, 3],
      ['CRI', 'pods', 'system:node:', onNode, 3],
      ['patch', 'pods/status', 'system:node:', onNode, 3],
      ['update', 'replicasets.apps/status', account('replicaset-controller'), /^(pods|replicasets\.apps)\//, 1],
      ['update', 'deployments.apps/status', account('deployment-controller'), /^(replicasets|deployments)\.apps\//, 1],
      ['update', 'endpoints', account('endpoint-controller'), onNode, 1],
      ['update', 'endpointslices.discovery.k8s.io', account('endpointslice-controller'), onNode, 1],
      ['rules', 'nodes', 'system:kube-proxy', /^endpointslices\.discovery\.k8s\.io\/default\/web-/, 1],
    ];
    const found = ([verb, resource, user, cause]: Hop, records: WriteRecord[]) =>
      records.filter(
        (r) =>
          r.verb === verb &&
          (r.subresource ? `${r.resource}/${r.subresource}` : r.resource) === resource &&
          r.user.startsWith(user) &&
          (cause === 'none' ? !r.causes?.length : r.causes?.some((c) => cause.test(stem(c)))),
      ).length;
    const missing = async () => {
      const { items } = await client.list(writes);
      return hops.filter((hop) => found(hop, items) < hop[4]);
    };
    // Spans are told a moment after the deed.
    await until(async () => (await missing()).length === 0, 30_000, 'the hops').catch(() => undefined);
    expect(await missing()).toEqual([]);
  });

  it('tells controllers apart by their accounts', async () => {
    const { items } = await client.list(writes);
    const accounts = new Set(items.map((r) => r.user).filter((u) => u.startsWith('system:serviceaccount:')));
    for (const name of ['deployment', 'replicaset', 'endpoint', 'endpointslice', 'node'])
      expect([...accounts]).toContain(account(`${name}-controller`));
    const byManager = items.filter((r) => r.user === 'system:kube-controller-manager').map((r) => r.resource);
    // The manager itself holds its Lease and asks for tokens; what controllers do, they do under their own names.
    expect(byManager.filter((r) => !/^(leases|serviceaccounts|events)/.test(r))).toEqual([]);
  });
});

describe('trace', () => {
  const hop = (what: string, who: string, why: string) =>
    new RegExp(`^ *\\+\\S+ +[│├└─ ]*${what} +by ${who}.* +${why}`);

  it('prints each hop under its cause', async () => {
    const rs = replicaSet.metadata.name;
    const expected = [
      hop('create deployments/web', 'kubernetes-admin \\(person\\)', 'no recorded cause$'),
      hop(`create replicasets/${rs}`, 'deployment-controller', 'because of deployments/web@\\d+'),
      ...podList.flatMap(({ metadata: { name } }) => [
        hop(`create pods/${name}`, 'replicaset-controller', `because of replicasets/${rs}@\\d+`),
        hop(`create pods/${name} \\(binding\\)`, 'system:kube-scheduler', `because of pods/${name}@\\d+`),
        // Calls of one moment share a line.
        ...['RunPodSandbox', 'StartContainer nginx'].map((call) =>
          hop(`\\[CRI\\] pods/${name} (.*, )?${call}.* in \\S+`, 'system:node:node-\\d', 'because of pods/'),
        ),
        hop(`patch pods/${name} \\(status\\)`, 'system:node:node-\\d', `because of pods/${name}@\\d+`),
      ]),
      hop(`update replicasets/${rs} \\(status\\)`, 'replicaset-controller', 'because of pods/'),
      hop('update deployments/web \\(status\\)', 'deployment-controller', `because of replicasets/${rs}@`),
      hop('update endpointslices/web-\\S+', 'endpointslice-controller', 'because of pods/'),
      hop('\\[rules\\] nodes/node-\\d .*', 'system:kube-proxy', 'because of endpointslices/web-'),
    ];
    // Rules are synced at most once a second, and spans told a moment later.
    let first: string[] = [];
    const missing = () => expected.filter((pattern) => !first.some((line) => pattern.test(line)));
    await until(
      async () => {
        first = await lines();
        return missing().length === 0;
      },
      30_000,
      'the hops',
    ).catch(() => undefined);
    expect(missing(), first.join('\n')).toEqual([]);
    // One tree: everything but the person's own write has a cause that is printed above it.
    expect(first.filter((l) => l.includes('no recorded cause'))).toHaveLength(1);
  });

  it('knows the kind by its short name, plural, kind and group', async () => {
    // A span told late lengthens the later answers, so all four are asked for until nothing comes between them.
    const names = ['deploy/web', 'deployments.apps/web', 'Deployment/web'];
    const ask = () => Promise.all([trace(), ...names.map((name) => cluster.mini('trace', name, '-n', namespace))]);
    await until(async () => new Set(await ask()).size === 1, 30_000, 'the same answer under every name');
  });

  it('prints the same without Events and ownerReferences, and a write without a cause as such', async () => {
    const before = await lines();
    await client.deleteCollection(events, { namespace });
    const orphaned = { metadata: { ownerReferences: null, labels: { app: 'other' } } };
    await client.patch(deployments, 'web', namespace, 'merge', { spec: { paused: true } });
    for (const { metadata } of podList) await client.patch(pods, metadata.name, namespace, 'merge', orphaned);
    expect(
      (await client.list(pods, { namespace, labelSelector: 'app=other' })).items.every(
        (p) => !p.metadata.ownerReferences,
      ),
    ).toBe(true);
    const after = await lines();
    const root = (text: string) => text.replace(/^ *\+\S+ +/, '');
    // What was printed stands as it stood, but for the strokes beside lines that have got more below them.
    const plain = (text: string) => text.replace(/[│├└─]/g, ' ');
    expect(after.map(plain)).toEqual(expect.arrayContaining(before.map(plain)));
    for (const { metadata } of podList)
      expect(after.map(root)).toContain(`patch pods/${metadata.name}  by kubernetes-admin (person)  no recorded cause`);
    expect(after.filter((l) => /delete\w* events/.test(l))).toEqual([]);
  });

  it('--follow goes on with what happens', async () => {
    await client.patch(deployments, 'web', namespace, 'merge', { spec: { paused: false } });
    const bin = new URL('../../bin/mini-k8s.mjs', import.meta.url).pathname;
    const args = [bin, 'trace', 'deployment/web', '--follow', '--data-dir', cluster.dataDir];
    const child = execFile(process.execPath, args, { maxBuffer: 64 << 20 });
    let text = '';
    child.stdout!.on('data', (chunk) => {
      text += chunk;
    });
    try {
      const started = () => (text.match(/\[CRI\] .*RunPodSandbox/g) ?? []).length;
      await until(() => text.includes('create deployments/web'), 30_000, 'what was there');
      await available(3);
      await until(() => started() >= 6, 30_000, 'three pods, and three more in place of those that were taken away');
      const before = started();
      await client.patch(deployments, 'web', namespace, 'merge', { spec: { replicas: 5 } });
      await until(() => started() === before + 2, 30_000, 'the new pods');
    } finally {
      child.kill('SIGINT');
    }
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  });
});

describe('trace says in one sentence', () => {
  const bin = new URL('../../bin/mini-k8s.mjs', import.meta.url).pathname;
  const refused = async (...args: string[]): Promise<string> => {
    const ran = promisify(execFile)(process.execPath, [bin, 'trace', ...args]);
    const error = await ran.then(
      () => undefined,
      (e) => e,
    );
    expect(error?.code).toBe(1);
    expect(error.stderr.trim().split('\n')).toHaveLength(1);
    return error.stderr;
  };

  it('that nothing is known of an object', async () => {
    expect(await refused('deployment/nobody', '--data-dir', cluster.dataDir)).toContain(
      'No write of deployment/nobody',
    );
  });

  it('that there is no such kind', async () => {
    expect(await refused('nonsense/web', '--data-dir', cluster.dataDir)).toContain('has no kind "nonsense"');
  });

  it('that a server is not ours', async () => {
    const group = { name: 'apps', preferredVersion: { groupVersion: 'apps/v1' } };
    const resources = [{ name: 'deployments', singularName: 'deployment', kind: 'Deployment', namespaced: true }];
    const answers: Record<string, object> = {
      '/apis': { kind: 'APIGroupList', groups: [group] },
      '/api/v1': { kind: 'APIResourceList', resources: [] },
      '/apis/apps/v1': { kind: 'APIResourceList', resources },
    };
    const server = createServer((request, response) => {
      const answer = answers[request.url!];
      response.writeHead(answer ? 200 : 404, { 'content-type': answer ? 'application/json' : 'text/plain' });
      response.end(answer ? JSON.stringify(answer) : '404 page not found\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const folder = mkdtempSync(join(tmpdir(), 'mk8s-other-'));
    const file = join(folder, 'kubeconfig');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: url } }],
        users: [{ name: 'u', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    try {
      expect(await refused('deployment/web', '--kubeconfig', file)).toContain('keeps no journal of writes');
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
