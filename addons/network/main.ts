// The pod network of a real node: waits for the Node's podCIDR, then keeps CNI configuration, routes and rules as the Nodes say.
// Reads: Nodes, as its own ServiceAccount (manifests/network.yaml). Writes: only on this machine. Mirrors: flannel's daemon with host-gw.
// Next along the chain: network.ts; the runtime takes the configuration up from there.
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { realClock as clock } from '../../apimachinery/clock.ts';
import { nodes } from '../../apimachinery/resources.ts';
import type { Node } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { createInformerFactory } from '../../client/informerFactory.ts';
import { configFromFlag } from '../../client/kubeconfig.ts';
import { serviceAccountClient } from '../../client/serviceAccountClient.ts';
import { createClient } from '../../client/transport.ts';
import { CommandError, runCommand } from '../../component-base/command.ts';
import { type Config, UsageError } from '../../component-base/flags.ts';
import { createLogger } from '../../component-base/logger.ts';
import { runMain } from '../../component-base/main.ts';
import { flags } from './flags.ts';
import { type NetworkOptions, removeNetwork, syncNetwork } from './network.ts';
import { podCIDRsOf } from './routes.ts';

type NetworkConfig = Config<typeof flags>;

/** Runs until the signal aborts; what it has set up stays, unless --cleanup-on-exit. */
export async function run(config: NetworkConfig, signal: AbortSignal): Promise<void> {
  const log = createLogger('network', config.v);
  const options: NetworkOptions = {
    nodeName: config['hostname-override'] || hostname().toLowerCase(),
    clusterCIDRs: config['cluster-cidr'].split(',').map((c) => c.trim()),
    cniFile: join(config['cni-conf-dir'], config['cni-conf-name']),
    cniDataDir: config['cni-data-dir'],
    bridge: config.bridge,
    mtu: config.mtu,
    masquerade: config['ip-masq'],
    run: runCommand(),
    log,
  };
  const bad = options.clusterCIDRs.find((c) => !/^[\da-fA-F.:]+\/\d{1,3}$/.test(c) || !isIP(c.split('/', 1)[0]!));
  if (bad !== undefined) throw new UsageError(`--cluster-cidr: "${bad}" is no address range such as 10.244.0.0/16.`);
  await expectTools(options);
  if (config.cleanup) return removeNetwork(options);
  const clients = await connect(config, signal);
  const informers = createInformerFactory({ client: clients[0]!, clock, random: Math.random, log });
  const informer = informers.informer(nodes);
  const beat = heartbeat(config['sync-period'], signal);
  informer.addHandler({
    added: beat.ask,
    deleted: beat.ask,
    updated: (node, old) => whatCounts(node) !== whatCounts(old) && beat.ask(),
  });
  await informers.start(signal);
  let waiting = false;
  while (!signal.aborted) {
    try {
      const done = await syncNetwork(options, informer.list());
      if (!done && !waiting) log.info({ node: options.nodeName }, "waiting for the Node's podCIDR");
      waiting = !done;
    } catch (error) {
      log.error({ error: (error as Error).message }, 'the network is not as it should be; trying again');
      await pause(1000 + Math.random() * 1000, signal);
      continue;
    }
    await beat.next();
  }
  if (config['cleanup-on-exit']) await removeNetwork(options);
  for (const client of clients) client.close();
}

/** The client to work with first; with --service-account, behind it the one that asks for its tokens. */
async function connect(config: NetworkConfig, signal: AbortSignal): Promise<Client[]> {
  const server = await configFromFlag(config.kubeconfig);
  const options = { component: 'mini-k8s-network', signal };
  const own = createClient(server, options);
  const name = config['service-account'];
  return name ? [serviceAccountClient(own, server, name, { ...options, clock }), own] : [own];
}

async function expectTools(o: NetworkOptions): Promise<void> {
  try {
    await o.run('ip', ['-4', 'route', 'show', 'proto', '143']);
    await o.run('iptables-save', ['-t', 'nat']);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UsageError(
      `the node network needs iproute2, iptables and CAP_NET_ADMIN (${error.message}); install them, or run as root.`,
    );
  }
}

/** Status changes every few seconds; only addresses and ranges matter here. */
const whatCounts = (node: Node): string =>
  JSON.stringify([podCIDRsOf(node), node.status?.addresses, node.metadata.deletionTimestamp]);

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });

/** `next` resolves after the period, or shortly after somebody has asked: many Nodes that come together are one pass. */
function heartbeat(period: number, signal: AbortSignal): { ask(): void; next(): Promise<void> } {
  let asked = new AbortController();
  return {
    ask: () => asked.abort(),
    async next() {
      await pause(period, AbortSignal.any([signal, asked.signal]));
      await pause(200, signal);
      asked = new AbortController();
    },
  };
}

runMain(import.meta, {
  name: 'mini-k8s-network',
  usage: 'The pod network of one node: CNI configuration, routes to the other nodes, masquerading.',
  flags,
  run,
});
