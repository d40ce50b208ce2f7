// The flags of `mini-k8s up`, and the options that they make after every check that needs no file.
// Pure. Read by commands/up.ts. Next: plan.ts.
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { type Config, type Flags, UsageError } from '../../component-base/flags.ts';
import { dataDirFlag } from '../flags.ts';

export const parts = ['apiserver', 'controllers', 'scheduler', 'kubelet', 'proxy', 'storage'] as const;
export type Part = (typeof parts)[number];

export const upFlags = {
  'data-dir': dataDirFlag,
  port: { type: 'int', default: 6443, help: 'Port of the API server.' },
  'bind-address': { type: 'string', default: '127.0.0.1', help: 'Address on which the API server listens.' },
  nodes: { type: 'int', default: 3, help: 'How many nodes (simulated runtime; a real one is one node).' },
  'nodes-per-process': {
    type: 'int',
    default: 0,
    help: 'How many nodes one kubelet, runtime and proxy process hosts; 0 is all.',
  },
  zones: { type: 'list', default: [], help: 'Zones that nodes are spread over, in turn: zone-a,zone-b.' },
  store: { type: 'string', default: 'embedded', help: 'Where state is kept: embedded, or etcd:http://host:port[,…].' },
  runtime: {
    type: 'string',
    default: 'simulated',
    help: 'What runs containers: simulated, or unix:///path/to/cri.sock.',
  },
  schedulers: { type: 'int', default: 1, help: 'How many schedulers; one leads.' },
  'controller-managers': { type: 'int', default: 1, help: 'How many controller managers; one leads.' },
  only: { type: 'list', default: [], help: `Only these: ${parts.join(',')}.` },
  detach: { type: 'bool', default: false, help: 'Return when all is ready, and leave it running.' },
  v: { type: 'int', default: 0, help: 'Verbosity of the components: 2 shows what happens, 4 everything.' },
} as const satisfies Flags;

export interface UpOptions {
  port: number;
  bindAddress: string;
  /** Where clients on this machine reach it. */
  server: string;
  nodes: string[];
  nodesPerProcess: number;
  /** Empty: nodes are in none. */
  zones: readonly string[];
  /** Empty: embedded. */
  etcdServers: string[];
  /** Empty: simulated. */
  runtimeEndpoint: string;
  schedulers: number;
  controllerManagers: number;
  only: readonly Part[];
  verbosity: number;
}

function atLeast(
  config: Config<typeof upFlags>,
  name: 'nodes' | 'schedulers' | 'controller-managers' | 'nodes-per-process',
  least: number,
): number {
  const value = config[name];
  if (value < least) throw new UsageError(`--${name} must be at least ${least}.`);
  return value;
}

/** Throws UsageError that says what to write instead. */
export function upOptions(config: Config<typeof upFlags>, set: ReadonlySet<string>): UpOptions {
  const { port, 'bind-address': bindAddress } = config;
  if (port < 1 || port > 65535) throw new UsageError('--port must be between 1 and 65535.');
  if (!isIP(bindAddress))
    throw new UsageError(`--bind-address ${bindAddress} is not an IP address; use 127.0.0.1 or 0.0.0.0.`);
  const runtimeEndpoint = readRuntime(config.runtime);
  const nodes = atLeast(config, 'nodes', 0);
  if (runtimeEndpoint && set.has('nodes') && nodes !== 1) {
    throw new UsageError(
      `--runtime ${config.runtime} is one node; leave --nodes out, or use the simulated runtime for ${nodes}.`,
    );
  }
  const simulated = Array.from({ length: nodes }, (_, i) => `node-${i + 1}`);
  return {
    port,
    bindAddress,
    server: `https://${localAddress(bindAddress)}:${port}`,
    nodes: runtimeEndpoint ? [hostname().toLowerCase()] : simulated,
    nodesPerProcess: atLeast(config, 'nodes-per-process', 0) || Math.max(nodes, 1),
    zones: config.zones,
    etcdServers: readStore(config.store),
    runtimeEndpoint,
    schedulers: atLeast(config, 'schedulers', 1),
    controllerManagers: atLeast(config, 'controller-managers', 1),
    only: readOnly(config.only),
    verbosity: config.v,
  };
}

function localAddress(bind: string): string {
  if (bind === '0.0.0.0') return '127.0.0.1';
  if (bind === '::') return '[::1]';
  return bind.includes(':') ? `[${bind}]` : bind;
}

function readRuntime(text: string): string {
  if (text === 'simulated') return '';
  if (/^unix:\/\/\/./.test(text)) return text;
  throw new UsageError(`--runtime ${text} is not known; use simulated, or unix:///path/to/cri.sock.`);
}

function readStore(text: string): string[] {
  if (text === 'embedded') return [];
  const servers = text.startsWith('etcd:') ? text.slice('etcd:'.length).split(',').filter(Boolean) : [];
  if (servers.length && servers.every((s) => /^https?:\/\/[^/]+$/.test(s))) return servers;
  throw new UsageError(`--store ${text} is not known; use embedded, or etcd:http://host:port[,http://host:port].`);
}

function readOnly(names: readonly string[]): readonly Part[] {
  for (const name of names) {
    if (!(parts as readonly string[]).includes(name))
      throw new UsageError(`--only ${name} is not known; use any of ${parts.join(',')}.`);
  }
  return names.length ? parts.filter((p) => names.includes(p)) : parts;
}
