// The kube-controller-manager: every controller of controllers.ts that its flags ask for.
// Reads: a kubeconfig, the API server. Writes: what its controllers write, its Lease, and a health server's answers.
// Mirrors: cmd/kube-controller-manager. Next along the chain: manager.ts runs them; controllers.ts, then deployment/deployment.ts.
import { configFromFlag } from '../client/kubeconfig.ts';
import { runMain } from '../component-base/main.ts';
import { configz } from './configz.ts';
import { enabledControllers } from './controllers.ts';
import { flags, type ManagerConfig } from './flags.ts';
import { runManager } from './manager.ts';

const component = 'kube-controller-manager';

/** Runs until the signal aborts; rejects when the lead is lost, so that the process ends and starts afresh. */
export async function run(config: ManagerConfig, signal: AbortSignal): Promise<void> {
  const { ca } = await configFromFlag(config.kubeconfig);
  const controllers = enabledControllers(config, ca);
  await runManager({ component, controllers, config, configz: () => configz(config) }, signal);
}

runMain(import.meta, {
  name: component,
  usage: 'Runs the controllers that bring the cluster from what it is to what its objects ask for.',
  flags,
  run,
});
