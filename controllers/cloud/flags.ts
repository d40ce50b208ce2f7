// The flags of whoever runs a cloud's controllers: the controller manager itself, or a cloud-controller-manager beside it.
// Mirrors: k8s.io/cloud-provider/options. Read by: cloudControllers.ts, ../flags.ts and main.ts.
import { type Config, type Flags, UsageError } from '../../component-base/flags.ts';
import { parseRange } from './addresses.ts';
import { localProvider, localProviderName } from './localProvider.ts';
import type { CloudProvider } from './provider.ts';

export const cloudFlags = {
  'cloud-provider': {
    type: 'string',
    default: '',
    values: ['', 'external', localProviderName],
    help: `Whose load balancers and machines there are: ${localProviderName} is built in; external: another process asks its own.`,
  },
  'cloud-config': { type: 'string', default: '', help: 'Taken for compatibility: flags say all.' },
  'load-balancer-range': {
    type: 'list',
    default: ['198.18.0.0/24'],
    help: 'Addresses for Services of type LoadBalancer, as ranges: 198.18.0.0/24, 198.18.0.10-198.18.0.50.',
  },
  'cloud-zones': {
    type: 'list',
    default: [] as string[],
    help: 'Zones that nodes are spread over, in turn: zone-a,zone-b.',
  },
  'concurrent-service-syncs': {
    type: 'int',
    default: 1,
    help: "How many Services' load balancers are seen to at the same time.",
  },
  'concurrent-node-syncs': {
    type: 'int',
    default: 1,
    help: 'How many Nodes are told of their machines at the same time.',
  },
  'node-status-update-frequency': {
    type: 'duration',
    default: 300_000,
    help: 'How often the cloud is asked for addresses of Nodes.',
  },
  'route-reconciliation-period': {
    type: 'duration',
    default: 10_000,
    help: 'How often the cloud’s routes are looked at.',
  },
  'configure-cloud-routes': {
    type: 'bool',
    default: true,
    help: 'Make routes to the pod ranges of Nodes, where the cloud has routes.',
  },
} as const satisfies Flags;

export type CloudConfig = Config<typeof cloudFlags>;

/** Undefined when there is no cloud, or another process sees to it. Throws UsageError. */
export function providerOf(c: CloudConfig): CloudProvider | undefined {
  if (c['cloud-provider'] === '' || c['cloud-provider'] === 'external') return undefined;
  const ranges = c['load-balancer-range'].map(parseRange);
  if (!ranges.length) throw new UsageError('--load-balancer-range is empty; give one such as 198.18.0.0/24.');
  return localProvider({ ranges, zones: c['cloud-zones'] });
}
