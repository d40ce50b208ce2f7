// What a controller manager is, whichever controllers it has: waits for the lead, then runs them all until told to stop.
// Reads: a kubeconfig, the API server. Writes: what its controllers write, its Lease, and a health server's answers.
// Mirrors: cmd/kube-controller-manager/app/controllermanager.go. Used by: main.ts and cloud/main.ts. Next: the controllers.
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
import { createMetrics, exponential, type Metrics } from '../component-base/metrics.ts';
import { writePortFile } from '../component-base/portFile.ts';
import type { CommonConfig } from './commonFlags.ts';
import { queueName } from './queueNames.ts';

export interface Manager {
  /** `kube-controller-manager`: in logs, Events and requests. */
  component: string;
  controllers: readonly Controller[];
  config: CommonConfig;
  /** What /configz shows. */
  configz?(): object;
}

type Check = () => void;

interface Running extends Manager {
  server: ClientConfig;
  log: Logger;
  metrics: Metrics;
  checks: Record<string, Check>;
}

/** Runs until the signal aborts; rejects when the lead is lost, so that the process ends and starts afresh. */
export async function runManager(manager: Manager, signal: AbortSignal): Promise<void> {
  const { config, component } = manager;
  const server = await configFromFlag(config.kubeconfig);
  const r: Running = {
    ...manager,
    server,
    log: createLogger(component, config.v),
    metrics: createMetrics(),
    checks: {},
  };
  await serveHealth(r, signal);
  const lead = (leading: AbortSignal) => runAll(r, leading);
  return config['leader-elect'] ? elect(r, lead, signal) : lead(signal);
}

/** A renewal this much later than it should be means that the process hangs. */
const renewalTolerance = 20_000;

async function elect(r: Running, lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
  const { config, component, log, metrics } = r;
  const clock = realClock;
  const client = createClient(r.server, { component });
  const events = createEventRecorder({ client, clock, random: Math.random, log, component, signal });
  const name = config['leader-elect-resource-name'];
  const master = metrics.gauge(
    'leader_election_master_status',
    'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
    ['name'],
  );
  let renewed: number | undefined;
  r.checks['leaderElection'] = () => {
    const late =
      renewed !== undefined && clock.now() > renewed + config['leader-elect-lease-duration'] + renewalTolerance;
    if (late) throw new Error(`failed election to renew leadership on lease ${name}`);
  };
  const onChange = (leading: boolean) => {
    master.set({ name }, leading ? 1 : 0);
    if (!leading) renewed = undefined;
  };
  const onRenew = () => {
    renewed = clock.now();
  };
  onChange(false);
  const deps = { client, clock, random: Math.random, log, events, onChange, onRenew };
  const outcome = await runLeaderElection(deps, electionOf(config), lead, signal);
  if (outcome === 'lost') throw new Error('leaderelection lost');
  client.close();
}

const electionOf = (c: CommonConfig): ElectionConfig => ({
  namespace: c['leader-elect-resource-namespace'],
  name: c['leader-elect-resource-name'],
  identity: newIdentity(),
  leaseDuration: c['leader-elect-lease-duration'],
  renewDeadline: c['leader-elect-renew-deadline'],
  retryPeriod: c['leader-elect-retry-period'],
});

async function serveHealth({ config, metrics, checks, configz }: Running, signal: AbortSignal): Promise<void> {
  const read = (path: string) => (path ? readFile(path, 'utf8') : undefined);
  const { port } = await startHealthServer({
    host: config['bind-address'],
    port: config['secure-port'],
    cert: await read(config['tls-cert-file']),
    key: await read(config['tls-private-key-file']),
    metrics,
    checks,
    pages: configz ? { '/configz': configz } : {},
    signal,
  });
  writePortFile(config['port-file'], port);
}

/** `signal` ends with the lead: no request of a controller is sent or awaited after it. */
async function runAll(r: Running, signal: AbortSignal): Promise<void> {
  const { component, controllers, config, server, log, metrics, checks } = r;
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
  const running = metrics.gauge(
    'running_managed_controllers',
    'Indicates where instances of a controller are currently running',
    ['name', 'manager'],
  );
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
    checks[controller.name] = () => {};
    running.set({ name: controller.name, manager: component }, 1);
    const about = log.child({ controller: controller.name });
    return { client, informers, events, clock, random: Math.random, log: about, metrics };
  };
  try {
    await runControllers(controllers, { contextFor, signal, metrics, queueName });
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
