// The flags that every controller manager honours, with upstream's names and defaults.
// Mirrors: k8s.io/controller-manager/options. Used by: flags.ts and cloud/flags.ts; read by manager.ts.
import { leaderElectionFlags } from '../client/leaderElection.ts';
import type { Config, Flags } from '../component-base/flags.ts';
import { servingFlags } from '../component-base/servingFlags.ts';

/** `component` is the name of its Lease; `port` is upstream's. */
export const commonFlags = (component: string, port: number) =>
  ({
    kubeconfig: {
      type: 'string',
      default: '',
      help: 'Kubeconfig with the way to the API server; without it the ServiceAccount of the pod is used.',
    },
    'use-service-account-credentials': {
      type: 'bool',
      default: false,
      help: 'Each controller acts as its own ServiceAccount in kube-system.',
    },
    'feature-gates': { type: 'map', default: {}, help: 'Features to turn on or off: Name=true,Other=false.' },
    ...leaderElectionFlags(component),
    ...servingFlags(port),
  }) as const satisfies Flags;

export type CommonConfig = Config<ReturnType<typeof commonFlags>>;
