// The flags of kube-scheduler that this one honours, with upstream's names and defaults.
// Mirrors: cmd/kube-scheduler/app/options. Read by: main.ts.
import { leaderElectionFlags } from '../client/leaderElection.ts';
import { acceptedByDaemons } from '../component-base/acceptedFlags.ts';
import type { Config, Flags } from '../component-base/flags.ts';
import { servingFlags } from '../component-base/servingFlags.ts';

export const flags = {
  kubeconfig: {
    type: 'string',
    default: '',
    help: 'Kubeconfig with the way to the API server; without it the ServiceAccount of the pod is used.',
  },
  config: {
    type: 'string',
    default: '',
    help: 'A KubeSchedulerConfiguration file (kubescheduler.config.k8s.io/v1): profiles, plugins, back-off. Its clientConnection.kubeconfig and leaderElection win over the flags.',
  },
  ...leaderElectionFlags('kube-scheduler'),
  ...acceptedByDaemons,
  'kube-api-qps': { ...acceptedByDaemons['kube-api-qps'], default: '50' },
  'kube-api-burst': { ...acceptedByDaemons['kube-api-burst'], default: 100 },
  'contention-profiling': { ...acceptedByDaemons['contention-profiling'], default: true },
  'pod-max-in-unschedulable-pods-duration': {
    type: 'duration',
    default: 300_000,
    help: 'How long a pod waits for an event that could help before it is tried again without one.',
  },
  'feature-gates': { type: 'map', default: {}, help: 'Features to turn on or off: Name=true,Other=false.' },
  ...servingFlags(10259),
} as const satisfies Flags;

export type SchedulerFlags = Config<typeof flags>;
