// The Lease by which schedulers agree on one: from flags and configuration file, the flags given first.
// Mirrors: ApplyLeaderElectionTo in cmd/kube-scheduler/app/options/options.go. Used by: main.ts.
import { type ElectionConfig, newIdentity } from '../client/leaderElection.ts';
import type { ConfigFile } from './configFile.ts';
import { flags, type SchedulerFlags } from './flags.ts';

/** undefined: without election. */
export function electionOf(config: SchedulerFlags, file: ConfigFile['leaderElection']): ElectionConfig | undefined {
  /** A flag that differs from its default was meant; the file comes next. */
  const pick = <K extends keyof typeof flags>(name: K, inFile: SchedulerFlags[K] | undefined): SchedulerFlags[K] =>
    config[name] !== flags[name].default ? config[name] : (inFile ?? config[name]);
  if (!pick('leader-elect', file.leaderElect)) return undefined;
  return {
    namespace: pick('leader-elect-resource-namespace', file.resourceNamespace),
    name: pick('leader-elect-resource-name', file.resourceName),
    identity: newIdentity(),
    leaseDuration: pick('leader-elect-lease-duration', file.leaseDuration),
    renewDeadline: pick('leader-elect-renew-deadline', file.renewDeadline),
    retryPeriod: pick('leader-elect-retry-period', file.retryPeriod),
  };
}
