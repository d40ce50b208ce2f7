// kube-proxy: watches Services and EndpointSlices and keeps each node's rules as they should be.
// Reads: the API server. Writes: iptables (or nothing, with --proxy-mode=none). Mirrors: cmd/kube-proxy/app/server.go.
// Next along the chain: proxier.ts, once for each node that this process serves.
import { hostname } from 'node:os';
import { realClock as clock } from '../apimachinery/clock.ts';
import { endpointSlices, nodes, services } from '../apimachinery/resources.ts';
import type { Client } from '../client/client.ts';
import { createEventRecorder } from '../client/eventRecorder.ts';
import type { InformerFactory, InformerOptions } from '../client/informer.ts';
import { createInformerFactory } from '../client/informerFactory.ts';
import { configFromFlag } from '../client/kubeconfig.ts';
import { createSpanReporter } from '../client/spanReporter.ts';
import { createClient } from '../client/transport.ts';
import { runCommand } from '../component-base/command.ts';
import { type Config, UsageError } from '../component-base/flags.ts';
import { createLogger, type Logger } from '../component-base/logger.ts';
import { runMain } from '../component-base/main.ts';
import { createMetrics, type Metrics } from '../component-base/metrics.ts';
import { type DataPlane, nonePlane } from './dataPlane.ts';
import { flags } from './flags.ts';
import { healthRoutes, isHealthy, metricsRoutes, type ProxyHealth, type Routes, serveRoutes } from './healthz.ts';
import { type Family, isCidr } from './ports.ts';
import { type Proxier, prepareProxier, serviceOptions, sliceOptions } from './proxier.ts';
import { cleanup, iptablesPlanes, realNode } from './realNode.ts';
import { logSync, type SyncReport, spanSync } from './reportSync.ts';
import { type RuleOptions, readState, type ServiceState } from './rules.ts';
import { syncMetrics } from './syncMetrics.ts';

type ProxyConfig = Config<typeof flags>;
const nonePlanes = (): ReadonlyMap<Family, DataPlane> =>
  new Map([
    ['IPv4', nonePlane()],
    ['IPv6', nonePlane()],
  ]);

/** Serves until the signal aborts. The rules stay in force then, as upstream's do: Services outlive the proxy's restart. */
export async function run(config: ProxyConfig, signal: AbortSignal): Promise<void> {
  if (config.cleanup) return cleanup(runCommand());
  const log = createLogger('kube-proxy', config.v);
  const names = config['hostname-override'].length ? config['hostname-override'] : [hostname().toLowerCase()];
  const real = config['proxy-mode'] === 'iptables';
  if (real && names.length > 1) {
    throw new UsageError('--hostname-override may name several nodes only with --proxy-mode=none.');
  }
  const rules = ruleOptions(config);
  const client = createClient(await configFromFlag(config.kubeconfig), { component: 'kube-proxy', signal });
  const informers = createInformerFactory({ client, clock, random: Math.random, log });
  const nodeOptions = names.length === 1 ? { fieldSelector: `metadata.name=${names[0]}` } : {};
  const proxiers: Proxier[] = [];
  const health = () => processHealth(proxiers, informers, nodeOptions, names);
  const metrics = createMetrics();

  await serveHealth(config, health, metrics, signal);
  const planes = real ? await iptablesPlanes(runCommand()) : undefined;
  const healthy = () => isHealthy(health(), config['iptables-sync-period'], clock.now());
  const node = real ? await realNode(runCommand(), log, { ...rules, healthy }) : undefined;
  const listeners = [logSync(log), syncMetrics(metrics), spanSync(createSpanReporter(client, clock))];
  const common = {
    nodeOptions,
    informers,
    stateOf: stateCache(informers),
    rules,
    minSyncPeriod: config['iptables-min-sync-period'],
    syncPeriod: config['iptables-sync-period'],
    clock,
    random: Math.random,
    report: (r: SyncReport) => {
      for (const listener of listeners) listener(r);
    },
    synced: node?.synced,
    signal,
  };
  const prepared = names.map((nodeName) => prepareProxier({ ...common, nodeName, planes: planes ?? nonePlanes() }));
  await informers.start(signal);
  if (!signal.aborted) {
    sayStarted(client, names, log, signal);
    for (const p of prepared) proxiers.push(p.begin());
    await Promise.all(proxiers.map((p) => p.done));
  }
  node?.close();
  client.close();
}

async function serveHealth(
  config: ProxyConfig,
  health: () => ProxyHealth,
  metrics: Metrics,
  signal: AbortSignal,
): Promise<void> {
  const serve = (flag: 'healthz-bind-address' | 'metrics-bind-address', routes: Routes) =>
    serveRoutes(flag, config[flag], routes, signal);
  await serve('healthz-bind-address', healthRoutes(health, config['iptables-sync-period'], clock.now));
  await serve('metrics-bind-address', metricsRoutes(metrics, config['proxy-mode']));
}

function sayStarted(client: Client, names: readonly string[], log: Logger, signal: AbortSignal): void {
  const events = createEventRecorder({ client, clock, random: Math.random, log, component: 'kube-proxy', signal });
  for (const name of names) events.event({ kind: 'Node', name, uid: name }, 'Normal', 'Starting', '');
}

/** What the flags say about rules. Throws UsageError on what iptables would refuse at every sync. */
function ruleOptions(config: ProxyConfig): Omit<RuleOptions, 'node' | 'nodeIPs'> {
  const clusterCidrs = config['cluster-cidr'].split(',').filter(Boolean);
  const addresses = config['nodeport-addresses'];
  const wrong = (flag: string, cidrs: string[]) => {
    const bad = cidrs.find((c) => !isCidr(c));
    if (bad) throw new UsageError(`--${flag}: "${bad}" is no address range such as 10.244.0.0/16.`);
  };
  wrong('cluster-cidr', clusterCidrs);
  wrong(
    'nodeport-addresses',
    addresses.filter((a) => a !== 'primary'),
  );
  const bit = config['iptables-masquerade-bit'];
  if (bit < 0 || bit > 31) throw new UsageError('--iptables-masquerade-bit must be from 0 to 31.');
  return {
    clusterCidr: clusterCidrs.join(','),
    masqueradeAll: config['masquerade-all'],
    masqueradeBit: bit,
    localhostNodePorts: config['iptables-localhost-nodeports'],
    nodePortAddresses: addresses,
  };
}

/** The Services and EndpointSlices of a family, read anew only after one of them has changed: all nodes share it. */
function stateCache(informers: InformerFactory): (family: Family) => ServiceState {
  const read = new Map<Family, ServiceState>();
  const forget = () => read.clear();
  const handler = { added: forget, updated: forget, deleted: forget };
  const serviceInformer = informers.informer(services, serviceOptions);
  const sliceInformer = informers.informer(endpointSlices, sliceOptions);
  serviceInformer.addHandler(handler);
  sliceInformer.addHandler(handler);
  return (family) => {
    const state = read.get(family) ?? readState(serviceInformer.list(), sliceInformer.list(), family);
    read.set(family, state);
    return state;
  };
}

/** The worst of all nodes; a node that the autoscaler is about to take, or that is being deleted, is no longer eligible. */
function processHealth(
  proxiers: readonly Proxier[],
  informers: InformerFactory,
  nodeOptions: InformerOptions,
  names: readonly string[],
): ProxyHealth {
  const all = proxiers.map((p) => p.health());
  const waiting = all.map((h) => h.pendingSince).filter(Boolean);
  const nodeInformer = informers.informer(nodes, nodeOptions);
  const leaves = (name: string) => {
    const node = nodeInformer.get(name);
    return (
      node?.metadata.deletionTimestamp !== undefined ||
      node?.spec?.taints?.some((t) => t.key === 'ToBeDeletedByClusterAutoscaler') === true
    );
  };
  return {
    lastUpdated: all.length ? Math.min(...all.map((h) => h.lastUpdated)) : 0,
    pendingSince: waiting.length ? Math.min(...waiting) : 0,
    eligible: !names.every(leaves),
  };
}

runMain(import.meta, {
  name: 'kube-proxy',
  usage: 'The Kubernetes network proxy: makes Service addresses lead to the pods behind them, on each node.',
  flags,
  run,
});
