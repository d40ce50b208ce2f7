// The fleet: many simulated nodes in one process, which talks to the API server and to nothing else.
// Reads: flags, a kubeconfig. Writes: Nodes, their Leases, the status of pods, and their removal.
// Mirrors: KWOK (sigs.k8s.io/kwok) and kubemark's hollow nodes. Next: nodes.ts, leases.ts, pods.ts.
import { realClock } from '../apimachinery/clock.ts';
import type { ControllerContext } from '../client/controller.ts';
import { createInformerFactory } from '../client/informerFactory.ts';
import { configFromFlag } from '../client/kubeconfig.ts';
import { runControllers } from '../client/runner.ts';
import { createClient } from '../client/transport.ts';
import { createLogger, type Logger } from '../component-base/logger.ts';
import { runMain } from '../component-base/main.ts';
import { type FleetFlags, fleetFlags } from './flags.ts';
import { leasesController } from './leases.ts';
import { nodesController } from './nodes.ts';
import { podsController } from './pods.ts';
import { settingsOf } from './settings.ts';

export const usage =
  'Simulated nodes, many in one process: they register, renew their Leases, and take pods through Running to their end by API requests alone.';

const component = 'mini-k8s-fleet';

export interface FleetOptions {
  log?: Logger;
  /** Called once, when all nodes are registered. */
  registered?(): void;
}

/** Runs until the signal aborts; an API server that is away is waited for. Throws UsageError. */
export async function run(flags: FleetFlags, signal: AbortSignal, o: FleetOptions = {}): Promise<void> {
  const settings = settingsOf(flags);
  const log = o.log ?? createLogger(component, flags.v);
  const clock = realClock;
  const random = Math.random;
  const client = createClient(await configFromFlag(flags.kubeconfig), { component, clock, signal });
  const informers = createInformerFactory({ client, clock, random, log });
  // What a fleet does it does ten thousand times: it writes no Events.
  const events = { event() {}, flush: async () => {} };
  const context: ControllerContext = { client, informers, events, clock, random, log };
  const leases = leasesController(settings);
  let left = settings.names.length;
  const nodes = nodesController(settings, (node) => {
    leases.begin(node);
    if (--left > 0) return;
    log.info({ nodes: settings.names.length }, 'all nodes are registered');
    o.registered?.();
  });
  try {
    await runControllers([nodes, leases, podsController(settings)], { contextFor: () => context, signal });
  } finally {
    client.close();
  }
}

runMain(import.meta, { name: component, usage, flags: fleetFlags, run });
