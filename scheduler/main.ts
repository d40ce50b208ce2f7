// The scheduler: follows pods and nodes, waits for the lead, then gives each pod without a node one, until told to stop.
// Reads: a kubeconfig, the API server. Writes: Bindings, pod conditions, Events, its Lease, and a health server's answers.
// Mirrors: cmd/kube-scheduler/app/server.go. Next along the chain: assemble.ts, then eventHandlers.ts, queue.ts, scheduler.ts.
import { readFile } from 'node:fs/promises';
import { realClock } from '../apimachinery/clock.ts';
import { createEventRecorder } from '../client/eventRecorder.ts';
import { createInformerFactory } from '../client/informerFactory.ts';
import { type ClientConfig, configFromFlag } from '../client/kubeconfig.ts';
import { runLeaderElection } from '../client/leaderElection.ts';
import { createClient } from '../client/transport.ts';
import { createFeatureGates } from '../component-base/featureGates.ts';
import { type HealthServerOptions, startHealthServer } from '../component-base/healthServer.ts';
import { createLogger, type Logger } from '../component-base/logger.ts';
import { runMain } from '../component-base/main.ts';
import { createMetrics, type Metrics } from '../component-base/metrics.ts';
import { writePortFile } from '../component-base/portFile.ts';
import { assemble } from './assemble.ts';
import { type ConfigFile, loadConfigFile, noFile } from './configFile.ts';
import { debugPages } from './debugPages.ts';
import { electionOf } from './election.ts';
import { flags, type SchedulerFlags } from './flags.ts';
import { runScheduler } from './scheduler.ts';

const component = 'kube-scheduler';

/** Runs until the signal aborts; rejects when the lead is lost, so that the process ends and starts afresh. */
export async function run(config: SchedulerFlags, signal: AbortSignal): Promise<void> {
  const log = createLogger(component, config.v);
  const metrics = createMetrics();
  const file = config.config ? await loadConfigFile(config.config) : noFile;
  const server = await configFromFlag(config.kubeconfig || file.kubeconfig || '');
  const ended = new AbortController();
  const stopping = AbortSignal.any([signal, ended.signal]);
  try {
    await start(config, file, server, { log, metrics, signal: stopping });
  } finally {
    ended.abort();
  }
}

interface Around {
  log: Logger;
  metrics: Metrics;
  signal: AbortSignal;
}

async function start(config: SchedulerFlags, file: ConfigFile, server: ClientConfig, around: Around): Promise<void> {
  const { log, metrics, signal } = around;
  const clock = realClock;
  const random = Math.random;
  /** Ends with the lead: no write is sent or awaited after it. */
  const acting = new AbortController();
  const reader = createClient(server, { component });
  const writer = createClient(server, { component, clock, signal: acting.signal });
  const informers = createInformerFactory({ client: reader, clock, random, log });
  const scheduler = assemble(file.scheduler, {
    client: writer,
    informers,
    clock,
    random,
    log,
    signal: acting.signal,
    metrics,
    maxInUnschedulable: config['pod-max-in-unschedulable-pods-duration'],
    gates: createFeatureGates(config['feature-gates']),
  });
  const pages = debugPages(scheduler.why, reader);
  await serveHealth(config, { metrics, pages, synced: () => scheduler.pods.synced }, signal);
  const lead = async (leading: AbortSignal) => {
    leading.addEventListener('abort', () => acting.abort(), { once: true });
    await informers.start(signal);
    await runScheduler(scheduler, leading);
  };
  try {
    if (!file.delayCacheUntilActive) void informers.start(signal);
    const election = electionOf(config, file.leaderElection);
    if (!election) return await lead(signal);
    const events = createEventRecorder({ client: reader, clock, random, log, component: 'default-scheduler', signal });
    const outcome = await runLeaderElection(
      { client: reader, clock, random, log, events, onChange: leadershipGauge(metrics, election.name) },
      election,
      lead,
      signal,
    );
    if (outcome === 'lost') throw new Error('leaderelection lost');
  } finally {
    acting.abort();
    scheduler.queue.close();
    for (const client of [reader, writer]) client.close();
  }
}

function leadershipGauge(metrics: Metrics, name: string): (leading: boolean) => void {
  const master = metrics.gauge(
    'leader_election_master_status',
    'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    ['name'],
  );
  const set = (leading: boolean) => master.set({ name }, leading ? 1 : 0);
  set(false);
  return set;
}

async function serveHealth(
  config: SchedulerFlags,
  { metrics, pages, synced }: { metrics: Metrics; pages: HealthServerOptions['pages']; synced(): boolean },
  signal: AbortSignal,
): Promise<void> {
  const read = (path: string) => (path ? readFile(path, 'utf8') : undefined);
  const { port } = await startHealthServer({
    host: config['bind-address'],
    port: config['secure-port'],
    cert: await read(config['tls-cert-file']),
    key: await read(config['tls-private-key-file']),
    metrics,
    pages,
    ready: {
      'informer-sync': () => {
        if (!synced()) throw new Error('the pods and nodes are not known yet');
      },
    },
    signal,
  });
  writePortFile(config['port-file'], port);
}

runMain(import.meta, {
  name: component,
  usage: 'Assigns pods to nodes: watches pods without a node, finds the best one that fits, and binds them.',
  flags,
  run,
});
