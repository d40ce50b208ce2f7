// A small extension API server of the three metrics APIs, whose numbers a test sets: what metrics-server and a metrics adapter are to a
// cluster. In this process; it asks the API server which pods there are. Used by: tests of the autoscaler.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { toTime } from '../../apimachinery/clock.ts';
import { pods } from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { hostAddress } from '../../component-base/hostAddress.ts';
import type { TestApiServer } from './apiServer.ts';

const address = hostAddress() ?? '127.0.0.1';
export const metricsGroups = ['metrics.k8s.io', 'custom.metrics.k8s.io', 'external.metrics.k8s.io'] as const;

export interface MetricsServer {
  /** What a container uses now; absent: nothing is known of it. */
  usage(pod: Pod, container: string): Record<string, string> | undefined;
  /** `pods/<metric>`, `<resource>/<name>/<metric>` or `metrics/<metric>`, to the value. */
  custom: Map<string, string>;
  external: Map<string, string[]>;
  /** The versions of custom.metrics.k8s.io that are served, preferred first. */
  customVersions: string[];
  /** The paths, with their queries, that were asked for objects. */
  asked: string[];
  /** Makes the Service and the APIServices that lead here; those of versions that are no longer served go. */
  register(groups?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startMetricsServer(server: TestApiServer): Promise<MetricsServer> {
  const read = (file: string) => readFileSync(`${server.folder}/pki/${file}`);
  const client = await server.client();
  const listener = createServer({ cert: read('apiserver.crt'), key: read('apiserver.key') }, async (req, res) => {
    const answer = await respond(new URL(req.url!, 'https://x'), metrics, client).catch((error) => ({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code: 500,
      message: String(error),
    }));
    const code = (answer as { code?: number }).code ?? 200;
    res.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => listener.listen(0, address, resolve));
  const metrics: MetricsServer = {
    usage: () => undefined,
    custom: new Map(),
    external: new Map(),
    customVersions: ['v1beta2', 'v1beta1'],
    asked: [],
    register: (groups = metricsGroups) => register(client, (listener.address() as AddressInfo).port, groups, metrics),
    async stop() {
      client.close();
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return metrics;
}

const versionsOf = (group: string, m: MetricsServer) => (group.startsWith('custom') ? m.customVersions : ['v1beta1']);

async function respond(url: URL, m: MetricsServer, client: Client): Promise<object> {
  const [, , group = '', version = '', , namespace = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  if (!namespace) return discovery(group, version, m);
  m.asked.push(url.pathname + url.search);
  const named = (items: object[]) => ({ kind: 'List', apiVersion: `${group}/${version}`, metadata: {}, items });
  const timestamp = toTime(Date.now());
  const labelSelector = url.searchParams.get('labelSelector') ?? '';
  const list = async () => (await client.list(pods, { namespace, labelSelector })).items as Pod[];
  if (group === 'metrics.k8s.io') return named((await list()).flatMap((pod) => usageOf(pod, timestamp, m)));
  if (group.startsWith('external')) {
    const values = m.external.get(rest.join('/')) ?? [];
    return named(values.map((value) => ({ metricName: rest[0], timestamp, value })));
  }
  const value = (kind: string, name: string, text: string) => ({
    describedObject: { kind, namespace, name },
    metric: { name: rest.at(-1) },
    timestamp,
    value: text,
  });
  if (rest[0] === 'pods' && rest[1] === '*') {
    const text = m.custom.get(`pods/${rest[2]}`);
    return named(text === undefined ? [] : (await list()).map((pod) => value('Pod', pod.metadata.name, text)));
  }
  const text = m.custom.get(rest.join('/'));
  if (text !== undefined) return named([value('Object', rest.at(-2)!, text)]);
  const message = `the server could not find the metric ${rest.at(-1)} for ${rest.slice(0, -1).join(' ')}`;
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404, message };
}

function usageOf(pod: Pod, timestamp: string, m: MetricsServer): object[] {
  if (pod.status?.phase !== 'Running') return [];
  const containers = pod.spec!.containers.flatMap(({ name }) => {
    const usage = m.usage(pod, name);
    return usage ? [{ name, usage }] : [];
  });
  const { name, namespace } = pod.metadata;
  return containers.length ? [{ metadata: { name, namespace }, timestamp, window: '1s', containers }] : [];
}

function discovery(group: string, version: string, m: MetricsServer): object {
  const toVersion = (v: string) => ({ groupVersion: `${group}/${v}`, version: v });
  const groupOf = (name: string) => ({
    kind: 'APIGroup',
    apiVersion: 'v1',
    name,
    versions: versionsOf(name, m).map(toVersion),
  });
  if (!group) return { kind: 'APIGroupList', apiVersion: 'v1', groups: metricsGroups.map(groupOf) };
  if (!version) return groupOf(group);
  const resources =
    group === 'metrics.k8s.io'
      ? [{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] }]
      : [];
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/${version}`, resources };
}

async function register(client: Client, port: number, groups: readonly string[], m: MetricsServer): Promise<void> {
  const ports = [{ name: 'https', port: 443, protocol: 'TCP' }];
  const exists = (error: { code?: number }) => {
    if (error.code !== 409) throw error;
  };
  const post = (path: string, body: object) => client.raw('POST', path, body).catch(exists);
  await post('/api/v1/namespaces/kube-system/services', { metadata: { name: 'metrics' }, spec: { ports } });
  await post('/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices', {
    metadata: { name: 'metrics', labels: { 'kubernetes.io/service-name': 'metrics' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
  const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
  for (const version of ['v1beta2', 'v1beta1'].filter((v) => !m.customVersions.includes(v)))
    await client.raw('DELETE', `${apiServices}/${version}.custom.metrics.k8s.io`).catch(() => {});
  for (const group of groups)
    for (const [i, version] of versionsOf(group, m).entries())
      await post(apiServices, {
        metadata: { name: `${version}.${group}` },
        spec: {
          group,
          version,
          groupPriorityMinimum: 100,
          versionPriority: 100 - i,
          insecureSkipTLSVerify: true,
          service: { namespace: 'kube-system', name: 'metrics' },
        },
      });
}
