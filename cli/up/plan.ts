// What `up` runs, as data: one row a process with its upstream-named flags, how to see that it is ready, and when it is stopped.
// Pure: options and paths in, rows and configuration files out. Next: prepare.ts writes the files, supervisor.ts runs the rows.
import { checkedSocket, type DataDir } from './dataDir.ts';
import type { UpOptions } from './flags.ts';

/** How readiness is seen from outside: by asking on loopback, by connecting, or by what the API server says of the nodes. */
export type Ready =
  | { kind: 'https'; url: string; path: string }
  | { kind: 'http'; port: number; path: string }
  | { kind: 'sockets'; paths: string[] }
  | { kind: 'nodes'; names: string[] };

export interface ProcessPlan {
  name: string;
  /** Path of the program below the repository's root. */
  program: string;
  args: string[];
  /** Flags for V8. */
  v8: string[];
  ready: Ready;
  /** Processes stop in stages, the highest first, so that those who need others go before them. */
  stage: number;
  /** Its line when it is ready. */
  about: string;
}

export interface Plan {
  server: string;
  kubeconfig: string;
  /** Files of manifests/ that the cluster is seeded with. */
  manifests: string[];
  processes: ProcessPlan[];
}

/**
 * How large the nursery of V8's heap may grow. What it has grown to stays in memory when the process idles. The API server keeps V8's
 * own size: with 4 MB it delivers a tenth fewer events and refuses a sixth fewer updates, for 14 MB less when idle.
 */
const nursery = (megabytes: number): string[] => [`--max-semi-space-size=${megabytes}`];

const serviceRange = '10.96.0.0/12';
/** A /24 a node. Where nodes are real it is the usual range; simulated ones, of which there may be thousands, want more. */
const podRange = (o: UpOptions) => (o.runtimeEndpoint ? '10.244.0.0/16' : '10.192.0.0/10');
const issuer = 'https://kubernetes.default.svc.cluster.local';

/** `--name=value` for each; empty ones are left out, `true` is said. */
const args = (flags: Record<string, string | number | boolean | readonly string[]>): string[] =>
  Object.entries(flags).flatMap(([name, value]) => {
    const text = Array.isArray(value) ? value.join(',') : String(value);
    return text === '' ? [] : [`--${name}=${text}`];
  });

export const kubeconfigOf = (dir: DataDir, identity: string): string =>
  `${dir.config}/${identity.replaceAll('/', '-')}.kubeconfig`;
const numbered = (name: string, count: number) =>
  count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);

function apiserver(o: UpOptions, dir: DataDir, dialers: readonly string[]): ProcessPlan {
  const pki = (name: string) => `${dir.pki}/${name}`;
  const store: Record<string, string | readonly string[]> = o.etcdServers.length
    ? { 'etcd-servers': o.etcdServers }
    : { 'storage-backend': 'embedded', 'embedded-file': `${dir.store}/state.db` };
  return {
    name: 'apiserver',
    program: 'apiserver/main.ts',
    args: args({
      ...store,
      'secure-port': o.port,
      'bind-address': o.bindAddress,
      'tls-cert-file': pki('apiserver.crt'),
      'tls-private-key-file': pki('apiserver.key'),
      'client-ca-file': pki('ca.crt'),
      'authorization-mode': 'RBAC',
      'service-account-issuer': issuer,
      'service-account-signing-key-file': pki('sa.key'),
      'service-account-key-file': pki('sa.pub'),
      'service-cluster-ip-range': serviceRange,
      'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
      'proxy-client-cert-file': pki('front-proxy-client.crt'),
      'proxy-client-key-file': pki('front-proxy-client.key'),
      // No proxy gives this process a way to Services' addresses: extension servers and webhooks are reached at their endpoints.
      'enable-aggregator-routing': true,
      'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
      'kubelet-client-key': pki('apiserver-kubelet-client.key'),
      'kubelet-certificate-authority': pki('ca.crt'),
      'kubelet-preferred-address-types': ['InternalIP', 'Hostname'],
      // Simulated pods have addresses that only their runtimes know.
      ...(dialers.length ? { 'pod-dialer': dialers.map((name) => `unix://${dialerSocket(dir, name)}`) } : {}),
      'allow-privileged': true,
      v: o.verbosity,
    }),
    v8: [],
    ready: { kind: 'https', url: o.server, path: '/readyz' },
    stage: 0,
    about: o.server,
  };
}

const controllers = (o: UpOptions, dir: DataDir, name: string, port: number): ProcessPlan => ({
  name,
  program: 'controllers/main.ts',
  args: args({
    kubeconfig: kubeconfigOf(dir, 'controller-manager'),
    'use-service-account-credentials': true,
    'leader-elect': o.controllerManagers > 1,
    'root-ca-file': `${dir.pki}/ca.crt`,
    'cluster-signing-cert-file': `${dir.pki}/ca.crt`,
    'cluster-signing-key-file': `${dir.pki}/ca.key`,
    'service-account-private-key-file': `${dir.pki}/sa.key`,
    'cloud-provider': 'mini-k8s',
    'cloud-zones': o.zones,
    'allocate-node-cidrs': true,
    'cluster-cidr': podRange(o),
    'service-cluster-ip-range': serviceRange,
    'bind-address': '127.0.0.1',
    'secure-port': port,
    v: o.verbosity,
  }),
  v8: nursery(2),
  ready: { kind: 'http', port, path: '/healthz' },
  stage: 3,
  about: '',
});

const scheduler = (o: UpOptions, dir: DataDir, name: string, port: number): ProcessPlan => ({
  name,
  program: 'scheduler/main.ts',
  args: args({
    kubeconfig: kubeconfigOf(dir, 'scheduler'),
    'leader-elect': o.schedulers > 1,
    'bind-address': '127.0.0.1',
    'secure-port': port,
    v: o.verbosity,
  }),
  v8: nursery(2),
  ready: { kind: 'http', port, path: '/healthz' },
  stage: 3,
  about: '',
});

const criSocket = (dir: DataDir, node: string) => checkedSocket(`${dir.run}/${node}.sock`);
const dialerSocket = (dir: DataDir, name: string) => checkedSocket(`${dir.run}/${name}.sock`);

function runtime(o: UpOptions, dir: DataDir, name: string, dialer: string, nodes: string[]): ProcessPlan {
  const sockets = nodes.map((node) => criSocket(dir, node));
  return {
    name,
    program: 'runtime/main.ts',
    args: [
      ...nodes.map((node, i) => `--listen=${node}=unix://${sockets[i]}`),
      ...args({
        'root-dir': `${dir.path}/nodes/${name}`,
        'pod-dialer-listen': `unix://${dialerSocket(dir, dialer)}`,
        v: o.verbosity,
      }),
    ],
    v8: nursery(2),
    ready: { kind: 'sockets', paths: sockets },
    stage: 1,
    about: 'simulated containers',
  };
}

function kubelet(o: UpOptions, dir: DataDir, name: string, dialer: string, nodes: string[]): ProcessPlan {
  return {
    name,
    program: 'kubelet/main.ts',
    args: args({
      'nodes-config': nodesConfigFile(dir, name),
      address: '127.0.0.1',
      port: 0,
      'read-only-port': 0,
      'healthz-port': 0,
      'client-ca-file': `${dir.pki}/ca.crt`,
      'anonymous-auth': false,
      'authentication-token-webhook': true,
      'authorization-mode': 'Webhook',
      'cluster-domain': 'cluster.local',
      // With zones a Node waits until it is told its own.
      'cloud-provider': o.zones.length ? 'external' : '',
      'pod-dialer': o.runtimeEndpoint ? '' : `unix://${dialerSocket(dir, dialer)}`,
      v: o.verbosity,
    }),
    v8: nursery(2),
    ready: { kind: 'nodes', names: nodes },
    stage: 2,
    about: nodes.length > 3 ? `${nodes.length} nodes` : nodes.join(', '),
  };
}

const nodesConfigFile = (dir: DataDir, name: string) => `${dir.config}/${name}.json`;

/** What differs between the nodes of one kubelet process. */
const nodesConfig = (o: UpOptions, dir: DataDir, nodes: string[]): object[] =>
  nodes.map((node) => ({
    'hostname-override': node,
    kubeconfig: kubeconfigOf(dir, `nodes/${node}/client`),
    'container-runtime-endpoint': o.runtimeEndpoint || `unix://${criSocket(dir, node)}`,
    'root-dir': `${dir.path}/nodes/${node}`,
    'tls-cert-file': `${dir.pki}/nodes/${node}/serving.crt`,
    'tls-private-key-file': `${dir.pki}/nodes/${node}/serving.key`,
    // Where the kubelet listens, so that the API server finds it whatever addresses the machine has.
    'node-ip': '127.0.0.1',
  }));

const proxy = (
  o: UpOptions,
  dir: DataDir,
  name: string,
  nodes: string[],
  port: number,
  metricsPort: number,
): ProcessPlan => ({
  name,
  program: 'proxy/main.ts',
  args: args({
    kubeconfig: kubeconfigOf(dir, 'proxy'),
    'hostname-override': nodes,
    'cluster-cidr': podRange(o),
    'proxy-mode': o.runtimeEndpoint ? 'iptables' : 'none',
    'healthz-bind-address': `127.0.0.1:${port}`,
    'metrics-bind-address': `127.0.0.1:${metricsPort}`,
    v: o.verbosity,
  }),
  v8: nursery(2),
  ready: { kind: 'http', port, path: '/livez' },
  stage: 3,
  about: '',
});

/** One for all nodes: their files are all on this machine. It asks for its token as the first of them. */
const storage = (o: UpOptions, dir: DataDir, port: number): ProcessPlan => ({
  name: 'storage',
  program: 'addons/localPath/main.ts',
  args: args({
    kubeconfig: kubeconfigOf(dir, `nodes/${o.nodes[0]}/client`),
    'service-account': 'local-path-provisioner',
    'hostname-override': '*',
    'base-path': `${dir.path}/volumes`,
    'healthz-port': port,
    v: o.verbosity,
  }),
  v8: nursery(1),
  ready: { kind: 'http', port, path: '/healthz' },
  stage: 3,
  about: 'volumes for claims',
});

/** Nodes in groups of `size`: one kubelet, runtime and proxy process each. */
const componentNames: Record<string, string> = { controllers: 'controller-manager', scheduler: 'scheduler' };

/** The API server shows how the others are (`kubectl get componentstatuses`): it has to know where they listen. */
function tellComponentPorts(processes: readonly ProcessPlan[]): void {
  const ports = processes.flatMap(({ name, ready }) => {
    const part = componentNames[name.replace(/-1$/, '')];
    return part && 'port' in ready ? [`${part}=${ready.port}`] : [];
  });
  const api = processes.find(({ name }) => name === 'apiserver');
  if (ports.length) api?.args.push(...args({ 'component-health-ports': ports }));
}

const groups = (nodes: readonly string[], size: number): string[][] =>
  Array.from({ length: Math.ceil(nodes.length / size) }, (_, i) => nodes.slice(i * size, (i + 1) * size));

/**
 * The rows in the order in which they start, and the files (by path) that their flags name. `freePort` gives each listener its own.
 */
export function makePlan(
  o: UpOptions,
  dir: DataDir,
  freePort: () => number,
): { plan: Plan; files: Record<string, string> } {
  const has = (part: string) => (o.only as readonly string[]).includes(part);
  const processes: ProcessPlan[] = [];
  const files: Record<string, string> = {};
  const nodeGroups = groups(o.nodes, o.nodesPerProcess);
  const named = (name: string, i: number) => (nodeGroups.length === 1 ? name : `${name}-${i + 1}`);
  const simulated = has('kubelet') && !o.runtimeEndpoint;
  const dialers = simulated ? nodeGroups.map((_, i) => named('dialer', i)) : [];
  if (has('apiserver')) processes.push(apiserver(o, dir, dialers));
  if (simulated) {
    nodeGroups.forEach(
      (nodes, i) => void processes.push(runtime(o, dir, named('runtime', i), named('dialer', i), nodes)),
    );
  }
  if (has('controllers'))
    for (const name of numbered('controllers', o.controllerManagers))
      processes.push(controllers(o, dir, name, freePort()));
  if (has('scheduler'))
    for (const name of numbered('scheduler', o.schedulers)) processes.push(scheduler(o, dir, name, freePort()));
  nodeGroups.forEach((nodes, i) => {
    if (has('kubelet')) {
      const row = kubelet(o, dir, named('kubelet', i), named('dialer', i), nodes);
      processes.push(row);
      files[nodesConfigFile(dir, row.name)] = JSON.stringify(nodesConfig(o, dir, nodes), undefined, 1);
    }
    if (has('proxy')) processes.push(proxy(o, dir, named('proxy', i), nodes, freePort(), freePort()));
  });
  const provisions = has('storage') && o.nodes.length > 0;
  if (provisions) processes.push(storage(o, dir, freePort()));
  tellComponentPorts(processes);
  const manifests = provisions && has('apiserver') ? ['localPath.yaml'] : [];
  return { plan: { server: o.server, kubeconfig: dir.kubeconfig, manifests, processes }, files };
}
