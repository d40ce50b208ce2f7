// A node for a test: a real API server, the simulated runtime and the kubelet, each over its real boundary.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configMaps, events, namespaces, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Event, Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { createLogger, silentLogger } from '../../component-base/logger.ts';
import { kubeletFlags } from '../../kubelet/config.ts';
import type { Span } from '../../kubelet/context.ts';
import { run as runKubelet } from '../../kubelet/main.ts';
import { run as runRuntime, flags as runtimeFlags } from '../../runtime/main.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';

export interface TestNode {
  api: TestApiServer;
  client: Client;
  folder: string;
  nodeName: string;
  spans: Span[];
  /** Where the kubelet's HTTPS server listens. */
  port(): number;
  startKubelet(flags?: string[]): Promise<void>;
  stopKubelet(): Promise<void>;
  pod(name: string): Promise<Pod | undefined>;
  /** Polls until the pod is as `check` says. */
  until(name: string, check: (pod: Pod) => boolean, ms?: number): Promise<Pod>;
  untilGone(name: string, ms?: number): Promise<void>;
  events(name: string): Promise<Event[]>;
  run(name: string, spec?: object, annotations?: Record<string, string>): Promise<Pod>;
  stop(): Promise<void>;
}

export async function startTestNode(nodeName = 'node-1', kubeletArgs: string[] = []): Promise<TestNode> {
  const folder = mkdtempSync(join(tmpdir(), 'kubelet-'));
  const socket = `unix://${join(folder, 'cri.sock')}`;
  const dialer = `unix://${join(folder, 'dialer.sock')}`;
  const api = await startTestApiServer({
    nodes: [nodeName],
    flags: ['--kubelet-preferred-address-types=InternalIP', `--pod-dialer=${dialer}`],
  });
  const client = await api.client();
  const runtimeEnd = new AbortController();
  const runtimeArgs = [
    `--listen=${nodeName}=${socket}`,
    `--root-dir=${folder}/runtime`,
    `--pod-dialer-listen=${dialer}`,
  ];
  const runtime = runRuntime(parseFlags(runtimeFlags, runtimeArgs).config, runtimeEnd.signal);
  const spans: Span[] = [];
  let port = 0;
  let kubelet: { end: AbortController; done: Promise<void> } | undefined;

  const get = (name: string) => client.get(pods, name, 'default').catch(() => undefined);
  const node: TestNode = {
    api,
    client,
    folder,
    nodeName,
    spans,
    port: () => port,
    async startKubelet(more = []) {
      // Two on one node take turns in overwriting each other's statuses.
      if (kubelet) throw new Error('a kubelet runs on this node already');
      const end = new AbortController();
      const argv = [
        `--kubeconfig=${api.kubeconfigFor(`nodes/${nodeName}/client`)}`,
        `--container-runtime-endpoint=${socket}`,
        `--hostname-override=${nodeName}`,
        `--root-dir=${folder}/kubelet`,
        `--pod-dialer=${dialer}`,
        '--port=0',
        '--read-only-port=0',
        '--healthz-port=0',
        '--address=127.0.0.1',
        '--node-ip=127.0.0.1',
        `--client-ca-file=${api.folder}/pki/ca.crt`,
        `--tls-cert-file=${api.folder}/pki/nodes/${nodeName}/serving.crt`,
        `--tls-private-key-file=${api.folder}/pki/nodes/${nodeName}/serving.key`,
        '--anonymous-auth=false',
        '--authentication-token-webhook',
        '--authorization-mode=Webhook',
        '--cluster-dns=10.96.0.10',
        '--cluster-domain=cluster.local',
        '--file-check-frequency=1s',
        ...kubeletArgs,
        ...more,
      ];
      const started = Promise.withResolvers<void>();
      const log = process.env.KUBELET_LOG ? createLogger('kubelet', 4) : silentLogger;
      const done = runKubelet(parseFlags(kubeletFlags, argv).config, end.signal, {
        log,
        reportSpan: (s) => spans.push(s),
        started(info) {
          port = info.port;
          started.resolve();
        },
      });
      kubelet = { end, done };
      await Promise.race([started.promise, done]);
    },
    async stopKubelet() {
      kubelet?.end.abort();
      await kubelet?.done;
      kubelet = undefined;
    },
    pod: get,
    async until(name, check, ms = 30_000) {
      let last: Pod | undefined;
      await until(
        async () => {
          last = await get(name);
          return !!last && check(last);
        },
        ms,
        `pod ${name}`,
      ).catch((error) => {
        throw new Error(`${error.message}; last seen: ${JSON.stringify(last?.status, null, 1)}`);
      });
      return last!;
    },
    untilGone: (name, ms = 30_000) => until(async () => !(await get(name)), ms, `${name} gone`),
    async events(name) {
      const list = await client.list(events, { namespace: 'default', fieldSelector: `involvedObject.name=${name}` });
      return list.items;
    },
    async run(name, spec = {}, annotations = {}) {
      const prefixed = Object.fromEntries(
        Object.entries(annotations).map(([k, v]) => [`simulated.mini-k8s.io/${k}`, v]),
      );
      return client.create(pods, {
        metadata: { name, namespace: 'default', annotations: prefixed },
        spec: { nodeName, containers: [{ name: 'main', image: 'nginx:1' }], ...spec } as any,
      });
    },
    async stop() {
      await node.stopKubelet();
      runtimeEnd.abort();
      await runtime;
      client.close();
      await api.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  await prepareNamespace(client);
  await node.startKubelet();
  await until(async () => !!(await client.get(nodes, nodeName).catch(() => undefined)), 30_000, 'node registered');
  await client.patch(nodes, nodeName, undefined, 'strategic', {
    spec: { podCIDR: '10.244.7.0/24', podCIDRs: ['10.244.7.0/24'] },
  });
  return node;
}

/** What controllers would do. */
async function prepareNamespace(client: Client): Promise<void> {
  await until(async () => !!(await client.get(namespaces, 'default').catch(() => undefined)), 30_000, 'namespace');
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } }).catch(() => undefined);
  await client
    .create(configMaps, { metadata: { name: 'kube-root-ca.crt', namespace: 'default' }, data: { 'ca.crt': 'CA' } })
    .catch(() => undefined);
}

export const ready = (pod: Pod): boolean =>
  !!pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
export const condition = (pod: Pod, type: string) => pod.status?.conditions?.find((c) => c.type === type);
export { until };
