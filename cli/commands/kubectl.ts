// `mini-k8s kubectl -- …`: the kubectl of this machine with the kubeconfig of a data directory, whatever $KUBECONFIG says.
// Reads <data-dir>/kubeconfig. Next: kubectl itself, in this process's place.
import { accessSync, constants } from 'node:fs';
import { UsageError } from '../../component-base/flags.ts';
import { dataDirFlag, findCluster, readFlags } from '../flags.ts';

export async function run(args: readonly string[]): Promise<number> {
  const [own, forKubectl] = split(args);
  const { config } = readFlags(
    "Runs kubectl with this cluster's kubeconfig: mini-k8s kubectl -- get pods",
    { 'data-dir': dataDirFlag },
    own,
  );
  const { kubeconfig } = findCluster({ kubeconfig: '', ...config }, new Set(['data-dir']));
  const program = find('kubectl');
  const env = { ...process.env, KUBECONFIG: kubeconfig } as Record<string, string>;
  process.execve!(program, ['kubectl', ...forKubectl], env);
  throw new Error('execve returned');
}

/** Ours are in front of `--`; without it, only a leading --data-dir is. */
function split(args: readonly string[]): [string[], string[]] {
  const dashes = args.indexOf('--');
  if (dashes >= 0) return [args.slice(0, dashes), args.slice(dashes + 1)];
  const own = args[0]?.startsWith('--data-dir=') ? 1 : args[0] === '--data-dir' ? 2 : 0;
  return [args.slice(0, own), args.slice(own)];
}

function find(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(':').filter(Boolean)) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return `${folder}/${name}`;
    } catch {
      // Not in this one.
    }
  }
  throw new UsageError('kubectl is not on this machine; get it from https://kubernetes.io/docs/tasks/tools/');
}
