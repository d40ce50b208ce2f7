// The commands of `mini-k8s`, one file each, loaded when it is asked for.
// Read by main.ts.

export interface Command {
  name: string;
  help: string;
  /** Takes the arguments behind the command's name; resolves with the exit code. Throws UsageError. */
  load(): Promise<{ run(args: readonly string[]): Promise<number> }>;
}

export const commands: readonly Command[] = [
  { name: 'up', help: 'start a cluster, in the foreground or with --detach', load: () => import('./commands/up.ts') },
  { name: 'down', help: 'stop it', load: () => import('./commands/down.ts') },
  {
    name: 'status',
    help: 'what runs, where it listens, and whether it is ready',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'trace',
    help: 'what followed from an object, hop by hop: mini-k8s trace deployment/web',
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'why',
    help: 'why a pod is on its node, or on none: mini-k8s why POD',
    load: () => import('./commands/why.ts'),
  },
  {
    name: 'fleet',
    help: 'simulated nodes by the hundred: mini-k8s fleet --nodes 1000',
    load: () => import('./commands/fleet.ts'),
  },
  {
    name: 'kubectl',
    help: "kubectl with this cluster's kubeconfig: mini-k8s kubectl -- get pods",
    load: () => import('./commands/kubectl.ts'),
  },
];
