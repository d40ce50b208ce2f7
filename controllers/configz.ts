// What /configz shows: the flags under the names that upstream's configuration has for them.
// Pure. Mirrors: pkg/controller/apis/config/types.go (KubeControllerManagerConfiguration), whose fields are shown as Go names them.
// Used by: main.ts.
import { formatDuration } from '../component-base/flags.ts';
import type { ManagerConfig } from './flags.ts';

/** `Section.Field`: the flag behind it. */
const fields: Record<string, keyof ManagerConfig> = {
  'Generic.Address': 'bind-address',
  'Generic.Port': 'secure-port',
  'Generic.MinResyncPeriod': 'min-resync-period',
  'Generic.Controllers': 'controllers',
  'Generic.ClientConnection.Kubeconfig': 'kubeconfig',
  'Generic.LeaderElection.LeaderElect': 'leader-elect',
  'Generic.LeaderElection.LeaseDuration': 'leader-elect-lease-duration',
  'Generic.LeaderElection.RenewDeadline': 'leader-elect-renew-deadline',
  'Generic.LeaderElection.RetryPeriod': 'leader-elect-retry-period',
  'Generic.LeaderElection.ResourceLock': 'leader-elect-resource-lock',
  'Generic.LeaderElection.ResourceName': 'leader-elect-resource-name',
  'Generic.LeaderElection.ResourceNamespace': 'leader-elect-resource-namespace',
  'KubeCloudShared.UseServiceAccountCredentials': 'use-service-account-credentials',
  'KubeCloudShared.NodeMonitorPeriod': 'node-monitor-period',
  'KubeCloudShared.ClusterName': 'cluster-name',
  'KubeCloudShared.ClusterCIDR': 'cluster-cidr',
  'KubeCloudShared.AllocateNodeCIDRs': 'allocate-node-cidrs',
  'CronJobController.ConcurrentCronJobSyncs': 'concurrent-cron-job-syncs',
  'DaemonSetController.ConcurrentDaemonSetSyncs': 'concurrent-daemonset-syncs',
  'DeploymentController.ConcurrentDeploymentSyncs': 'concurrent-deployment-syncs',
  'EndpointController.ConcurrentEndpointSyncs': 'concurrent-endpoint-syncs',
  'EndpointSliceController.ConcurrentServiceEndpointSyncs': 'concurrent-service-endpoint-syncs',
  'EndpointSliceController.MaxEndpointsPerSlice': 'max-endpoints-per-slice',
  'GarbageCollectorController.EnableGarbageCollector': 'enable-garbage-collector',
  'GarbageCollectorController.ConcurrentGCSyncs': 'concurrent-gc-syncs',
  'JobController.ConcurrentJobSyncs': 'concurrent-job-syncs',
  'LegacySATokenCleaner.CleanUpPeriod': 'legacy-service-account-token-clean-up-period',
  'NamespaceController.ConcurrentNamespaceSyncs': 'concurrent-namespace-syncs',
  'NodeIPAMController.ServiceCIDR': 'service-cluster-ip-range',
  'NodeIPAMController.NodeCIDRMaskSize': 'node-cidr-mask-size',
  'NodeIPAMController.NodeCIDRMaskSizeIPv4': 'node-cidr-mask-size-ipv4',
  'NodeIPAMController.NodeCIDRMaskSizeIPv6': 'node-cidr-mask-size-ipv6',
  'NodeLifecycleController.NodeEvictionRate': 'node-eviction-rate',
  'NodeLifecycleController.SecondaryNodeEvictionRate': 'secondary-node-eviction-rate',
  'NodeLifecycleController.NodeStartupGracePeriod': 'node-startup-grace-period',
  'NodeLifecycleController.NodeMonitorGracePeriod': 'node-monitor-grace-period',
  'NodeLifecycleController.LargeClusterSizeThreshold': 'large-cluster-size-threshold',
  'NodeLifecycleController.UnhealthyZoneThreshold': 'unhealthy-zone-threshold',
  'PodGCController.TerminatedPodGCThreshold': 'terminated-pod-gc-threshold',
  'ReplicaSetController.ConcurrentRSSyncs': 'concurrent-replicaset-syncs',
  'ReplicationController.ConcurrentRCSyncs': 'concurrent-rc-syncs',
  'ResourceQuotaController.ResourceQuotaSyncPeriod': 'resource-quota-sync-period',
  'ResourceQuotaController.ConcurrentResourceQuotaSyncs': 'concurrent-resource-quota-syncs',
  'SAController.ServiceAccountKeyFile': 'service-account-private-key-file',
  'SAController.ConcurrentSATokenSyncs': 'concurrent-serviceaccount-token-syncs',
  'SAController.RootCAFile': 'root-ca-file',
  'StatefulSetController.ConcurrentStatefulSetSyncs': 'concurrent-statefulset-syncs',
  'TTLAfterFinishedController.ConcurrentTTLSyncs': 'concurrent-ttl-after-finished-syncs',
};

const durations = /Period$|Duration$|Deadline$/;
const rates = /Rate$|Threshold$/;

export function configz(config: ManagerConfig): object {
  const shown: any = {};
  for (const [path, flag] of Object.entries(fields)) {
    const steps = path.split('.');
    const field = steps.pop()!;
    let at = shown;
    for (const step of steps) at = at[step] ??= {};
    const value = config[flag];
    at[field] = durations.test(field) ? formatDuration(value as number) : rates.test(field) ? Number(value) : value;
  }
  return { 'kubecontrollermanager.config.k8s.io': shown };
}
