// The controllers of a cloud, in the order they start; none when there is no cloud or it lacks that part.
// Read by: ../controllers.ts and main.ts. Mirrors: k8s.io/cloud-provider/app (DefaultInitFuncConstructors).
import type { Controller } from '../../client/controller.ts';
import { type CloudConfig, providerOf } from './flags.ts';
import { cloudNodeController } from './node.ts';
import { cloudNodeLifecycleController } from './nodeLifecycle.ts';
import { routeController } from './route.ts';
import { serviceController } from './service.ts';

export interface CloudOptions extends CloudConfig {
  'node-monitor-period': number;
  'allocate-node-cidrs': boolean;
  'cluster-cidr': string;
}

export const cloudNames = [
  'cloud-node-controller',
  'cloud-node-lifecycle-controller',
  'node-route-controller',
  'service-lb-controller',
];

export function cloudControllers(c: CloudOptions): Controller[] {
  const provider = providerOf(c);
  if (!provider) return [];
  const clusterCidrs = c['cluster-cidr'].split(',').filter(Boolean);
  const routes = c['allocate-node-cidrs'] && c['configure-cloud-routes'];
  return [
    cloudNodeController(provider, c['node-status-update-frequency'], c['concurrent-node-syncs']),
    cloudNodeLifecycleController(provider, c['node-monitor-period']),
    serviceController(provider, c['concurrent-service-syncs']),
    routes ? routeController(provider, { clusterCidrs, period: c['route-reconciliation-period'] }) : undefined,
  ].filter((controller) => controller !== undefined);
}
