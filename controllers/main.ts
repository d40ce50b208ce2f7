// The controller manager: waits for the lead, then runs every controller of controllers.ts until told to stop.
// Reads: a kubeconfig, the API server. Writes: what its controllers write, its Lease, and a health server's answers.
// Mirrors: cmd/kube-controller-manager/app/controllermanager.go. Next along the chain: controllers.ts, then deployment/deployment.ts.
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { realClock } from '../apimachinery/clock.ts';
import type { Client } from '../client/client.ts';
import type { Controller } from '../client/controller.ts';
import { createEventRecorder } from '../client/eventRecorder.ts';
import { createInformerFactory } from '../client/informerFactory.ts';
import { type ClientConfig, configFromFlag } from '../client/kubeconfig.ts';
import { type ElectionConfig, newIdentity, runLeaderElection } from '../client/leaderElection.ts';
import { runControllers } from '../client/runner.ts';
import { serviceAccountClient } from '../client/serviceAccountClient.ts';
import { type ClientOptions, createClient } from '../client/transport.ts';
import { startHealthServer } from '../component-base/healthServer.ts';
import { createLogger, type Logger } from '../component-base/logger.ts';
import { runMain } from '../component-base/main.ts';
import { createMetrics, exponential, type Metrics } from '../component-base/metrics.ts';
import { enabledControllers } from './controllers.ts';
import { flags, type ManagerConfig } from './flags.ts';

const component = 'kube-controller-manager';

/** Runs until the signal aborts; rejects when the lead is lost, so that the process ends and starts afresh. */
export async function run(config: ManagerConfig, signal: AbortSignal): Promise<void> {
  const log = createLogger(component, config.v);
  const clock = realClock;
  const metrics = createMetrics();
  const server = await configFromFlag(config.kubeconfig);
  const controllers = enabledControllers(config);
  await serveHealth(config, metrics, signal);
  const lead = (leading: AbortSignal) => runAll(controllers, config, server, { log, metrics, signal: leading });
  if (!config['leader-elect']) return lead(signal);
  const client = createClient(server, { component });
  const events = createEventRecorder({ client, clock, random: Math.random, log, component, signal });
  const master = metrics.gauge(
    'leader_election_master_status',
    'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    ['name'],
  );
  const onChange = (leading: boolean) => master.set({ name: config['leader-elect-resource-name'] }, leading ? 1 : 0);
  onChange(false);
  const outcome = await runLeaderElection(
    { client, clock, random: Math.random, log, events, onChange },
    electionOf(config),
    lead,
    signal,
  );
  if (outcome === 'lost') throw new Error('leaderelection lost');
  client.close();
}

const electionOf = (c: ManagerConfig): ElectionConfig => ({
  namespace: c['leader-elect-resource-namespace'],
  name: c['leader-elect-resource-name'],
  identity: newIdentity(),
  leaseDuration: c['leader-elect-lease-duration'],
  renewDeadline: c['leader-elect-renew-deadline'],
  retryPeriod: c['leader-elect-retry-period'],
});

async function serveHealth(config: ManagerConfig, metrics: Metrics, signal: AbortSignal): Promise<void> {
  const read = (path: string) => (path ? readFile(path, 'utf8') : undefined);
  const { port } = await startHealthServer({
    host: config['bind-address'],
    port: config['secure-port'],
    cert: await read(config['tls-cert-file']),
    key: await read(config['tls-private-key-file']),
    metrics,
    signal,
  });
  if (config['port-file']) writeFileSync(config['port-file'], String(port));
}

interface Leading {
  log: Logger;
  metrics: Metrics;
  /** Ends with the lead: no request of a controller is sent or awaited after it. */
  signal: AbortSignal;
}

async function runAll(
  controllers: Controller[],
  config: ManagerConfig,
  server: ClientConfig,
  { log, metrics, signal }: Leading,
): Promise<void> {
  const clock = realClock;
  const options: ClientOptions & { clock: typeof clock } = {
    component,
    clock,
    signal,
    observe: observeRequests(metrics, server),
  };
  const root = createClient(server, options);
  const informers = createInformerFactory({ client: root, clock, random: Math.random, log });
  const clients: Client[] = [root];
  const contextFor = (controller: Controller) => {
    const account = controller.serviceAccount ?? controller.name;
    const own = account !== '' && config['use-service-account-credentials'];
    const client = own ? serviceAccountClient(root, server, account, options) : root;
    if (client !== root) clients.push(client);
    const events = createEventRecorder({
      client,
      clock,
      random: Math.random,
      log,
      component: controller.eventSource ?? controller.name,
      signal,
    });
    return { client, informers, events, clock, random: Math.random, log: log.child({ controller: controller.name }) };
  };
  try {
    await runControllers(controllers, { contextFor, signal, metrics });
  } finally {
    for (const client of clients) client.close();
  }
}

function observeRequests(metrics: Metrics, server: ClientConfig): ClientOptions['observe'] {
  const host = new URL(server.server).host;
  const total = metrics.counter(
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'host', 'method'],
  );
  const seconds = metrics.histogram(
    'rest_client_request_duration_seconds',
    'Request latency in seconds. Broken down by verb, and host.',
    ['verb', 'host'],
    exponential(0.005, 2, 12),
  );
  return (method, code, ms) => {
    total.inc({ code: code ? String(code) : '<error>', host, method });
    seconds.observe({ verb: method, host }, ms / 1000);
  };
}

runMain(import.meta, {
  name: component,
  usage: 'Runs the controllers that bring the cluster from what it is to what its objects ask for.',
  flags,
  run,
});
