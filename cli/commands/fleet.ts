// `mini-k8s fleet`: simulated nodes for a cluster that is there, in the foreground until it is told to stop.
// Reads flags and finds the cluster as the other commands do. Next: ../../fleet/main.ts.
import { fleetFlags } from '../../fleet/flags.ts';
import { run as runFleet, usage } from '../../fleet/main.ts';
import { clusterFlags, findCluster, readFlags } from '../flags.ts';

export async function run(args: readonly string[]): Promise<number> {
  const table = { ...fleetFlags, ...clusterFlags };
  const { config, set } = readFlags(usage, table, args);
  const { kubeconfig } = findCluster(config, set);
  const ended = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ended.abort());
  const registered = () =>
    void process.stdout.write(`${config.nodes} nodes are registered; they live until this command ends (Ctrl-C).\n`);
  await runFleet({ ...config, kubeconfig }, ended.signal, { registered });
  return 0;
}
