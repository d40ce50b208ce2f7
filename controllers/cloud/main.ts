// The cloud-controller-manager: the controllers of a cloud in a process of their own, beside a kube-controller-manager that
// was started with --cloud-provider=external.
// Mirrors: cmd/cloud-controller-manager. Next along the chain: ../manager.ts runs them; cloudControllers.ts is the list.
import { type Config, type Flags, UsageError } from '../../component-base/flags.ts';
import { runMain } from '../../component-base/main.ts';
import { acceptedByAll } from '../acceptedFlags.ts';
import { commonFlags } from '../commonFlags.ts';
import { isEnabled } from '../isEnabled.ts';
import { runManager } from '../manager.ts';
import { checkNames, controllersHelp } from '../names.ts';
import { cloudControllers, cloudNames } from './cloudControllers.ts';
import { cloudFlags } from './flags.ts';

const component = 'cloud-controller-manager';

export const flags = {
  ...acceptedByAll,
  ...commonFlags(component, 10258),
  ...cloudFlags,
  controllers: { type: 'list', default: ['*'], help: controllersHelp(cloudNames) },
  'node-monitor-period': { type: 'duration', default: 5_000, help: 'Time between looks at all Nodes.' },
  'allocate-node-cidrs': { type: 'bool', default: false, help: 'Nodes have ranges of pod IPs that need routes.' },
  'cluster-cidr': { type: 'string', default: '', help: 'The range of all pod IPs.' },
  'cluster-name': { type: 'string', default: 'kubernetes', help: 'Taken for compatibility: one cluster, one cloud.' },
} as const satisfies Flags;

/** Runs until the signal aborts; rejects when the lead is lost. Throws UsageError without a provider. */
export async function run(config: Config<typeof flags>, signal: AbortSignal): Promise<void> {
  checkNames(config.controllers, cloudNames);
  const controllers = cloudControllers(config).filter((c) => isEnabled(c.name, config.controllers));
  if (!controllers.length) throw new UsageError('no cloud provider specified; give --cloud-provider=mini-k8s.');
  return runManager({ component, controllers, config }, signal);
}

runMain(import.meta, { name: component, usage: 'Runs the controllers that ask a cloud.', flags, run });
