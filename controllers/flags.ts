// The flags of kube-controller-manager that this one honours, with upstream's names and defaults.
// Mirrors: cmd/kube-controller-manager/app/options. Read by: main.ts and controllers.ts.
import type { Config, Flags } from '../component-base/flags.ts';
import { accepted } from './acceptedFlags.ts';
import { attachDetachFlags } from './attachDetach/flags.ts';
import { signingFlags } from './certificates/flags.ts';
import { cloudFlags } from './cloud/flags.ts';
import { commonFlags } from './commonFlags.ts';
import { controllersHelp } from './names.ts';
import { storageFlags } from './persistentVolume/flags.ts';
import { autoscalerFlags } from './podAutoscaler/flags.ts';

const syncs = (what: string, count: number) =>
  ({ type: 'int', default: count, help: `How many ${what} are reconciled at the same time.` }) as const;

export const flags = {
  ...accepted,
  ...cloudFlags,
  ...commonFlags('kube-controller-manager', 10257),
  controllers: {
    type: 'list',
    default: ['*'],
    help: controllersHelp(),
  },
  'root-ca-file': {
    type: 'string',
    default: '',
    help: 'PEM bundle published in each namespace as kube-root-ca.crt; default: the CA of the kubeconfig.',
  },
  'allocate-node-cidrs': {
    type: 'bool',
    default: false,
    help: 'Give each Node a range of pod IPs out of --cluster-cidr.',
  },
  'cluster-cidr': {
    type: 'string',
    default: '',
    help: 'The range of all pod IPs; two, separated by a comma, for dual stack.',
  },
  'service-cluster-ip-range': {
    type: 'string',
    default: '',
    help: 'The range of Service IPs; it is kept out of the pod ranges.',
  },
  'node-cidr-mask-size': {
    type: 'int',
    default: 0,
    help: 'Prefix length of the range of a Node (default 24 for IPv4, 64 for IPv6).',
  },
  'node-cidr-mask-size-ipv4': {
    type: 'int',
    default: 0,
    help: 'The same for IPv4 in a dual-stack cluster (default 24).',
  },
  'node-cidr-mask-size-ipv6': {
    type: 'int',
    default: 0,
    help: 'The same for IPv6 in a dual-stack cluster (default 64).',
  },
  'node-monitor-period': { type: 'duration', default: 5_000, help: 'Time between looks at all Nodes.' },
  'node-monitor-grace-period': {
    type: 'duration',
    default: 50_000,
    help: 'How long a Node may be silent before it counts as unknown.',
  },
  'node-startup-grace-period': {
    type: 'duration',
    default: 60_000,
    help: 'The same for a Node that has not been heard of yet.',
  },
  'node-eviction-rate': {
    type: 'string',
    default: '0.1',
    help: 'Nodes a second that are tainted for eviction while a zone is healthy.',
  },
  'secondary-node-eviction-rate': {
    type: 'string',
    default: '0.01',
    help: 'The same while a zone is unhealthy and not small.',
  },
  'large-cluster-size-threshold': {
    type: 'int',
    default: 50,
    help: 'Up to this many Nodes an unhealthy zone evicts nothing.',
  },
  'unhealthy-zone-threshold': {
    type: 'string',
    default: '0.55',
    help: 'The part of Nodes not Ready from which on a zone is unhealthy.',
  },
  'concurrent-deployment-syncs': syncs('Deployments', 5),
  'concurrent-replicaset-syncs': syncs('ReplicaSets', 5),
  'concurrent-daemonset-syncs': syncs('DaemonSets', 2),
  'concurrent-statefulset-syncs': syncs('StatefulSets', 5),
  'concurrent-rc-syncs': syncs('ReplicationControllers', 5),
  'concurrent-job-syncs': syncs('Jobs', 5),
  'concurrent-resource-quota-syncs': syncs('ResourceQuotas', 5),
  'resource-quota-sync-period': {
    type: 'duration',
    default: 300_000,
    help: 'How often the usage of all ResourceQuotas is counted anew.',
  },
  'concurrent-ttl-after-finished-syncs': syncs('ended Jobs', 5),
  'terminated-pod-gc-threshold': {
    type: 'int',
    default: 12_500,
    help: 'How many pods that have ended may stay before the oldest are deleted; 0: all.',
  },
  'concurrent-cron-job-syncs': syncs('CronJobs', 5),
  'concurrent-resource-claim-syncs': syncs('ResourceClaims', 50),
  'concurrent-validating-admission-policy-status-syncs': syncs('policies', 5),
  'endpoint-updates-batch-period': {
    type: 'duration',
    default: 0,
    help: 'How long changes of pods are gathered before Endpoints are written.',
  },
  'endpointslice-updates-batch-period': {
    type: 'duration',
    default: 0,
    help: 'How long changes of pods are gathered before EndpointSlices are written.',
  },
  'mirroring-concurrent-service-endpoint-syncs': syncs('Endpoints to mirror', 5),
  'mirroring-endpointslice-updates-batch-period': {
    type: 'duration',
    default: 0,
    help: 'How long changes of Endpoints are gathered before they are mirrored.',
  },
  'mirroring-max-endpoints-per-subset': {
    type: 'int',
    default: 1000,
    help: 'How many endpoints of a subset are mirrored at most.',
  },
  'concurrent-endpoint-syncs': syncs("Services' Endpoints", 5),
  'concurrent-service-endpoint-syncs': syncs("Services' EndpointSlices", 5),
  'concurrent-namespace-syncs': syncs('Namespaces', 10),
  'concurrent-gc-syncs': syncs('objects to collect', 20),
  'concurrent-serviceaccount-token-syncs': syncs('ServiceAccount tokens', 5),
  'max-endpoints-per-slice': { type: 'int', default: 100, help: 'How many endpoints an EndpointSlice holds at most.' },
  'enable-garbage-collector': {
    type: 'bool',
    default: true,
    help: 'Run the garbage collector; must be as on the API server.',
  },
  'cluster-name': {
    type: 'string',
    default: 'kubernetes',
    help: 'Taken for compatibility: no cloud provider asks for it.',
  },
  'legacy-service-account-token-clean-up-period': {
    type: 'duration',
    default: 31_536_000_000,
    help: 'After how long without use a ServiceAccount token that is kept in a Secret is marked, and later deleted.',
  },
  'service-account-private-key-file': {
    type: 'string',
    default: '',
    help: 'PEM of the private key that signs tokens kept in Secrets; without it that controller does not run.',
  },
  ...signingFlags,
  ...autoscalerFlags,
  ...storageFlags,
  ...attachDetachFlags,
} as const satisfies Flags;

export type ManagerConfig = Config<typeof flags>;
