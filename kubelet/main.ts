// The kubelet as a program: one process for one node, or for many simulated ones, each with its own identity and folders.
// Reads: flags, --nodes-config. Writes: nothing itself.
// Mirrors: cmd/kubelet/app/server.go. Next along the chain: kubelet.ts.
import { realClock } from '../apimachinery/clock.ts';
import type { Logger } from '../component-base/logger.ts';
import { createLogger } from '../component-base/logger.ts';
import { runMain } from '../component-base/main.ts';
import { type KubeletFlags, kubeletFlags, nodeConfigs } from './config.ts';
import type { ReportSpan } from './context.ts';
import { runKubelet } from './kubelet.ts';
import { readMachine } from './node/machine.ts';

export interface RunOptions {
  log?: Logger;
  /** Called for each CRI call that matters; absent: they are told to the API server's journal. */
  reportSpan?: ReportSpan;
  started?(info: { nodeName: string; port: number }): void;
}

/** Runs all nodes of the config until the signal aborts. One that cannot begin ends all, with its reason. */
export async function run(flags: KubeletFlags, signal: AbortSignal, o: RunOptions = {}): Promise<void> {
  const configs = nodeConfigs(flags);
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const log = o.log ?? createLogger('kubelet', flags.v);
  const machine = await readMachine(configs[0]!.rootDir);
  const deps = {
    clock: realClock,
    random: Math.random,
    log,
    machine,
    reportSpan: o.reportSpan,
    started: o.started,
  };
  const nodes = configs.map(async (config) => {
    try {
      await runKubelet(config, deps, until);
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  const results = await Promise.allSettled(nodes);
  const first = results.find((r) => r.status === 'rejected');
  if (first) throw first.reason;
}

runMain(import.meta, {
  name: 'kubelet',
  usage: 'kubelet: runs the pods that are bound to its node, in containers, through a CRI runtime.',
  flags: kubeletFlags,
  run,
});
