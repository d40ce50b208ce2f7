// The simulated container runtime: a CRI v1 server for one or many nodes in one process, without root and without Linux features.
// Reads: pod annotations that come with the CRI calls (README.md lists them). Writes: container logs, and its state under --root-dir.
// Stands where containerd stands. Next along the chain: runtimeService.ts and images.ts, one pair a node.
import { basename } from 'node:path';
import { type Config, type Flags, UsageError } from '../component-base/flags.ts';
import { createLogger } from '../component-base/logger.ts';
import { runMain } from '../component-base/main.ts';
import { socketPath } from '../cri/client.ts';
import { type CriServer, serveCri } from '../cri/server.ts';
import { parseRanges } from './addresses.ts';
import { systemClock } from './clock.ts';
import { imageMethods } from './images.ts';
import { Life } from './life.ts';
import { type Host, SimulatedNode } from './node.ts';
import { servePodDialer } from './podDialer.ts';
import { runtimeMethods } from './runtimeService.ts';
import { openStore, type RecordStore } from './store.ts';
import { type StreamServer, startStreamServer } from './streams.ts';

export const flags = {
  listen: {
    type: 'list',
    default: ['unix:///run/mini-k8s/simulated.sock'],
    help: 'Socket to serve CRI v1 on, one for each node; may repeat. `name=unix:///path` names the node, otherwise the file does.',
  },
  'root-dir': {
    type: 'string',
    default: '/var/lib/mini-k8s/runtime',
    help: 'Directory that keeps the state over restarts.',
  },
  'pod-dialer-listen': {
    type: 'string',
    default: '',
    help: 'Unix socket on which HTTP CONNECT ip:port reaches into the pods of all nodes; empty turns it off.',
  },
  'pod-cidr': {
    type: 'string',
    default: '10.88.0.0/16',
    help: "Where sandbox addresses come from until a kubelet has named its node's podCIDR.",
  },
  v: { type: 'int', default: 0, help: 'Log verbosity: 2 shows what happens, 4 everything.' },
} as const satisfies Flags;

/** Serves until the signal aborts, then stops in order. Containers go on: the next start finds them running. */
export async function run(config: Config<typeof flags>, signal: AbortSignal): Promise<void> {
  const log = createLogger('simulated-runtime', config.v);
  const store = open(config['root-dir']);
  const host: Host = {
    rootDir: config['root-dir'],
    store,
    clock: systemClock(),
    log,
    nodes: new Map(),
    addresses: new Map(),
    defaultPodCidr: checkedCidr(config['pod-cidr']),
  };
  const lives = new Map<string, Life>();
  const closers: { close(): void | Promise<void> }[] = [store];
  try {
    const streams = await startStreamServer();
    closers.unshift(streams);
    for (const listen of config.listen) closers.unshift(await startNode(listen, host, lives, streams));
    if (config['pod-dialer-listen']) {
      closers.unshift(await servePodDialer(socketPath(config['pod-dialer-listen']), host, lives));
    }
    log.info({ nodes: [...host.nodes.keys()] }, 'serving CRI v1');
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  } finally {
    for (const life of lives.values()) life.pause();
    for (const closer of closers) await closer.close();
  }
}

/** What `listen` names: one node with its services, its containers taken up where they were. */
async function startNode(
  listen: string,
  host: Host,
  lives: Map<string, Life>,
  streams: StreamServer,
): Promise<CriServer> {
  const [, given, endpoint = listen] = /^([\w.-]+)=(.*)$/.exec(listen) ?? [];
  const name = given ?? basename(endpoint).replace(/\.sock$/, '');
  if (host.nodes.has(name))
    throw new UsageError(`two --listen for node ${name}; write name=unix:///path to tell them apart.`);
  const node = new SimulatedNode(name, host);
  const life = new Life(node);
  host.nodes.set(name, node);
  lives.set(name, life);
  life.resume();
  return serveCri(
    endpoint,
    { runtime: runtimeMethods(node, life, streams), image: imageMethods(node) },
    (method, error) =>
      host.log.error({ node: name, method, error: (error as Error)?.stack ?? String(error) }, 'call failed'),
  );
}

function open(rootDir: string): RecordStore {
  try {
    return openStore(rootDir);
  } catch (error) {
    const why = (error as Error).message;
    throw new UsageError(
      /locked/.test(why)
        ? `${rootDir} is in use by another runtime; stop that one, or choose another --root-dir.`
        : `cannot keep state in ${rootDir}: ${why}; choose a --root-dir that can be written.`,
    );
  }
}

function checkedCidr(cidr: string): string {
  try {
    parseRanges(cidr);
    return cidr;
  } catch (error) {
    throw new UsageError(`--pod-cidr: ${(error as Error).message}`);
  }
}

runMain(import.meta, {
  name: 'simulated-runtime',
  usage: 'A container runtime that simulates: CRI v1 on a unix socket, containers that do what pod annotations say.',
  flags,
  run,
});
