// What happens once a server listens: the cluster's own objects are made, in this order, and then kept.
// Reads: flags. Writes: through the same object operations that requests get. Mirrors: pkg/controlplane/instance.go (post-start hooks).
// Next: each step's file; /readyz names those that have run once, and turns green with the last.
import { readFileSync } from 'node:fs';
import type { Api } from '../api.ts';
import { advertisedAddress } from './advertisedAddress.ts';
import { clusterAuthentication } from './clusterAuthentication.ts';
import { defaultServiceCIDR } from './defaultServiceCIDR.ts';
import { danglingSchemas, flowControl } from './flowControl.ts';
import { identityLease, identityLeaseCleanup } from './identityLease.ts';
import { kubernetesEndpoints } from './kubernetesEndpoints.ts';
import { kubernetesService } from './kubernetesService.ts';
import { legacyTokenTracking } from './legacyTokenTracking.ts';
import { nodePortRange } from './nodePortRange.ts';
import { checkPortRange, checkServiceRanges } from './ranges.ts';
import { rbacPolicy } from './rbacPolicyStep.ts';
import { repairServiceIPs } from './repairServiceIPs.ts';
import type { Step, StepEnv } from './step.ts';
import { systemNamespaces } from './systemNamespaces.ts';
import { systemPriorityClasses } from './systemPriorityClasses.ts';

/** Each needs what those before it made. */
export const steps = (): Step[] => [
  systemNamespaces,
  defaultServiceCIDR,
  nodePortRange(),
  kubernetesService,
  kubernetesEndpoints,
  rbacPolicy,
  flowControl,
  danglingSchemas(),
  systemPriorityClasses,
  clusterAuthentication,
  identityLease(),
  identityLeaseCleanup,
  legacyTokenTracking,
  repairServiceIPs,
];

/** What /readyz tells of the steps: names of hooks, each with the steps that it waits for. */
export function hooksOf(list: readonly Step[]): Map<string, string[]> {
  const hooks = new Map<string, string[]>();
  for (const { name, hook = 'bootstrap-controller' } of list) hooks.set(hook, [...(hooks.get(hook) ?? []), name]);
  return hooks;
}

export interface BootstrapOptions {
  config: {
    'bind-address': string;
    'advertise-address': string;
    'service-cluster-ip-range': readonly string[];
    'service-node-port-range': string;
    'client-ca-file': string;
    'requestheader-client-ca-file': string;
    'requestheader-allowed-names': readonly string[];
    'requestheader-username-headers': readonly string[];
    'requestheader-uid-headers': readonly string[];
    'requestheader-group-headers': readonly string[];
    'requestheader-extra-headers-prefix': readonly string[];
  };
  port: number;
  steps: readonly Step[];
  /** A step has done what it should for the first time. */
  onStep(name: string): void;
}

/** Starts in the background; throws UsageError when a flag cannot be used. `stop` waits for the step that runs and takes this server out of the Service `kubernetes`. */
export function startBootstrap(api: Api, options: BootstrapOptions): { stop(): Promise<void> } {
  const { config } = options;
  const file = (path: string) => (path ? readFileSync(path, 'utf8') : '');
  const env: StepEnv = {
    cluster: api.cluster,
    store: api.store,
    keyPrefix: api.keyPrefix,
    clock: api.clock,
    log: api.log,
    port: options.port,
    address: advertisedAddress(config['advertise-address'], config['bind-address']),
    serviceCIDRs: checkServiceRanges(config['service-cluster-ip-range']),
    nodePortRange: checkPortRange(config['service-node-port-range']),
    // As they are now: they may be exchanged.
    get clientCA() {
      return file(config['client-ca-file']);
    },
    get requestHeaderCA() {
      return file(config['requestheader-client-ca-file']);
    },
    requestHeaders: {
      allowedNames: config['requestheader-allowed-names'],
      username: config['requestheader-username-headers'],
      uid: config['requestheader-uid-headers'],
      group: config['requestheader-group-headers'],
      extraPrefix: config['requestheader-extra-headers-prefix'],
    },
  };
  return runSteps(options.steps, env, options.onStep, api.random);
}

const firstRetry = 100;
const lastRetry = 5000;
const stopLimit = 3000;

/** Runs each step until it succeeds, then the next; afterwards the repeated ones each by their own clock. */
export function runSteps(
  list: readonly Step[],
  env: StepEnv,
  onStep: (name: string) => void,
  random: () => number = Math.random,
): { stop(): Promise<void> } {
  const timers = new Set<() => void>();
  const running = new Set<Promise<unknown>>();
  let stopped = false;

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        timers.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = env.clock.setTimeout(wake, ms);
      timers.add(wake);
    });

  /** True when the step did what it should. */
  const attempt = async (step: Step): Promise<boolean> => {
    const run = step.run(env).then(
      () => true,
      (error: Error) => {
        if (!stopped)
          env.log.warn({ step: step.name, error: error.message }, 'bootstrap step failed, will be run again');
        return false;
      },
    );
    running.add(run);
    const done = await run;
    running.delete(run);
    return done;
  };

  const untilDone = async (step: Step) => {
    for (let delay = firstRetry; !stopped && !(await attempt(step)); delay = Math.min(delay * 2, lastRetry)) {
      await pause(delay * (0.5 + random()));
    }
  };

  const repeat = async (step: Step) => {
    while (!stopped) {
      await pause(step.every! * (0.9 + random() * 0.2));
      if (!stopped) await attempt(step);
    }
  };

  const all = async () => {
    for (const step of list) {
      await untilDone(step);
      if (!stopped) onStep(step.name);
    }
    if (stopped) return;
    for (const step of list) if (step.every) void repeat(step);
  };
  void all();

  return {
    async stop() {
      stopped = true;
      for (const wake of [...timers]) wake();
      const orderly = async () => {
        await Promise.all(running);
        for (const step of list) await step.stop?.(env);
      };
      const limit = new Promise((resolve) => setTimeout(resolve, stopLimit).unref());
      await Promise.race([
        orderly().catch((error: Error) => env.log.warn({ error: error.message }, 'not stopped in order')),
        limit,
      ]);
    },
  };
}
