// The feature gates of v1.35: what each is by default, how ripe it is, and what `--feature-gates` makes of it.
// Reads: the flag's map (`Name=true`, or `kube:Name=true`). Mirrors: pkg/features/kube_features.go, the gates of apiserver, client-go and
// component-base, and staging/src/k8s.io/component-base/featuregate. One table for every daemon, since upstream's daemons share theirs.
// Next: ../apiserver/kinds/gatedFields.ts drops the fields of gates that are off; metrics.ts shows all of them.
import { UsageError } from './flags.ts';

/** As the metric `kubernetes_feature_enabled` names it: generally available is the empty text. */
export type Stage = 'ALPHA' | 'BETA' | 'DEPRECATED' | '';

export interface Gate {
  readonly name: string;
  readonly stage: Stage;
  readonly default: boolean;
  /** May be named, but not changed. */
  readonly locked: boolean;
}

export interface FeatureGates {
  /** Throws a plain Error for a name that is no gate: a slip of ours. */
  enabled(name: string): boolean;
  /** All gates, by name. */
  list(): (Gate & { enabled: boolean })[];
}

const alphaOff = `
  APIServingWithRoutine AllAlpha AllowUnsafeMalformedObjectDeletion CBORServingAndStorage CPUManagerPolicyAlphaOptions CSIVolumeHealth
  ClientsAllowCBOR ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation CloudControllerManagerWebhook ComponentFlagz
  ComponentStatusz ConstrainedImpersonation ContainerStopSignals CrossNamespaceVolumeDataSource CustomCPUCFSQuotaPeriod
  DRAConsumableCapacity DRADeviceBindingConditions DRADeviceTaintRules DRADeviceTaints DRAExtendedResource DRAPartitionableDevices
  EventedPLEG GangScheduling GenericWorkload HPAScaleToZero ImageVolumeWithDigest InPlacePodLevelResourcesVerticalScaling
  InPlacePodVerticalScalingExclusiveCPUs InPlacePodVerticalScalingExclusiveMemory InTreePluginPortworxUnregister KubeletInUserNamespace
  LoggingAlphaOptions MemoryQoS MutablePVNodeAffinity MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs
  NodeDeclaredFeatures PodAndContainerStatsFromCRI PodLogsQuerySplitStreams QOSReserved ReduceDefaultCrashLoopBackOffDecay
  RelaxedServiceNameValidation ResourceHealthStatus RestartAllContainersOnContainerExits RuntimeClassInImageCriApi
  StorageCapacityScoring StorageVersionAPI StrictIPCIDRValidation TaintTolerationComparisonOperators TopologyManagerPolicyAlphaOptions
  UnknownVersionInteroperabilityProxy UserNamespacesHostNetworkSupport VolumeLimitScaling WindowsCPUAndMemoryAffinity`;
const betaOff = `
  AllBeta CRDObservedGenerationTracking ClusterTrustBundle ClusterTrustBundleProjection ConcurrentWatchObjectDecode
  CoordinatedLeaderElection DeclarativeValidationTakeover LocalStorageCapacityIsolationFSQuotaMonitoring MutatingAdmissionPolicy
  NodeLogQuery PodCertificateRequest SELinuxMount StorageVersionMigrator WatchCacheInitializationPostStartHook`;
const betaOn = `
  APIResponseCompression APIServerIdentity AllowParsingUserUIDFromCertAuth AuthorizePodWebsocketUpgradeCreatePermission
  CPUManagerPolicyBetaOptions CSIServiceAccountTokenSecrets ClearingNominatedNodeNameAfterBinding ContainerCheckpoint
  ContainerRestartRules ContextualLogging DRAAdminAccess DRAPrioritizedList DRAResourceClaimDeviceStatus DRASchedulerFilterTimeout
  DeclarativeValidation DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency DisableCPUQuotaWithExclusiveCPUs EnvFiles
  ExternalServiceAccountTokenSigner GracefulNodeShutdown GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance
  HostnameOverride ImageVolume InOrderInformers InOrderInformersBatchProcess KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages
  KubeletFineGrainedAuthz KubeletPSI KubeletPodResourcesDynamicResources KubeletPodResourcesGet KubeletSeparateDiskGC
  KubeletServiceAccountTokenForCredentialProviders ListFromCacheSnapshot LoggingBetaOptions MatchLabelKeysInPodTopologySpread
  MatchLabelKeysInPodTopologySpreadSelectorMerge MaxUnavailableStatefulSet MutableCSINodeAllocatableCount
  NominatedNodeNameForExpectation OpenAPIEnums OpportunisticBatching PodDeletionCost PodLevelResources
  PodReadyToStartContainersCondition PodTopologyLabelsAdmission PortForwardWebsockets PreventStaticPodAPIReferences ProcMountType
  ReloadKubeletServerCertificateFile RemoteRequestHeaderUID RotateKubeletServerCertificate SELinuxChangePolicy
  SELinuxMountReadWriteOncePod SchedulerAsyncAPICalls SchedulerAsyncPreemption SchedulerPopFromBackoffQ
  ServiceAccountNodeAudienceRestriction SizeBasedListCostEstimate StatefulSetSemanticRevisionComparison StorageVersionHash
  StructuredAuthenticationConfigurationEgressSelector StructuredAuthenticationConfigurationJWKSMetrics
  TokenRequestServiceAccountUIDValidation TopologyManagerPolicyBetaOptions TranslateStreamCloseWebsocketRequests
  UnauthenticatedHTTP2DOSMitigation UserNamespacesSupport WatchList WatchListClient WindowsGracefulNodeShutdown`;
const stable = `TopologyManagerPolicyOptions VolumeAttributesClass`;
const stableLocked = `
  APIServerTracing AnonymousAuthConfigurableEndpoints AnyVolumeDataSource AuthorizeNodeWithSelectors AuthorizeWithSelectors
  BtreeWatchCache CPUManagerPolicyOptions CRDValidationRatcheting CSIMigrationPortworx ComponentSLIs ConsistentListFromCache
  CustomResourceFieldSelectors DisableAllocatorDualWrite DynamicResourceAllocation ExecProbeTimeout HonorPVReclaimPolicy
  ImageMaximumGCAge InPlacePodVerticalScaling InformerResourceVersion JobBackoffLimitPerIndex JobManagedBy JobPodReplacementPolicy
  JobSuccessPolicy KubeletCgroupDriverFromCRI KubeletTracing LogarithmicScaleDown MatchLabelKeysInPodAffinity MemoryManager
  MultiCIDRServiceAllocator NFTablesProxyMode NodeInclusionPolicyInPodTopologySpread NodeSwap OrderedNamespaceDeletion
  PodLifecycleSleepAction PodLifecycleSleepActionAllowZero PodObservedGenerationTracking PodSchedulingReadiness
  PreferSameTrafficDistribution RecoverVolumeExpansionFailure RecursiveReadOnlyMounts RelaxedDNSSearchValidation
  RelaxedEnvironmentVariableValidation ResilientWatchCacheInitialization RetryGenerateName SchedulerQueueingHints
  SeparateTaintEvictionController ServiceAccountTokenJTI ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation
  ServiceAccountTokenPodNodeInfo ServiceTrafficDistribution SidecarContainers StreamingCollectionEncodingToJSON
  StreamingCollectionEncodingToProtobuf StructuredAuthenticationConfiguration StructuredAuthorizationConfiguration
  SupplementalGroupsPolicy SystemdWatchdog TopologyAwareHints WinDSR WinOverlay`;
const deprecatedOff = `
  AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests AllowOverwriteTerminationGracePeriodSeconds
  ChangeContainerStatusOnKubeletRestart GitRepoVolumeDriver InPlacePodVerticalScalingAllocatedStatus KMSv1
  KubeletRegistrationGetOnExistsOnly SeparateCacheWatchRPC WindowsHostNetwork`;
const deprecatedOn = `DisableNodeKubeProxyVersion KubeletPodResourcesListUseActivePods StorageNamespaceIndex`;

const rows: readonly [names: string, stage: Stage, on: boolean, locked?: true][] = [
  [alphaOff, 'ALPHA', false],
  [betaOff, 'BETA', false],
  [betaOn, 'BETA', true],
  [stable, '', true],
  [stableLocked, '', true, true],
  [deprecatedOff, 'DEPRECATED', false],
  [deprecatedOn, 'DEPRECATED', true],
  ['AggregatedDiscoveryRemoveBetaType', 'DEPRECATED', true, true],
  ['WatchFromStorageWithoutResourceVersion', 'DEPRECATED', false, true],
];

/** A gate that is on needs these on. */
const needs: Readonly<Record<string, readonly string[]>> = {
  ClusterTrustBundleProjection: ['ClusterTrustBundle'],
  DRADeviceBindingConditions: ['DRAResourceClaimDeviceStatus'],
  DRADeviceTaintRules: ['DRADeviceTaints'],
  DeclarativeValidationTakeover: ['DeclarativeValidation'],
  GangScheduling: ['GenericWorkload'],
  GracefulNodeShutdownBasedOnPodPriority: ['GracefulNodeShutdown'],
  ImageVolumeWithDigest: ['ImageVolume'],
  InPlacePodLevelResourcesVerticalScaling: ['PodLevelResources', 'NodeDeclaredFeatures'],
  MatchLabelKeysInPodTopologySpreadSelectorMerge: ['MatchLabelKeysInPodTopologySpread'],
  ProcMountType: ['UserNamespacesSupport'],
  RestartAllContainersOnContainerExits: ['ContainerRestartRules', 'NodeDeclaredFeatures'],
  StorageVersionAPI: ['APIServerIdentity'],
  UnknownVersionInteroperabilityProxy: ['APIServerIdentity'],
  UserNamespacesHostNetworkSupport: ['UserNamespacesSupport'],
  WindowsGracefulNodeShutdown: ['GracefulNodeShutdown'],
};

const gates: ReadonlyMap<string, Gate> = new Map(
  rows
    .flatMap(([names, stage, on, locked = false]) =>
      names
        .trim()
        .split(/\s+/)
        .map((name): Gate => ({ name, stage, default: on, locked })),
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((gate) => [gate.name, gate]),
);

/** AllAlpha and AllBeta stand for every gate of their stage that is not named itself. */
const groups: readonly [name: string, stage: Stage][] = [
  ['AllAlpha', 'ALPHA'],
  ['AllBeta', 'BETA'],
];

/** `flag` is `--feature-gates` as parsed. Throws UsageError for an unknown gate, a locked one, a value that is no bool. */
export function createFeatureGates(flag: Readonly<Record<string, string>> = {}): FeatureGates {
  const asked = new Map(Object.entries(flag).map(([key, text]) => readPair(key, text)));
  const on = new Map([...gates.values()].map((gate) => [gate.name, gate.default]));
  for (const [group, stage] of groups)
    if (asked.has(group))
      for (const gate of gates.values()) if (gate.stage === stage && !gate.locked) on.set(gate.name, asked.get(group)!);
  for (const [name, value] of asked) on.set(name, value);
  checkNeeds(on);
  return {
    enabled(name) {
      const value = on.get(name);
      if (value === undefined) throw new Error(`feature "${name}" is not registered in FeatureGates`);
      return value;
    },
    list: () => [...gates.values()].map((gate) => ({ ...gate, enabled: on.get(gate.name)! })),
  };
}

/** What v1.35 is without a flag. */
export const defaultFeatureGates: FeatureGates = createFeatureGates();

function readPair(key: string, text: string): [name: string, on: boolean] {
  const refuse = (why: string) =>
    new UsageError(`invalid argument "${key}=${text}" for "--feature-gates" flag: ${why}`);
  const colon = key.indexOf(':');
  const component = colon < 0 ? 'kube' : key.slice(0, colon).trim();
  if (component !== 'kube') throw refuse(`component not registered: ${component}`);
  const name = key.slice(colon + 1).trim();
  const value = text.trim();
  if (!/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value))
    throw refuse(`invalid value of ${name}=${value}, err: strconv.ParseBool: parsing "${value}": invalid syntax`);
  const on = /^(1|t)/i.test(value);
  const gate = gates.get(name);
  if (!gate) throw refuse(`unrecognized feature gate: ${name}`);
  if (gate.locked && on !== gate.default)
    throw refuse(`cannot set feature gate ${name} to ${on}, feature is locked to ${gate.default}`);
  return [name, on];
}

function checkNeeds(on: ReadonlyMap<string, boolean>): void {
  for (const [name, needed] of Object.entries(needs)) {
    const off = needed.filter((other) => !on.get(other));
    if (on.get(name) && off.length)
      throw new UsageError(
        `invalid feature gates: ${name} is enabled, but depends on features that are disabled: [${off.join(' ')}]`,
      );
  }
}

/** The lines of `--help`: each gate that is not fixed yet. */
export const featureGateHelp = (): string[] =>
  [...gates.values()]
    .filter((gate) => gate.stage === 'ALPHA' || gate.stage === 'BETA')
    .map((gate) => `kube:${gate.name}=true|false (${gate.stage} - default=${gate.default})`);
