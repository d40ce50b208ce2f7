// The flags of kube-scheduler that this one honours, with upstream's names and defaults.
// Mirrors: cmd/kube-scheduler/app/options. Read by: main.ts.
import { leaderElectionFlags } from '../client/leaderElection.ts';
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
  'kube-api-qps': {
    type: 'string',
    default: '50',
    help: 'Taken for compatibility: the API server holds back by priority, the client does not.',
  },
  'kube-api-burst': { type: 'int', default: 100, help: 'Taken for compatibility, as --kube-api-qps.' },
  'kube-api-content-type': {
    type: 'string',
    default: 'application/json',
    help: 'Taken for compatibility: JSON is spoken.',
  },
  profiling: { type: 'bool', default: true, help: 'Taken for compatibility.' },
  'contention-profiling': { type: 'bool', default: true, help: 'Taken for compatibility.' },
  'authentication-kubeconfig': {
    type: 'string',
    default: '',
    help: 'Taken for compatibility: health and metrics are open to whoever can reach the port.',
  },
  'authorization-kubeconfig': {
    type: 'string',
    default: '',
    help: 'Taken for compatibility, as --authentication-kubeconfig.',
  },
  'pod-max-in-unschedulable-pods-duration': {
    type: 'duration',
    default: 300_000,
    help: 'How long a pod waits for an event that could help before it is tried again without one.',
  },
  'feature-gates': { type: 'map', default: {}, help: 'Features to turn on or off: Name=true,Other=false.' },
  ...servingFlags(10259),
} as const satisfies Flags;

export type SchedulerFlags = Config<typeof flags>;
