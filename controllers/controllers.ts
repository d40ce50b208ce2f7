// All controllers, in the order they start: what a new namespace needs first, then the Deployment's chain, then nodes and the rest.
// Read by: main.ts. A new controller is a file or folder beside this one and a row here.
import { readFileSync } from 'node:fs';
import type { Controller } from '../client/controller.ts';
import { createFeatureGates } from '../component-base/featureGates.ts';
import { UsageError } from '../component-base/flags.ts';
import { attachDetachController } from './attachDetach/attachDetach.ts';
import { attachDetachOptions } from './attachDetach/flags.ts';
import { bootstrapSigner } from './bootstrapTokens/bootstrapSigner.ts';
import { tokenCleaner } from './bootstrapTokens/tokenCleaner.ts';
import { csrApproving } from './certificates/approving.ts';
import { csrCleaning } from './certificates/cleaning.ts';
import { signingOptions } from './certificates/flags.ts';
import { csrSigning } from './certificates/signing.ts';
import { cloudControllers } from './cloud/cloudControllers.ts';
import { clusterRoleAggregationController } from './clusterRoleAggregation.ts';
import { cronJobController } from './cronJob/cronJob.ts';
import { daemonSetController } from './daemonSet/daemonSet.ts';
import { deploymentController } from './deployment/deployment.ts';
import { disruptionController } from './disruption/disruption.ts';
import { endpointSliceController } from './endpointSlice/endpointSlice.ts';
import { endpointSliceMirroringController } from './endpointSliceMirroring/endpointSliceMirroring.ts';
import { endpointsController } from './endpoints/endpoints.ts';
import { ephemeralVolumeController } from './ephemeralVolume.ts';
import type { ManagerConfig } from './flags.ts';
import { garbageCollector } from './garbageCollector/garbageCollector.ts';
import { isEnabled } from './isEnabled.ts';
import { jobController } from './job/job.ts';
import { legacyTokenCleaner } from './legacyTokenCleaner.ts';
import { checkNames } from './names.ts';
import { namespaceController } from './namespace/namespace.ts';
import { type IpamOptions, nodeIpamController } from './nodeIpam/nodeIpam.ts';
import { type LifecycleOptions, nodeLifecycleController } from './nodeLifecycle/nodeLifecycle.ts';
import { persistentVolumeBinder } from './persistentVolume/persistentVolume.ts';
import { autoscalerOptions } from './podAutoscaler/flags.ts';
import { podAutoscaler } from './podAutoscaler/podAutoscaler.ts';
import { podGarbageCollector } from './podGarbage/podGarbage.ts';
import { replicaSetController, replicationControllerController } from './replicaSet/replicaSet.ts';
import { resourceClaimController } from './resourceClaim/resourceClaim.ts';
import { resourceQuotaController } from './resourceQuota/resourceQuota.ts';
import { rootCaPublisher } from './rootCaPublisher.ts';
import { serviceAccountController } from './serviceAccount.ts';
import { serviceAccountTokens } from './serviceAccountTokens/serviceAccountTokens.ts';
import { serviceCidrController } from './serviceCidr/serviceCidr.ts';
import { statefulSetController } from './statefulSet/statefulSet.ts';
import { claimProtection, classProtection, volumeProtection } from './storageProtection.ts';
import { taintEvictionController } from './taintEviction/taintEviction.ts';
import { ttlController } from './ttl.ts';
import { ttlAfterFinishedController } from './ttlAfterFinished.ts';
import { validatingAdmissionPolicyStatusController } from './validatingAdmissionPolicyStatus/validatingAdmissionPolicyStatus.ts';
import { volumeExpansionController } from './volumeExpansion.ts';

/** `rootCa` is the PEM that verifies the API server, or empty. */
type Row = (config: ManagerConfig, rootCa: string) => Controller | undefined;

export const rows: Row[] = [
  // First, as upstream starts it: others may need a token to act.
  (c, rootCa) => tokensController(c, rootCa),
  () => serviceAccountController,
  (_, rootCa) => rootCaPublisher(rootCa),
  (c) => ({ ...namespaceController, workers: c['concurrent-namespace-syncs'] }),
  (c) => replicaSetController(c['concurrent-replicaset-syncs']),
  (c) => replicationControllerController(c['concurrent-rc-syncs']),
  (c) => daemonSetController(c['concurrent-daemonset-syncs']),
  (c) =>
    statefulSetController({
      workers: c['concurrent-statefulset-syncs'],
      maxUnavailable: createFeatureGates(c['feature-gates']).enabled('MaxUnavailableStatefulSet'),
    }),
  (c) => deploymentController(c['concurrent-deployment-syncs']),
  (c) => jobController(c['concurrent-job-syncs']),
  (c) => cronJobController(c['concurrent-cron-job-syncs']),
  (c) => ttlAfterFinishedController(c['concurrent-ttl-after-finished-syncs']),
  (c) => podGarbageCollector(c['terminated-pod-gc-threshold']),
  () => ttlController(),
  (c) =>
    resourceQuotaController({ workers: c['concurrent-resource-quota-syncs'], period: c['resource-quota-sync-period'] }),
  () => clusterRoleAggregationController,
  () => csrApproving,
  (c) => signingController(c),
  () => csrCleaning,
  (c) =>
    podAutoscaler(autoscalerOptions(c, createFeatureGates(c['feature-gates']).enabled('HPAConfigurableTolerance'))),
  () => disruptionController(),
  (c) => endpointsController(c['concurrent-endpoint-syncs'], c['endpoint-updates-batch-period']),
  (c) =>
    endpointSliceController(
      c['concurrent-service-endpoint-syncs'],
      c['max-endpoints-per-slice'],
      c['endpointslice-updates-batch-period'],
    ),
  (c) =>
    endpointSliceMirroringController(
      c['mirroring-concurrent-service-endpoint-syncs'],
      c['mirroring-max-endpoints-per-subset'],
      c['mirroring-endpointslice-updates-batch-period'],
    ),
  (c) => (c['allocate-node-cidrs'] ? nodeIpamController(ipamOptions(c)) : undefined),
  (c) => nodeLifecycleController(lifecycleOptions(c)),
  () => taintEvictionController(),
  (c) =>
    persistentVolumeBinder({
      syncPeriod: c['pvclaimbinder-sync-period'],
      dynamic: c['enable-dynamic-provisioning'],
      hostPath: c['enable-hostpath-provisioner'],
    }),
  (c) => attachDetachController(attachDetachOptions(c)),
  () => volumeExpansionController,
  (c) => ephemeralVolumeController(c['concurrent-ephemeralvolume-syncs']),
  (c) =>
    resourceClaimController({
      workers: c['concurrent-resource-claim-syncs'],
      adminAccess: createFeatureGates(c['feature-gates']).enabled('DRAAdminAccess'),
    }),
  () => claimProtection,
  () => volumeProtection,
  () => classProtection,
  (c) => validatingAdmissionPolicyStatusController(c['concurrent-validating-admission-policy-status-syncs']),
  () => serviceCidrController,
  (c) => legacyTokenCleaner(c['legacy-service-account-token-clean-up-period']),
  () => bootstrapSigner,
  () => tokenCleaner,
];

/** Those that --controllers asks for; `ca` is the one of the kubeconfig, for want of --root-ca-file. Throws UsageError on a name that is none. */
export function enabledControllers(config: ManagerConfig, ca = ''): Controller[] {
  checkNames(config.controllers);
  const file = config['root-ca-file'];
  const rootCa = file ? readPem('root-ca-file', file) : ca;
  const all = [...rows.map((row) => row(config, rootCa)).filter((c) => c !== undefined), ...cloudControllers(config)];
  const enabled = all.filter((c) => isEnabled(c.name, config.controllers));
  const collector = garbageCollector(watchedWhole(enabled), config['concurrent-gc-syncs']);
  const collects = config['enable-garbage-collector'] && isEnabled(collector.name, config.controllers);
  return collects ? [...enabled, collector] : enabled;
}

/** What is in memory anyway, so that the collector need not watch it again. */
const watchedWhole = (controllers: readonly Controller[]) => {
  const whole = controllers.flatMap((c) => c.watches).filter((w) => !w.options);
  return [...new Set(whole.map((w) => w.resource))];
};

function ipamOptions(c: ManagerConfig): IpamOptions {
  if (!c['cluster-cidr']) throw new UsageError('--allocate-node-cidrs needs --cluster-cidr, such as 10.244.0.0/16.');
  const list = (text: string) => text.split(',').filter(Boolean);
  for (const flag of ['cluster-cidr', 'service-cluster-ip-range'] as const) {
    const families = list(c[flag]).map((cidr) => cidr.includes(':'));
    if (new Set(families).size !== families.length)
      throw new UsageError(`--${flag} ${c[flag]}: give one range, or one of each family.`);
  }
  const size = c['node-cidr-mask-size'];
  const prefix = { 4: c['node-cidr-mask-size-ipv4'] || size || 24, 6: c['node-cidr-mask-size-ipv6'] || size || 64 };
  return { clusterCidrs: list(c['cluster-cidr']), serviceCidrs: list(c['service-cluster-ip-range']), prefix };
}

function signingController(c: ManagerConfig): Controller | undefined {
  const options = signingOptions(c);
  return options && csrSigning(options);
}

function tokensController(c: ManagerConfig, rootCa: string): Controller | undefined {
  const key = c['service-account-private-key-file'];
  if (!key) return undefined;
  return serviceAccountTokens({
    privateKey: readPem('service-account-private-key-file', key),
    rootCa,
    workers: c['concurrent-serviceaccount-token-syncs'],
  });
}

const lifecycleOptions = (c: ManagerConfig): LifecycleOptions => ({
  period: c['node-monitor-period'],
  grace: { monitor: c['node-monitor-grace-period'], startup: c['node-startup-grace-period'] },
  rates: {
    normal: Number(c['node-eviction-rate']),
    secondary: Number(c['secondary-node-eviction-rate']),
    largeCluster: c['large-cluster-size-threshold'],
    unhealthyThreshold: Number(c['unhealthy-zone-threshold']),
  },
});

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read --${flag} ${path} (${(error as NodeJS.ErrnoException).code}).`);
  }
}
