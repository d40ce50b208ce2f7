// The flags of the kubelet with upstream's names and defaults, and the settings of one node that they make.
// Reads: flags, and a --nodes-config file when one process hosts many nodes. Writes: KubeletConfig values.
// Mirrors: cmd/kubelet/app/options/options.go and pkg/kubelet/apis/config/v1beta1/defaults.go. Next: main.ts, kubelet.ts.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Config, type Flags, parseFlags, UsageError } from '../component-base/flags.ts';

const seconds = (n: number) => n * 1000;

export const kubeletFlags = {
  kubeconfig: { type: 'string', default: '', help: 'Kubeconfig of system:node:<name>. Empty: static pods only.' },
  'container-runtime-endpoint': {
    type: 'string',
    default: 'unix:///run/containerd/containerd.sock',
    help: 'The socket of the container runtime (CRI v1).',
  },
  'image-service-endpoint': {
    type: 'string',
    default: '',
    help: 'The socket for images. Empty: the same as the runtime.',
  },
  'hostname-override': { type: 'string', default: '', help: "The Node's name. Empty: this machine's host name." },
  'pod-manifest-path': { type: 'string', default: '', help: 'A folder (or file) of static pods.' },
  'root-dir': { type: 'string', default: '/var/lib/kubelet', help: 'Where volumes and other files of pods lie.' },
  'pod-logs-dir': {
    type: 'string',
    default: '',
    help: 'Where container logs lie. Empty: /var/log/pods, or <root-dir>/logs/pods when --root-dir is given.',
  },
  'cert-dir': {
    type: 'string',
    default: '',
    help: 'Where a self-signed serving certificate is kept. Empty: <root-dir>/pki.',
  },
  'tls-cert-file': { type: 'string', default: '', help: 'The serving certificate. Empty: one is made in --cert-dir.' },
  'tls-private-key-file': { type: 'string', default: '', help: 'The key of --tls-cert-file.' },
  'client-ca-file': { type: 'string', default: '', help: 'Client certificates signed by it are identities.' },
  address: { type: 'string', default: '0.0.0.0', help: 'The address to serve on.' },
  port: { type: 'int', default: 10250, help: 'The HTTPS port. 0: a free one, told in node.status.daemonEndpoints.' },
  'streaming-connection-idle-timeout': {
    type: 'duration',
    default: 4 * 3_600_000,
    help: 'How long exec, attach and port-forward may stay without a byte. 0: for ever.',
  },
  'read-only-port': { type: 'int', default: 10255, help: 'A port without TLS and authentication. 0: none.' },
  'healthz-port': { type: 'int', default: 10248, help: 'The port of /healthz. 0: none.' },
  'healthz-bind-address': { type: 'string', default: '127.0.0.1', help: 'The address of /healthz.' },
  'node-ip': { type: 'string', default: '', help: "The node's addresses, comma-separated. Empty: found out." },
  'node-labels': { type: 'map', default: {}, help: 'Labels that the Node is registered with.' },
  'register-with-taints': {
    type: 'list',
    default: [],
    help: 'Taints (key=value:effect) that the Node is registered with.',
  },
  'cloud-provider': {
    type: 'string',
    default: '',
    values: ['', 'external'],
    help: 'external: the Node keeps pods away by a taint until a cloud controller has said what its machine is.',
  },
  'provider-id': { type: 'string', default: '', help: 'What the cloud calls this machine.' },
  'register-node': { type: 'bool', default: true, help: 'Register the Node with the API server.' },
  'register-schedulable': { type: 'bool', default: true, help: 'Register the Node as schedulable.' },
  'max-pods': { type: 'int', default: 110, help: 'How many pods may run here.' },
  'pods-per-core': { type: 'int', default: 0, help: 'How many pods may run a core. 0: no such limit.' },
  'node-status-update-frequency': {
    type: 'duration',
    default: seconds(10),
    help: 'How often node status is computed.',
  },
  'node-status-report-frequency': {
    type: 'duration',
    default: seconds(300),
    help: 'How often node status is sent when nothing changed.',
  },
  'node-lease-duration': {
    type: 'duration',
    default: seconds(40),
    help: 'How long the node Lease holds; renewed at a quarter.',
  },
  'sync-frequency': {
    type: 'duration',
    default: seconds(60),
    help: 'How often a pod is looked at when nothing happens.',
  },
  'file-check-frequency': { type: 'duration', default: seconds(20), help: 'How often static pods are looked for.' },
  'cluster-dns': { type: 'list', default: [], help: 'The DNS servers of pods with dnsPolicy ClusterFirst.' },
  'cluster-domain': { type: 'string', default: '', help: 'The domain of the cluster: a search domain of pods.' },
  'resolv-conf': { type: 'string', default: '/etc/resolv.conf', help: "The node's DNS settings, for other pods." },
  'authentication-token-webhook': { type: 'bool', default: false, help: 'Ask the API server whose a bearer token is.' },
  'authentication-token-webhook-cache-ttl': {
    type: 'duration',
    default: seconds(120),
    help: 'How long an answer holds.',
  },
  'authorization-mode': {
    type: 'string',
    default: 'AlwaysAllow',
    values: ['AlwaysAllow', 'Webhook'],
    help: 'Webhook asks the API server.',
  },
  'authorization-webhook-cache-authorized-ttl': {
    type: 'duration',
    default: seconds(300),
    help: 'How long a yes holds.',
  },
  'authorization-webhook-cache-unauthorized-ttl': {
    type: 'duration',
    default: seconds(30),
    help: 'How long a no holds.',
  },
  'anonymous-auth': { type: 'bool', default: true, help: 'Serve callers without an identity, as system:anonymous.' },
  'cgroup-driver': {
    type: 'string',
    default: 'cgroupfs',
    values: ['cgroupfs', 'systemd'],
    help: 'Who writes cgroups.',
  },
  'serialize-image-pulls': { type: 'bool', default: true, help: 'Pull one image at a time.' },
  'max-parallel-image-pulls': {
    type: 'int',
    default: 0,
    help: 'How many pulls at a time when not serialized. 0: any.',
  },
  'runtime-request-timeout': {
    type: 'duration',
    default: seconds(120),
    help: 'How long a call to the runtime may take.',
  },
  'kube-reserved': { type: 'map', default: {}, help: 'What is kept from pods for Kubernetes: cpu=100m,memory=256Mi.' },
  'system-reserved': { type: 'map', default: {}, help: 'What is kept from pods for the system.' },
  'node-capacity': {
    type: 'map',
    default: {},
    help: 'What the node has, instead of what the machine has: cpu=4,memory=8Gi (for simulated nodes).',
  },
  'maximum-dead-containers-per-container': {
    type: 'int',
    default: 1,
    help: 'Old instances of a container that are kept.',
  },
  'container-log-max-size': { type: 'string', default: '10Mi', help: 'Size at which a container log is rotated.' },
  'container-log-max-files': { type: 'int', default: 5, help: 'How many files of a rotated log are kept.' },
  'image-gc-high-threshold': {
    type: 'int',
    default: 85,
    help: 'Disk use in percent at which unused images are removed.',
  },
  'image-gc-low-threshold': { type: 'int', default: 80, help: 'Disk use in percent that removal aims at.' },
  'allowed-unsafe-sysctls': {
    type: 'list',
    default: [],
    help: 'Sysctls that pods may set beyond the safe ones (a* allowed).',
  },
  'pod-dialer': {
    type: 'string',
    default: '',
    help: 'unix:///path of an HTTP CONNECT proxy to pods. Empty: straight TCP.',
  },
  'nodes-config': {
    type: 'string',
    default: '',
    help: 'A JSON file with a list of objects of flags, one a node, over the flags given here.',
  },
  v: { type: 'int', default: 0, help: 'Verbosity of the log.' },
} satisfies Flags;

export type KubeletFlags = Config<typeof kubeletFlags>;

/** The settings of one node. Those not renamed keep the name of their flag. */
export interface KubeletConfig extends KubeletFlags {
  nodeName: string;
  rootDir: string;
  podLogsDir: string;
  certDir: string;
}

export function nodeConfig(flags: KubeletFlags): KubeletConfig {
  const nodeName = (flags['hostname-override'] || hostname()).trim().toLowerCase();
  const rootDir = flags['root-dir'];
  const usual = rootDir === kubeletFlags['root-dir'].default ? '/var/log/pods' : join(rootDir, 'logs', 'pods');
  return {
    ...flags,
    nodeName,
    rootDir,
    podLogsDir: flags['pod-logs-dir'] || usual,
    certDir: flags['cert-dir'] || join(rootDir, 'pki'),
  };
}

/** One config a node: the flags alone, or each entry of --nodes-config over them. Throws UsageError. */
export function nodeConfigs(flags: KubeletFlags): KubeletConfig[] {
  const path = flags['nodes-config'];
  if (!path) return [nodeConfig(flags)];
  const nodes = readNodes(path).map((entry) => nodeConfig({ ...flags, ...flagsOf(entry) }));
  const names = new Set(nodes.map((n) => n.nodeName));
  if (names.size !== nodes.length) throw new UsageError(`${path}: each node needs a hostname-override of its own.`);
  return nodes;
}

function readNodes(path: string): Record<string, unknown>[] {
  try {
    const list = JSON.parse(readFileSync(path, 'utf8'));
    if (Array.isArray(list) && list.length) return list;
  } catch (error) {
    throw new UsageError(`cannot read --nodes-config ${path}: ${(error as Error).message}`);
  }
  throw new UsageError(`--nodes-config ${path} must be a JSON list with an object of flags for each node.`);
}

/** An entry's values go through the same parser as the command line, so that they are checked alike. */
function flagsOf(entry: Record<string, unknown>): Partial<KubeletFlags> {
  const argv = Object.entries(entry).map(([name, value]) => `--${name}=${asText(value)}`);
  const { config, set } = parseFlags(kubeletFlags, argv);
  return Object.fromEntries(Object.entries(config).filter(([name]) => set.has(name))) as Partial<KubeletFlags>;
}

const asText = (value: unknown): string => {
  if (Array.isArray(value)) return value.join(',');
  if (value && typeof value === 'object')
    return Object.entries(value)
      .map(([k, v]) => `${k}=${v}`)
      .join(',');
  return String(value);
};
