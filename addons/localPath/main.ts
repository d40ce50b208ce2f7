// The local-path provisioner of one machine: connects, tidies up what an earlier run may have left, and works until told to stop.
// Reads: a kubeconfig. Writes: below --base-path, and what localPath.ts does. Its rights and its StorageClass: manifests/localPath.yaml.
// Mirrors: rancher/local-path-provisioner main.go. Next along the chain: localPath.ts.
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { realClock as clock } from '../../apimachinery/clock.ts';
import { createEventRecorder } from '../../client/eventRecorder.ts';
import { createInformerFactory } from '../../client/informerFactory.ts';
import { configFromFlag } from '../../client/kubeconfig.ts';
import { runControllers } from '../../client/runner.ts';
import { serviceAccountClient } from '../../client/serviceAccountClient.ts';
import { createClient } from '../../client/transport.ts';
import { type Config, UsageError } from '../../component-base/flags.ts';
import { startHealthServer } from '../../component-base/healthServer.ts';
import { createLogger } from '../../component-base/logger.ts';
import { runMain } from '../../component-base/main.ts';
import { createMetrics } from '../../component-base/metrics.ts';
import { flags } from './flags.ts';
import { localPathProvisioner, removeEmpty } from './localPath.ts';
import type { Place } from './plan.ts';

export type LocalPathConfig = Config<typeof flags>;

/** Runs until the signal aborts; volumes stay. */
export async function run(config: LocalPathConfig, signal: AbortSignal): Promise<void> {
  const log = createLogger('local-path', config.v);
  const place = placeOf(config);
  await makeFolder(place.basePath);
  const server = await configFromFlag(config.kubeconfig);
  const options = { component: 'mini-k8s-local-path', signal };
  const own = createClient(server, options);
  const account = config['service-account'];
  const client = account ? serviceAccountClient(own, server, account, { ...options, clock }) : own;
  const informers = createInformerFactory({ client, clock, random: Math.random, log });
  const component = `${place.provisioner}_${hostname().toLowerCase()}`;
  const events = createEventRecorder({ client, clock, random: Math.random, log, component, signal });
  const context = { client, informers, events, clock, random: Math.random, log };
  const metrics = createMetrics();
  const controller = localPathProvisioner(place);
  for (const { resource } of controller.watches) informers.informer(resource);
  await informers.start(signal);
  if (signal.aborted) return;
  await removeEmpty(place, context);
  const port = config['healthz-port'];
  if (port) await startHealthServer({ host: config['healthz-bind-address'], port, metrics, signal });
  await runControllers([controller], { contextFor: () => context, signal, metrics });
  client.close();
  own.close();
}

function placeOf(config: LocalPathConfig): Place {
  const names = config['hostname-override'].length ? config['hostname-override'] : [hostname().toLowerCase()];
  const every = names.includes('*');
  const known = new Set(names);
  return {
    provisioner: config.provisioner,
    basePath: resolve(config['base-path']),
    hosts: (node) => every || known.has(node),
  };
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot write to ${path} (${error.code}); choose another folder with --base-path.`);
  });
}

runMain(import.meta, {
  name: 'mini-k8s-local-path',
  usage: 'Makes folders of this machine into volumes for claims of its nodes.',
  flags,
  run,
});
